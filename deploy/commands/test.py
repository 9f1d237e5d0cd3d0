"""`test`: all checks and tests, with servers of their own."""

import asyncio
import os
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from deploy.arguments import Options
from deploy.local.bare_servers import BareServers
from deploy.local.binaries import MissingError
from deploy.local.children import Child, Program, become_subreaper, kill_adopted
from deploy.local.folders import data_folder
from deploy.local.parts import PartFailedError
from deploy.local.signals import INTERRUPTED, Interruption
from deploy.local.tenure import TakenError, tell, tenure, told

CHECKS: Mapping[str, Sequence[str]] = {
    "ruff check": ("python", "-m", "ruff", "check"),
    "ruff format": ("python", "-m", "ruff", "format", "--check"),
    "basedpyright": ("python", "-m", "basedpyright"),
    "lint-imports": ("lint-imports",),
}
PYTEST_STOP_SECONDS = 5.0


def run(clone: Path, options: Options) -> int:
    """Run the checks and pytest, or only pytest if it was given arguments; return the first failure's exit code."""
    folder = data_folder(clone, "test")
    become_subreaper()
    served = cast("dict[str, str]", told(folder).get("environment", {}))
    if served and not options.serve:
        return asyncio.run(_test(clone, folder, options.pytest, None, served))
    try:
        with tenure(folder):
            servers = BareServers(clone, folder)
            return asyncio.run(
                _serve(folder, servers) if options.serve else _test(clone, folder, options.pytest, servers)
            )
    except TakenError as taken:
        print(f"The test servers are in use by process {taken.pid}; `test --serve` makes them ready for several runs.")
        return 1


async def _test(
    clone: Path,
    folder: Path,
    arguments: Sequence[str],
    servers: BareServers | None,
    served: Mapping[str, str] | None = None,
) -> int:
    interruption = Interruption()
    try:
        starting = asyncio.create_task(servers.start()) if servers else None
        codes = [] if arguments else await interruption.unless_asked(_check(clone, folder))
        if codes is None:
            return INTERRUPTED
        if starting:
            await interruption.unless_asked(_done(starting))
        environment = servers.environment if servers else served or {}
        arguments = arguments or ("-n", str(_workers()), "--dist", "loadfile")
        command = _leashed(clone, "python", "-m", "pytest", *arguments)
        program = Program("pytest", command, {**os.environ, **environment}, clone, log=None, stop_signal=signal.SIGINT)
        codes.append(await _pytest(program, interruption))
        return next((code for code in codes if code), 0)
    except (PartFailedError, MissingError) as failure:
        print(f"The test servers could not start: {failure}")
        return 1
    finally:
        if servers:
            await servers.stop()
        kill_adopted()


async def _done(task: asyncio.Task[None]) -> None:
    await task


async def _check(clone: Path, folder: Path) -> list[int]:
    codes: list[int] = []
    for name, command in CHECKS.items():
        began = time.monotonic()
        log = folder / "logs" / f"{command[-1]}.log"
        log.unlink(missing_ok=True)
        child = Child(Program(name, _leashed(clone, *command), os.environ, clone, log))
        try:
            codes.append(await child.wait())
        finally:
            child.kill()
            await child.wait()
        if codes[-1]:
            print(log.read_text(errors="replace"), end="")
        print(f"{name} {'FAILED' if codes[-1] else 'ok'} {time.monotonic() - began:.1f} s", flush=True)
    return codes


def _leashed(clone: Path, program: str, *arguments: str) -> list[str]:
    programs = clone / ".venv/bin"
    return [str(programs / "python"), "-m", "deploy.local.leash", str(programs / program), *arguments]


async def _pytest(program: Program, interruption: Interruption) -> int:
    child = Child(program)
    code = await interruption.unless_asked(child.wait())
    if code is None:
        # It prints what it has so far; the Ctrl-C itself did not reach its session.
        await child.stop(PYTEST_STOP_SECONDS)
        return INTERRUPTED
    return code


async def _serve(folder: Path, servers: BareServers) -> int:
    interruption = Interruption()
    try:
        await interruption.unless_asked(servers.start())
        if servers.environment:
            tell(folder, {"pid": os.getpid(), "environment": servers.environment})
            print("The test servers are ready; `python3 -m deploy test` uses them until Ctrl-C here. For pytest alone:")
            print("\n".join(f"export {name}='{value}'" for name, value in servers.environment.items()), flush=True)
            await interruption.wait()
    except (PartFailedError, MissingError) as failure:
        print(f"The test servers could not start: {failure}")
        return 1
    finally:
        await servers.stop()
        kill_adopted()
    return 0


def _workers() -> int:
    # As many as there are virtual hosts for them at most.
    return min(max(2, os.cpu_count() or 2), 8)
