"""`bench`: figures of a private system, on this machine, of this commit."""

import asyncio
import os
import platform
import subprocess
from pathlib import Path

from deploy.arguments import Options
from deploy.bench import identity
from deploy.local.binaries import MissingError
from deploy.local.children import become_subreaper, kill_adopted
from deploy.local.folders import data_folder
from deploy.local.parts import PartFailedError
from deploy.local.stack import Plan, Stack
from deploy.local.tenure import TakenError, tenure

TOKEN_CHECK = "tests.benchmarks.cached_token_check"  # noqa: S105  (a module)


def run(clone: Path, _options: Options) -> int:
    """Start a system, measure it, stop it, print the figures."""
    folder = data_folder(clone, "bench")
    try:
        with tenure(folder):
            become_subreaper()
            return asyncio.run(_bench(clone, folder))
    except TakenError as taken:
        print(f"A benchmark is running already (process {taken.pid}).")
        return 1


async def _bench(clone: Path, folder: Path) -> int:
    stack = Stack(clone, folder, _plan())
    print(f"{platform.machine()}, {os.cpu_count()} cores shared by all, Python {platform.python_version()}", flush=True)
    try:
        await stack.start()
        async for found in identity.figures(stack):
            _show(found)
        await asyncio.to_thread(_in_process, clone)
    except (PartFailedError, MissingError, identity.BenchFailed) as failure:
        print(f"The benchmark came to nothing: {failure}")
        return 1
    else:
        return 0
    finally:
        await stack.stop()
        kill_adopted()


def _plan() -> Plan:
    # Durable as in production: every answer that says so has reached the disk.
    return Plan(
        postgres_url=os.environ.get("KEYHOLDER_DATABASE_URL"),
        amqp_url=os.environ.get("KEYHOLDER_AMQP_URL"),
        database_prefix="keyholder_bench",
        durable=True,
        log_level="warning",
    )


def _in_process(clone: Path) -> None:
    command = [str(clone / ".venv/bin/python"), "-m", TOKEN_CHECK]
    subprocess.run(command, cwd=clone, check=True)


def _show(figures: identity.Figures) -> None:
    for name, value in figures.items():
        print(f"  {name:<60} {value:>10.3f}", flush=True)
