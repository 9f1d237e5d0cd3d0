"""`up`: everything on this machine, until Ctrl-C."""

import asyncio
import contextlib
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

from deploy.arguments import Options
from deploy.commands.overview import overview
from deploy.local.binaries import MissingError
from deploy.local.children import become_subreaper, kill_adopted
from deploy.local.folders import data_folder
from deploy.local.log_lines import LogLines, wants_colour
from deploy.local.parts import PartFailedError
from deploy.local.signals import Interruption, reap_orphans
from deploy.local.stack import WANTED_PORTS, Plan, Stack
from deploy.local.tenure import TakenError, holder, tell, tenure, told
from deploy.seeds.load import LogIn, load

POLL_SECONDS = 0.3
LOADED = "demo.json"


def run(clone: Path, options: Options) -> int:
    """Start everything, follow the logs, stop everything; return the exit code."""
    folder = data_folder(clone, "up")
    if options.detach:
        return _detached(clone, folder, options)
    return _attached(clone, folder, options)


def _attached(clone: Path, folder: Path, options: Options) -> int:
    try:
        with tenure(folder):
            become_subreaper()
            return asyncio.run(_up(clone, folder, options))
    except TakenError as taken:
        say(f"Keyholder is running already (process {taken.pid}): see `python3 -m deploy status`.")
        return 1


async def _up(clone: Path, folder: Path, options: Options) -> int:
    began = time.monotonic()
    interruption = Interruption()
    stack = Stack(clone, folder, _plan(options), lambda name, message: say(f"  {name:<20} {message}"))
    reap_orphans(lambda: frozenset(part.pid for part in stack.parts.values() if part.pid))
    say("Starting Keyholder. For trials on this machine, not for production.")
    try:
        try:
            await interruption.unless_asked(stack.start())
        except (PartFailedError, MissingError) as failure:
            say(f"Keyholder could not start: {failure}")
            return 1
        if not stack.is_started:
            return 0
        await interruption.unless_asked(_load_demo(stack, folder))
        # From here on only: what loading the demo logged would push the table off the screen.
        lines = None if options.detach else LogLines(folder / "logs", from_start=False, colour=wants_colour())
        state = {"pid": os.getpid(), **asdict(stack.addresses), "log_ins": loaded(folder) or []}
        tell(folder, state)
        ending = "" if options.detach else " Ctrl-C stops everything."
        say(f"\n{overview(state)}\nReady after {time.monotonic() - began:.1f} s.{ending}\n")
        await interruption.unless_asked(_follow(lines) if lines else asyncio.Event().wait())
        return 0
    finally:
        say("Stopping …")
        began = time.monotonic()
        await stack.stop()
        kill_adopted()
        say(f"Stopped after {time.monotonic() - began:.1f} s.")


def _plan(options: Options) -> Plan:
    return Plan(
        postgres_url=os.environ.get("KEYHOLDER_DATABASE_URL"),
        amqp_url=os.environ.get("KEYHOLDER_AMQP_URL"),
        replicas=options.replicas,
        wanted_ports=WANTED_PORTS,
        durable=True,
        keep_running=True,
    )


async def _load_demo(stack: Stack, folder: Path) -> None:
    if loaded(folder) is not None:
        return
    try:
        await load_demo(folder, stack.addresses.gateway, stack.addresses.mailbox, stack.operator_token)
    except Exception as failure:  # noqa: BLE001  (whatever it is, the system itself is of use)
        say(f"  demo                 not loaded: {failure!r}; `python3 -m deploy seed` tries again")


async def load_demo(folder: Path, gateway_url: str, mailbox_url: str, operator_token: str) -> list[LogIn]:
    """Load the demo agencies, write down that they are there, return the log-ins."""
    began = time.monotonic()
    log_ins = await load(gateway_url, mailbox_url, operator_token)
    file = folder / LOADED
    file.touch(mode=0o600)
    file.write_text(json.dumps([asdict(one) for one in log_ins], indent=1))
    say(f"  {'demo':<20} loaded in {time.monotonic() - began:.1f} s")
    return log_ins


def loaded(folder: Path) -> list[dict[str, str]] | None:
    """Return the demo log-ins, None if the demo was never loaded into this folder."""
    try:
        return json.loads((folder / LOADED).read_text())
    except FileNotFoundError:
        return None


async def _follow(lines: LogLines) -> None:
    while True:
        for line in lines.fresh():
            say(line)
        await asyncio.sleep(POLL_SECONDS)


def _detached(clone: Path, folder: Path, options: Options) -> int:
    taken = holder(folder)
    if taken is not None:
        say(f"Keyholder is running already (process {taken}): see `python3 -m deploy status`.")
        return 1
    log = folder / "logs/launcher.log"
    log.parent.mkdir(exist_ok=True)
    log.touch(mode=0o600)
    start = log.stat().st_size
    pid = os.fork()
    if pid == 0:
        os.setsid()
        for descriptor, flags in ((0, os.O_RDONLY), (1, os.O_WRONLY | os.O_APPEND), (2, os.O_WRONLY | os.O_APPEND)):
            os.dup2(os.open(os.devnull if descriptor == 0 else log, flags), descriptor)
        os._exit(_attached(clone, folder, options))
    return _await_readiness(folder, log, start, pid)


def _await_readiness(folder: Path, log: Path, start: int, pid: int) -> int:
    with log.open() as progress:
        progress.seek(start)
        while True:
            ready = bool(told(folder))
            sys.stdout.write(progress.read())
            sys.stdout.flush()
            if ready:
                say("It runs in the background: `python3 -m deploy logs -f` follows it, `down` stops it.")
                return 0
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                sys.stdout.write(progress.read())
                return os.waitstatus_to_exitcode(status) or 1
            time.sleep(POLL_SECONDS)


def say(text: str) -> None:
    """Print a line; a reader who has gone away is no reason to stop in the middle."""
    with contextlib.suppress(BrokenPipeError):
        print(text, flush=True)
