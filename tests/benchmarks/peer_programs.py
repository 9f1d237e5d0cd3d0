"""Programs of other systems that come by npm: installed once into the benchmarks' folder, run, and awaited."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final, TypeVar

import aiohttp

from tests.support.running import eventually

FOLDER: Final = Path(__file__).parents[2] / ".keyholder" / "bench"
PATIENCE_SECONDS: Final = 60.0
T = TypeVar("T")


class PeerMissing(Exception):
    """A peer cannot be had on this machine; the text says why."""


def npm_install(folder: Path, *packages: str, scripts: bool = True) -> None:
    """Install packages into a folder, unless they are there. Nothing else runs yet. Raises PeerMissing."""
    done = folder / "installed"
    if done.exists() and done.read_text().split() == [*packages]:
        return
    npm = shutil.which("npm")
    if npm is None:
        raise PeerMissing(f"{packages[0]} comes by npm, which is not installed here")
    folder.mkdir(parents=True, exist_ok=True)
    options = ("--no-audit", "--no-fund", "--loglevel=error", f"--ignore-scripts={str(not scripts).lower()}")
    if subprocess.run([npm, "install", *options, "--prefix", folder, *packages], check=False).returncode:
        raise PeerMissing(f"npm could not install {packages[0]}")
    done.write_text(" ".join(packages))


@asynccontextmanager
async def running(
    command: Sequence[str | Path], url: str, *, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> AsyncGenerator[int]:
    """Yield the id of a process once it answers at the URL; it is ended afterwards."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        await eventually(lambda: answers(url), PATIENCE_SECONDS)
        yield process.pid
    finally:
        process.terminate()
        await process.wait()


async def answers(url: str) -> bool:
    """Say whether anything answers there."""
    try:
        async with aiohttp.ClientSession() as http, http.get(url):
            return True
    except aiohttp.ClientError:
        return False


async def entered(stack: AsyncExitStack, name: str, peer: AbstractAsyncContextManager[T]) -> T | None:
    """Return a peer that runs until the stack is left, or say why it is left out and return None."""
    try:
        return await stack.enter_async_context(peer)
    except PeerMissing as missing:
        print(f"{name} is left out: {missing}.", flush=True)
        return None
