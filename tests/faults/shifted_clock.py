"""Runs a module of the product with a clock that a test sets: seconds ahead of the machine's, read from a file.

`python -m tests.faults.shifted_clock services.notifications work`; the file is named by SHIFT_FILE.
"""

import os
import runpy
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.chassis import clock

FILE = Path(os.environ["SHIFT_FILE"])


def shifted_now() -> datetime:
    """Return the instant that the test wants it to be."""
    return datetime.now(UTC) + timedelta(seconds=float(FILE.read_text()))


if __name__ == "__main__":
    clock.now = shifted_now
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__")
