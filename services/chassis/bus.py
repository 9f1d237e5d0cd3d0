"""RabbitMQ: one connection per role, kept up by a loop; topology; publishing with confirms.

The only module that knows aio-pika. Connections are plain, not "robust": the loop that owns one rebuilds
everything (channel, topology, consumers) after any failure, which is one path instead of two.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Never

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage, AbstractQueue
from aio_pika.connection import make_url
from aio_pika.exceptions import AMQPError, DeliveryError, PublishError

from services.chassis import metrics
from services.chassis.outages import Outage
from services.contracts.envelope import CONTENT_TYPE, Envelope, Event
from services.contracts.queues import EXCHANGE, QUEUES, ROUTED

Incoming = AbstractIncomingMessage
Channel = AbstractChannel
Queue = AbstractQueue

CONFIRM_TIMEOUT_SECONDS: Final = 10.0
HEARTBEAT_SECONDS: Final = 5
"""aiormq takes a line for dead after three of them and as many seconds."""


class NotPublished(Exception):
    """The broker did not confirm, or found no queue for, a message that somebody waits for."""


@dataclass
class Link:
    """Whether one role of this process reaches the broker, for health and metrics."""

    role: str
    connected: bool = False

    def mark(self, *, connected: bool) -> None:
        self.connected = connected
        metrics.BUS_CONNECTED.labels(self.role).set(connected)


class Bus:
    """The broker as seen by one process: roles, each with its own connection."""

    def __init__(self, url: str, service: str) -> None:
        self._url = url
        self._service = service
        self.links: list[Link] = []

    @property
    def connected(self) -> bool:
        """Say whether every role reaches the broker."""
        return bool(self.links) and all(link.connected for link in self.links)

    async def keep(self, role: str, session: Callable[[Channel], Awaitable[None]]) -> Never:
        """Run a session on a fresh channel for ever: connect, declare, run, and again after any failure.

        The pauses grow until a session has lasted; starts well with the broker away.
        """
        link, outage = Link(role), Outage(f"{role} bus")
        self.links.append(link)
        while True:
            with outage.bridged(Exception):  # aiormq breaks in many ways, in a handshake by StopAsyncIteration
                await self._once(link, session)
            await asyncio.sleep(outage.pause())

    async def _once(self, link: Link, session: Callable[[Channel], Awaitable[None]]) -> None:
        connection = aio_pika.Connection(
            make_url(self._url, heartbeat=HEARTBEAT_SECONDS),
            client_properties={"connection_name": f"{self._service}.{link.role}"},
        )
        try:
            async with asyncio.timeout(2 * HEARTBEAT_SECONDS):
                await connection.connect(timeout=HEARTBEAT_SECONDS)
            channel = await self._prepared(connection)
            link.mark(connected=True)
            await _until_closed(connection, channel, session(channel))
        finally:
            link.mark(connected=False)
            await _close(connection)  # one that never opened too: else it closes itself, in whichever thread

    async def _prepared(self, connection: AbstractConnection) -> Channel:
        async with asyncio.timeout(CONFIRM_TIMEOUT_SECONDS):
            channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
            exchange = await channel.declare_exchange(EXCHANGE, aio_pika.ExchangeType.TOPIC, durable=True)
            for name, events in QUEUES.items():
                queue = await channel.declare_queue(name, durable=True)
                for event in events:
                    await queue.bind(exchange, event.topic)
        return channel


async def publish(channel: Channel, envelope: Envelope) -> None:
    """Publish one event, persistent, and wait until the broker has it. Raises NotPublished."""
    exchange = await channel.get_exchange(EXCHANGE, ensure=False)
    message = aio_pika.Message(
        envelope.model_dump_json().encode(),
        content_type=CONTENT_TYPE,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        message_id=str(envelope.id),
        type=envelope.type,
        timestamp=envelope.time,
        headers={"tenantid": str(envelope.tenantid), "traceparent": envelope.traceparent},
    )
    try:
        await exchange.publish(
            message, envelope.type, mandatory=envelope.type in ROUTED, timeout=CONFIRM_TIMEOUT_SECONDS
        )
    except (DeliveryError, PublishError, TimeoutError) as error:
        raise NotPublished(repr(error)) from error


async def consume(channel: Channel, name: str, *, prefetch: int) -> AsyncIterator[Sequence[Incoming]]:
    """Yield the messages of a durable queue in batches: all that have arrived, at most `prefetch`.

    The receiver settles a batch with `settle`. Ends when the channel closes, by exception.
    """
    await channel.set_qos(prefetch_count=2 * prefetch)  # the next batch arrives while one is carried out
    queue = await channel.declare_queue(name, durable=True, passive=True)
    async for batch in _batches(queue, prefetch):
        yield batch


async def settle(batch: Sequence[Incoming]) -> None:
    """Acknowledge a whole batch at once; it must be the oldest unsettled one of its channel."""
    await batch[-1].ack(multiple=True)


async def listen(channel: Channel, events: Sequence[type[Event]]) -> AsyncIterator[Incoming]:
    """Yield events to a queue of this process alone, which vanishes with it: for caches, never for facts to keep."""
    exchange = await channel.get_exchange(EXCHANGE, ensure=False)
    queue = await channel.declare_queue(exclusive=True, auto_delete=True)
    for event in events:
        await queue.bind(exchange, event.topic)
    async for batch in _batches(queue, 100):
        for message in batch:
            yield message
        await settle(batch)


async def _batches(queue: Queue, most: int) -> AsyncIterator[Sequence[Incoming]]:
    arrived: asyncio.Queue[Incoming] = asyncio.Queue()
    await queue.consume(arrived.put)
    while True:
        batch = [await arrived.get()]
        while len(batch) < most and not arrived.empty():
            batch.append(arrived.get_nowait())
        yield batch


async def _until_closed(connection: AbstractConnection, channel: Channel, session: Awaitable[None]) -> None:
    """Run the session; fail as soon as the connection or the channel closes under it, or a queue that it consumes."""
    robbed = asyncio.get_running_loop().create_future()
    underlay = await channel.get_underlay_channel()
    underlay.on_consumer_cancel_callbacks.add(lambda _: robbed.done() or robbed.set_result(None))
    running = asyncio.ensure_future(session)
    closed = [asyncio.ensure_future(connection.closed()), asyncio.ensure_future(channel.closed()), robbed]
    try:
        await asyncio.wait([running, *closed], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (running, *closed):
            task.cancel()
        await asyncio.wait([running, *closed])
    if not running.cancelled() and (failure := running.exception()):
        raise failure
    raise ConnectionError("the broker closed the connection")


async def _close(connection: AbstractConnection) -> None:
    try:
        async with asyncio.timeout(2):
            await connection.close()
    except (AMQPError, OSError, TimeoutError, RuntimeError):
        return
