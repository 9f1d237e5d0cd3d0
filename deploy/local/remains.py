"""Processes that an earlier launcher left behind: they are ending, and their folders must not be shared."""

import asyncio
import contextlib
import os
import signal
import time
from pathlib import Path

from deploy.local.children import start_time

PATIENCE_SECONDS = 6.0


async def end_remains(run: Path) -> None:
    """Return when no process written down in `run` is alive; those that do not end by themselves are killed."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    files = list(run.glob("*.pid"))  # noqa: ASYNC240  (a dozen entries)
    while alive := _alive(files):
        if time.monotonic() > deadline:
            for pid in alive:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
        await asyncio.sleep(0.1)
    for file in files:
        file.unlink()


def _alive(files: list[Path]) -> list[int]:
    found: list[int] = []
    for file in files:
        pid, _, started = file.read_text().partition(" ")
        # The id alone may be another process by now.
        if pid.isdecimal() and started and start_time(int(pid)) == started:
            found.append(int(pid))
    return found
