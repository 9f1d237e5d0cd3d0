"""The command line of `python3 -m deploy`."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

NEED_VENV = frozenset({"up", "test", "seed", "bench"})


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for; fields that a command does not have keep their defaults."""

    command: str
    detach: bool = False
    replicas: int = 1
    serve: bool = False
    pytest: tuple[str, ...] = ()
    output: str = "table"
    names: tuple[str, ...] = ()
    follow: bool = False
    service: str = ""

    @property
    def module(self) -> str:
        """Return the module of `deploy.commands` that carries it out."""
        return self.command

    @property
    def needs_venv(self) -> bool:
        """Say whether the command needs more than the standard library."""
        return self.command in NEED_VENV


def parse(arguments: Sequence[str]) -> Options:
    """Return the options, or print help or a usage error and exit as argparse does."""
    parser = _parser()
    if arguments[:1] == ["test"] and arguments[1:] not in (["-h"], ["--help"]):
        # Everything after `test` is pytest's, including options that argparse would claim.
        rest = tuple(arguments[1:])
        if rest[:1] == ("faults",):
            rest = ("tests/faults", "--capture=no", *rest[1:])
        serve = rest == ("--serve",)
        return Options("test", serve=serve, pytest=() if serve else rest)
    found = vars(parser.parse_args(list(arguments)))
    if "names" in found:
        found["names"] = tuple(found["names"])
    return Options(**found)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m deploy", description="Start, test and look after Keyholder on this machine."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="start everything, load the demo, follow the logs until Ctrl-C")
    up.add_argument("--detach", action="store_true", help="leave it running and return; `down` stops it")
    up.add_argument("--replicas", type=_at_least_one, default=1, help="serve processes of each service (default 1)")
    test = commands.add_parser("test", help="run all checks and tests, with servers of their own")
    test.add_argument("--serve", action="store_true", help="only keep the test servers running, for later runs")
    test.add_argument("faults", nargs="?", help="only the faults: servers killed, lines cut; `--long` takes its time")
    test.add_argument("pytest", nargs="*", help="arguments for pytest; then nothing but pytest is run")
    status = commands.add_parser("status", help="say what is running and where it answers")
    status.add_argument("-o", "--output", choices=("table", "env", "json"), default="table")
    logs = commands.add_parser("logs", help="show the logs of all or of the named parts")
    logs.add_argument("names", nargs="*", metavar="NAME")
    logs.add_argument("-f", "--follow", action="store_true", help="go on as lines come")
    commands.add_parser("seed", help="load the demo agencies into the running system")
    bench = commands.add_parser("bench", help="measure one subject on servers of its own and print the figures")
    bench.add_argument("names", nargs=1, metavar="NAME", help="a module of tests/benchmarks/, such as authz")
    commands.add_parser("reset", help="remove the data of `up`; refused while it runs")
    commands.add_parser("doctor", help="say what this machine has and what it lacks, and the command that installs it")
    commands.add_parser("down", help="stop a running `up`")
    return parser


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number
