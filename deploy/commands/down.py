"""`down`: the end of a running `up`. Standard library only."""

import os
import signal
import time
from pathlib import Path

from deploy.arguments import Options
from deploy.local.folders import data_folder
from deploy.local.tenure import holder

PATIENCE_SECONDS = 10.0


def run(clone: Path, options: Options) -> int:
    """Ask the launcher that holds the data folder to stop, and return when it has."""
    del options
    folder = data_folder(clone, "up")
    pid = holder(folder)
    if not pid:
        print("Keyholder is not running.")
        return 0
    began = time.monotonic()
    try:
        os.kill(pid, signal.SIGTERM)
    except PermissionError:
        print(f"Keyholder runs as somebody else (process {pid}).")
        return 1
    while holder(folder) == pid:
        if time.monotonic() - began > PATIENCE_SECONDS:
            print(f"Process {pid} does not stop; kill -9 {pid} ends it and all it started.")
            return 1
        time.sleep(0.1)
    print(f"Stopped after {time.monotonic() - began:.1f} s.")
    return 0
