"""`bench NAME`: figures of one subject, measured on servers of its own by `tests.benchmarks.NAME`."""

import asyncio
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from deploy.arguments import Options
from deploy.local.bare_servers import BareServers
from deploy.local.binaries import MissingError
from deploy.local.children import Child, Program, become_subreaper, kill_adopted
from deploy.local.folders import data_folder
from deploy.local.parts import PartFailedError
from deploy.local.signals import INTERRUPTED, Interruption
from deploy.local.tenure import TakenError, tenure, told

STOP_SECONDS = 5.0


def run(clone: Path, options: Options) -> int:
    """Measure what was named, on the servers of `test --serve` if they run; return the benchmark's exit code."""
    (name,) = options.names
    if not (clone / "tests" / "benchmarks" / f"{name}.py").is_file():
        print(f"There is no benchmark {name}: tests/benchmarks/ has none of that name.")
        return 2
    folder = data_folder(clone, "test")
    become_subreaper()
    served = cast("dict[str, str]", told(folder).get("environment", {}))
    if served:
        return asyncio.run(_measure(clone, name, served))
    try:
        with tenure(folder):
            return asyncio.run(_serve_and_measure(clone, name, BareServers(clone, folder)))
    except TakenError as taken:
        print(f"The test servers are in use by process {taken.pid}.")
        return 1


async def _serve_and_measure(clone: Path, name: str, servers: BareServers) -> int:
    try:
        await servers.start()
        return await _measure(clone, name, servers.environment)
    except (PartFailedError, MissingError) as failure:
        print(f"The servers could not start: {failure}")
        return 1
    finally:
        await servers.stop()
        kill_adopted()


async def _measure(clone: Path, name: str, environment: Mapping[str, str]) -> int:
    interruption = Interruption()
    python = str(clone / ".venv/bin/python")
    command = [python, "-m", "deploy.local.leash", python, "-m", f"tests.benchmarks.{name}"]
    program = Program(name, command, {**os.environ, **environment}, clone, log=None, stop_signal=signal.SIGINT)
    child = Child(program)
    code = await interruption.unless_asked(child.wait())
    if code is None:
        await child.stop(STOP_SECONDS)
        return INTERRUPTED
    return code
