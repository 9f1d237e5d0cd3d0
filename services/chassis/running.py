"""Running a service: the server or the loops, until a signal; then drain and close."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Final, Never, TypeVar

from aiohttp import web

from services.chassis import bus, consuming, logging, openapi, outbox
from services.chassis.bus import Bus
from services.chassis.config import ConfigError, Settings
from services.chassis.consuming import Consumer
from services.chassis.database import open_database
from services.chassis.health import Health
from services.chassis.http_client import open_http
from services.chassis.service import VERSION, Built, Platform, Service
from services.chassis.web import Edge
from services.contracts.envelope import Envelope

DRAIN_SECONDS: Final = 3.0
PAUSE_SECONDS: Final = 5.0
_log = logging.get(__name__)
AnySettings = TypeVar("AnySettings", bound=Settings)
Deps = TypeVar("Deps")


async def serve(service: Service[AnySettings, Deps], settings: AnySettings, stopped: asyncio.Event) -> None:
    """Answer HTTP until stopped; requests that are under way are finished."""
    url, name = settings.database_url.get_secret_value(), f"keyholder.{service.name}.serve"
    async with (
        open_database(url, connections=settings.database_connections, name=name) as db,
        open_http() as http,
        service.build(settings, Platform(db, http)) as built,
    ):
        broker = Bus(settings.amqp_url.get_secret_value(), name)
        app = Edge(service.routes, built.deps, built.guard).application()
        app.add_routes(Health(db, broker, service.migrations).routes())
        app.add_routes([openapi.route(service.name, VERSION, service.routes)])
        loops = [broker.keep("listener", partial(_listen, built))] if built.listeners else []
        loops += map(_keep_up, built.beside)
        await _run(app, settings.host, settings.port, loops, stopped)


async def work(service: Service[AnySettings, Deps], settings: AnySettings, stopped: asyncio.Event) -> None:
    """Relay events, consume messages and run the service's loops until stopped. Raises ConfigError."""
    if settings.worker_database_url is None:
        raise ConfigError(f"KEYHOLDER_{service.name.upper()}_WORKER_DATABASE_URL: Field required")
    name = f"keyholder.{service.name}.work"
    url, crossing = settings.database_url.get_secret_value(), settings.worker_database_url.get_secret_value()
    async with (
        open_database(url, connections=settings.database_connections, name=name) as db,
        open_database(crossing, connections=settings.database_connections, name=name) as worker_db,
        open_http() as http,
        service.build(settings, Platform(db, http)) as built,
    ):
        broker = Bus(settings.amqp_url.get_secret_value(), name)
        consumers = [Consumer(db, worker_db, subscription) for subscription in service.subscriptions]
        relay = outbox.Relay(worker_db, f"urn:keyholder:{service.name}")
        app = web.Application()
        app.add_routes(Health(db, broker, service.migrations).routes())
        await _run(
            app,
            settings.host,
            settings.work_port,
            [
                broker.keep("relay", relay.run),
                _keep_up(relay.watch),
                *(broker.keep(consumer.queue, consumer.run) for consumer in consumers),
                *(_keep_up(consumer.retry) for consumer in consumers),
                _keep_up(partial(consuming.tidy, worker_db)),
                *(_keep_up(partial(loop, built.deps, worker_db)) for loop in service.loops),
            ],
            stopped,
        )


def stopped_by_signal() -> asyncio.Event:
    """Return an event that SIGTERM or SIGINT sets."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    return stopped


async def _listen(built: Built[Deps], channel: bus.Channel) -> None:
    events = {event.topic: event for event in built.listeners}
    async for message in bus.listen(channel, tuple(built.listeners)):
        envelope = Envelope.model_validate_json(message.body)
        event = events[envelope.type]
        built.listeners[event](envelope.tenantid, event.model_validate(envelope.data, extra="ignore"))


async def _keep_up(loop: Callable[[], Awaitable[None]]) -> Never:
    """Run a loop for ever: what it trips over is told as an error, and ends neither it nor its neighbours."""
    while True:
        try:
            await loop()
        except Exception:  # noqa: BLE001 one bad row would otherwise stop all that a process does, again and again
            _log.exception("loop.failed")
        await asyncio.sleep(PAUSE_SECONDS)


async def _run(
    app: web.Application, host: str, port: int, loops: Sequence[Coroutine[Any, Any, Any]], stopped: asyncio.Event
) -> None:
    # Encoded bodies are refused, not decoded: what fails to decode would cost others on the same connection theirs.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=DRAIN_SECONDS, auto_decompress=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        _log.info("process.started", port=port)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(loop) for loop in loops]
            await stopped.wait()
            _log.info("process.draining")
            await runner.cleanup()
            # A loop whose connection breaks in this moment may take its end for that, and go on.
            while left := [task for task in tasks if task.cancel()]:
                await asyncio.wait(left, timeout=DRAIN_SECONDS)
    finally:
        await runner.cleanup()
    _log.info("process.stopped")
