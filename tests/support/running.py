"""Services in the test's own process, on real sockets, by the code that runs them in production."""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

import aiohttp
from aiohttp import web

from deploy.local.ports import SPARE, is_free
from services.chassis import running
from services.chassis.config import Settings
from services.chassis.service import Service
from tests.support.databases import ServiceDatabase

INTERNAL_TOKEN: Final = "internal-token-of-the-tests"
NO_BROKER: Final = "amqp://nobody:nothing@127.0.0.1:1/"
"""A broker that is never there."""
_ANY: Final = random.SystemRandom()
"""Not what the order of tests is drawn from, which two test processes would draw alike."""
_GIVEN_OUT: Final = set[int]()
"""Some are taken long after they were asked for."""
T = TypeVar("T")


def free_port() -> int:
    """Return a loopback port that nobody listens on at the moment, and that no outgoing connection will get."""
    port = next(port for port in _ANY.sample(SPARE, 400) if port not in _GIVEN_OUT and is_free(port))
    _GIVEN_OUT.add(port)
    return port


def settings_of(
    service: Service[Any, Any], database: ServiceDatabase, amqp_url: str = NO_BROKER, **more: object
) -> Any:
    """Return settings for a service on free ports; `more` gives those that are the service's own."""
    return service.settings.model_validate(
        {
            "port": free_port(),
            "work_port": free_port(),
            "database_url": database.app,
            "worker_database_url": database.worker,
            "database_connections": 5,
            "amqp_url": amqp_url,
            "internal_token": INTERNAL_TOKEN,
            **more,
        }
    )


@asynccontextmanager
async def serving(service: Service[Any, Any], settings: Settings) -> AsyncGenerator[str]:
    """Run `serve`; yield its base URL once it answers."""
    async with _process(running.serve, service, settings):
        url = f"http://{settings.host}:{settings.port}"
        await _until_live(url)
        yield url


@asynccontextmanager
async def working(service: Service[Any, Any], settings: Settings) -> AsyncGenerator[str]:
    """Run `work`; yield the base URL of its health and metrics once it answers."""
    async with _process(running.work, service, settings):
        url = f"http://{settings.host}:{settings.work_port}"
        await _until_live(url)
        yield url


@asynccontextmanager
async def answering(app: web.Application) -> AsyncGenerator[str]:
    """Answer with an application of the test's own; yield its base URL."""
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        _host, port = runner.addresses[0]
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


async def eventually(ask: Callable[[], Awaitable[T]], seconds: float = 30.0) -> T:
    """Return the first truthy answer; a condition is polled, nothing is ever simply slept for.

    Raises AssertionError with the last answer when the time is over.
    """
    loop = asyncio.get_running_loop()
    deadline, late = loop.time() + seconds, False
    while not (answer := await ask()):
        assert not late, f"not within {seconds} s; last answer: {answer!r}"
        await asyncio.sleep(0.02)
        late = loop.time() >= deadline  # looked at before asking: a machine that stood still asks once more
    return answer


@asynccontextmanager
async def _process(
    run: Callable[..., Awaitable[None]], service: Service[Any, Any], settings: Settings
) -> AsyncGenerator[None]:
    stopped = asyncio.Event()
    task = asyncio.ensure_future(run(service, settings, stopped))
    try:
        yield
    finally:
        stopped.set()
        await task


async def until_connected(http: aiohttp.ClientSession, url: str) -> None:
    """Return when a process has reached the broker and declared every queue."""

    async def connected() -> bool:
        async with http.get(f"{url}/ready") as response:
            return (await response.json())["bus"] == "connected"

    await eventually(connected)


async def _until_live(url: str) -> None:
    async def answers() -> bool:
        try:
            async with aiohttp.ClientSession() as http, http.get(f"{url}/live") as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False

    await eventually(answers)
