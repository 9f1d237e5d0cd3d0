"""A command whose whole process group ends with its launcher: `python -m deploy.local.leash COMMAND …`.

The kernel tells only direct children that their parent is gone. pytest's workers and basedpyright's node are
grandchildren, and would go on for as long as their work lasts.
"""

import os
import signal
import subprocess
import sys
from types import FrameType


def run(command: list[str]) -> int:
    """Return the exit code of the command; SIGINT is passed on, SIGTERM kills the group, this process included."""
    child: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        for one in child:
            one.send_signal(number)

    def end(_number: int, _frame: FrameType | None) -> None:
        os.killpg(0, signal.SIGKILL)

    signal.signal(signal.SIGINT, pass_on)
    signal.signal(signal.SIGTERM, end)
    child.append(subprocess.Popen(command))
    code = child[0].wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
