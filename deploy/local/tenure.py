"""Who runs a data folder now, and what it says about itself. Standard library only."""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import IO

LOCK = "launcher.lock"
STATE = "state.json"
# Who only asks shares the lock for a moment, which must not look like a launcher.
PATIENCE_SECONDS = 0.3
POLL_SECONDS = 0.01


class TakenError(Exception):
    """Another launcher holds the folder; `pid` is its process id."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"process {pid} holds the folder")
        self.pid = pid


@contextlib.contextmanager
def tenure(folder: Path) -> Generator[None]:
    """Hold the folder until the end of the block or of this process; raises TakenError."""
    with (folder / LOCK).open("a+") as lock:
        began = time.monotonic()
        while not _take(lock, fcntl.LOCK_EX):
            if time.monotonic() - began > PATIENCE_SECONDS:
                raise TakenError(_written(lock))
            time.sleep(POLL_SECONDS)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        try:
            yield
        finally:
            (folder / STATE).unlink(missing_ok=True)
            lock.truncate(0)


def holder(folder: Path) -> int | None:
    """Return the process id of the launcher that holds the folder, None if nobody does."""
    try:
        with (folder / LOCK).open("r+") as lock:
            # The number is written by whoever has the lock: while the lock is taken it is that process.
            return None if _take(lock, fcntl.LOCK_SH) else _written(lock)
    except FileNotFoundError:
        return None


def tell(folder: Path, state: Mapping[str, object]) -> None:
    """Write down what others may ask, for the owner's eyes: it holds passwords; `pid` is the launcher's."""
    partial = folder / f"{STATE}.partial"
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(state, file, indent=1)
    partial.rename(folder / STATE)


def told(folder: Path) -> dict[str, object]:
    """Return what the launcher that holds the folder wrote down last; empty if nobody holds it or it is not ready."""
    try:
        state: dict[str, object] = json.loads((folder / STATE).read_text())
    except FileNotFoundError:
        return {}
    # A launcher that was killed left its file behind.
    return state if state["pid"] == holder(folder) else {}


def _take(lock: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _written(lock: IO[str]) -> int:
    lock.seek(0)
    return int(lock.read() or 0)
