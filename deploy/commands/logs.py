"""`logs`: what the processes of `up` wrote. Standard library only."""

import contextlib
import time
from pathlib import Path

from deploy.arguments import Options
from deploy.local.folders import data_folder
from deploy.local.log_lines import LogLines, wants_colour

POLL_SECONDS = 0.3


def run(clone: Path, options: Options) -> int:
    """Print the end of each log, and what comes if asked to follow; 1 if a named part has no log."""
    folder = data_folder(clone, "up") / "logs"
    known = {file.stem for file in folder.glob("*.log")}
    unknown = sorted(set(options.names) - known)
    if unknown:
        print(f"No log of {', '.join(unknown)}; there are: {', '.join(sorted(known)) or 'none'}.")
        return 1
    lines = LogLines(folder, options.names, from_start=True, colour=wants_colour())
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        while True:
            for line in lines.fresh():
                print(line, flush=True)
            if not options.follow:
                break
            time.sleep(POLL_SECONDS)
    return 0
