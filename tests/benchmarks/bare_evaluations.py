"""What an evaluation costs before anything is decided: bare aiohttp, which reads the question and answers a constant.

    python -m tests.benchmarks.bare_evaluations PORT

Nobody is asked who he is, nothing is checked, logged or counted. No answer of ours can cost less.
"""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
import uvloop
from aiohttp import web

from tests.support.running import eventually, free_port

CLONE: Final = Path(__file__).parents[2]
DECISION: Final[dict[str, Any]] = {"decision": True, "context": {"view": "full"}}


async def evaluate(request: web.Request) -> web.Response:
    """Permit."""
    json.loads(await request.read())
    return web.json_response(DECISION)


async def evaluate_all(request: web.Request) -> web.Response:
    """Permit as often as is asked."""
    asked = json.loads(await request.read())
    return web.json_response({"evaluations": [DECISION] * len(asked["evaluations"])})


async def serve(port: int) -> None:
    """Answer until killed."""
    app = web.Application()
    app.router.add_post("/access/v1/evaluation", evaluate)
    app.router.add_post("/access/v1/evaluations", evaluate_all)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


@dataclass(frozen=True, slots=True)
class Bare:
    """The running process."""

    pid: int
    http: str


@asynccontextmanager
async def bare() -> AsyncGenerator[Bare]:
    """Run it."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", __name__, str(port), cwd=CLONE)
    url = f"http://127.0.0.1:{port}"

    async def answers() -> bool:
        try:
            async with aiohttp.ClientSession() as http, http.get(url):
                return True
        except aiohttp.ClientError:
            return False

    try:
        await eventually(answers, 60)
        yield Bare(process.pid, url)
    finally:
        process.terminate()
        await process.wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
