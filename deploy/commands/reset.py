"""`reset`: a fresh start. Standard library only."""

import contextlib
import shutil
from pathlib import Path

from deploy.arguments import Options
from deploy.local.folders import data_folder
from deploy.local.tenure import TakenError, tenure


def run(clone: Path, options: Options) -> int:
    """Remove the data folder of `up`; refused while it runs."""
    del options
    folder = data_folder(clone, "up")
    try:
        with tenure(folder):
            shutil.rmtree(folder)
        with contextlib.suppress(OSError):
            folder.parent.rmdir()  # only where nothing else is left in it
    except TakenError as taken:
        print(f"Keyholder is running (process {taken.pid}): `python3 -m deploy down` first.")
        return 1
    print(f"Removed {folder}.")
    return 0
