"""identity in figures: log-ins, refreshes, token checks, and what answers give away by their time.

    python3 -m deploy bench identity

Runs a system of its own, durable as in production: every answer that says so has reached the disk.
"""

import os
import platform
import sys
from pathlib import Path

import uvloop

from deploy.local.stack import Plan, Stack
from tests.benchmarks.cached_token_check import check
from tests.benchmarks.identity_figures import Figures, figures


async def measure(clone: Path, folder: Path) -> None:
    """Start a system, print its figures as they become known, stop it."""
    sys.stdout.write(
        f"{platform.machine()}, {os.cpu_count()} cores shared by all, Python {platform.python_version()}\n"
    )
    stack = Stack(clone, folder, Plan(durable=True, log_level="warning"))
    await stack.start()
    try:
        async for found in figures(stack):
            show(found)
    finally:
        await stack.stop()
    first, further = await check()
    show({"first check of an access token, µs": first, "further check of an access token, µs": further})


def show(found: Figures) -> None:
    """Print figures, one to a line."""
    for name, value in found.items():
        sys.stdout.write(f"  {name:<60} {value:>10.3f}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    FOLDER = Path(os.environ["KEYHOLDER_TEST_FOLDER"]) / "bench"
    FOLDER.mkdir(mode=0o711, exist_ok=True)
    uvloop.run(measure(Path(__file__).parents[2], FOLDER))
