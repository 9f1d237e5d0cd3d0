"""`python3 -m deploy COMMAND`: prepare `.venv` with the standard library alone, then go on inside it."""

import importlib
import os
import sys
from pathlib import Path

CLONE = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)


def main() -> int:
    """Run the command line and return its exit code."""
    if sys.version_info < OLDEST:
        print("Keyholder needs Python 3.11 or newer: run it as `python3.11 -m deploy`.", file=sys.stderr)
        return 2
    # Imported only now: an older Python could not even read these modules, nor say why.
    arguments = importlib.import_module("deploy.arguments")
    bootstrap = importlib.import_module("deploy.bootstrap")
    options = arguments.parse(sys.argv[1:])
    os.chdir(CLONE)
    inside = Path(sys.prefix) == CLONE / ".venv"
    if options.needs_venv and not (inside and bootstrap.is_current(CLONE)):
        try:
            python = bootstrap.prepare(CLONE)
        except bootstrap.BootstrapError as failure:
            print(failure, file=sys.stderr)
            return 1
        sys.stdout.flush()
        os.execv(python, [str(python), "-m", "deploy", *sys.argv[1:]])  # noqa: S606  (our own Python)
    return importlib.import_module(f"deploy.commands.{options.module}").run(CLONE, options)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:  # whoever read along, as `| head` does, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
