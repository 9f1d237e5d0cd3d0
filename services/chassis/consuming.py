"""Inbox consumers: dedupe, transaction, retry and acknowledgement, so that no handler can forget one.

A handler is one short piece of database work. Its inbox row and its effect commit together; the message is
acknowledged afterwards. What fails is kept in `failed_messages`, tried again by time, and parked after the
last attempt; nothing is dropped but by a person, and one bad or slow message holds up no other. An outage of the
database counts against no message: it waits in the queue.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Never
from uuid import UUID, uuid5

import structlog
from pydantic import ValidationError

from services.chassis import bus, logging, metrics, trace
from services.chassis.cursor import START, Cursor
from services.chassis.database import Database, Queries, Row, Transaction
from services.chassis.outages import Outage
from services.chassis.problems import TooSlow, Unavailable
from services.contracts.envelope import Envelope, Event
from services.contracts.vocabulary import TenantId

Handler = Callable[[Transaction, Any, Envelope], Awaitable[None]]

PREFETCH: Final = 100
TENANTS_AT_ONCE: Final = 4
"""Few beside the connections of a process (ten by default), which its other consumers and loops share."""
ATTEMPTS: Final = 5
SLOW_ATTEMPTS: Final = 85
"""For what the database gave up on: every seventeen minutes in the end, a day in all. Locks outlast five tries."""
TIDY_SECONDS: Final = 60.0
PURGED_AT_ONCE: Final = 1000
NOBODY: Final = TenantId(UUID(int=0))
"""Tenant under which an unreadable message is parked; it may be replayed to a release that reads it."""
_log = logging.get(__name__)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A durable queue of `contracts.queues` and what to do with each event in it."""

    queue: str
    handlers: Mapping[type[Event], Handler]

    def find(self, topic: str) -> tuple[type[Event], Handler]:
        """Return the event class and handler of a topic. Raises LookupError for one nobody handles."""
        for event, handler in self.handlers.items():
            if event.topic == topic:
                return event, handler
        raise LookupError(f"no handler for {topic}")


class Consumer:
    """Carries out the messages of one queue, each exactly once in effect."""

    def __init__(self, db: Database, worker_db: Database, subscription: Subscription) -> None:
        self._db = db
        self._worker_db = worker_db
        self._subscription = subscription
        self.queue = subscription.queue

    async def run(self, channel: bus.Channel) -> None:
        """Consume until the channel closes. Raises Unavailable when the database is away: nothing is acknowledged."""
        async for batch in bus.consume(channel, self.queue, prefetch=PREFETCH):
            await self._receive(batch)
            await bus.settle(batch)

    async def _receive(self, batch: Sequence[bus.Incoming]) -> None:
        together = dict[TenantId, list[Envelope]]()
        for message in batch:
            body = message.body.decode("utf-8", "replace")
            try:
                envelope = Envelope.model_validate_json(body)
                together.setdefault(envelope.tenantid, []).append(envelope)
            except ValidationError as error:
                await self._fail(NOBODY, uuid5(NOBODY, body), message.routing_key or "", body, error)
        # Each tenant's messages in their order; several tenants at once, whose commits the server then writes together.
        turns = asyncio.Semaphore(TENANTS_AT_ONCE)
        outcomes = await asyncio.gather(
            *(self._try_in_turn(turns, envelopes) for envelopes in together.values()), return_exceptions=True
        )
        for failure in filter(None, outcomes):  # raised only now, so that none goes on behind the next batch
            raise failure

    async def _try_in_turn(self, turns: asyncio.Semaphore, envelopes: Sequence[Envelope]) -> None:
        async with turns:
            await self._try(envelopes)

    async def _try(self, envelopes: Sequence[Envelope]) -> None:
        """Carry out messages of one tenant in one transaction; one by one where one of them fails."""
        try:
            await self._carry_out(envelopes)
        except Exception as error:
            if _is_outage(error):
                raise
            if len(envelopes) > 1:
                for envelope in envelopes:
                    await self._try([envelope])
            else:
                one = envelopes[0]
                await self._fail(one.tenantid, one.id, one.type, one.model_dump_json(), error)

    async def _carry_out(self, envelopes: Sequence[Envelope]) -> None:
        outcomes = list[str]()
        async with self._db.transaction(envelopes[0].tenantid) as tx:
            new = await _first_time(tx, self.queue, [envelope.id for envelope in envelopes])
            for envelope in envelopes:
                outcomes.append("done" if envelope.id in new else "duplicate")
                if envelope.id in new:
                    new.remove(envelope.id)  # it may stand in a batch twice
                    _enter(envelope)
                    event_class, handler = self._subscription.find(envelope.type)
                    await handler(tx, event_class.model_validate(envelope.data, extra="ignore"), envelope)
        for envelope, outcome in zip(envelopes, outcomes, strict=True):
            _enter(envelope)
            metrics.CONSUMED.labels(self.queue, outcome).inc()
            _log.info("message.consumed", queue=self.queue, outcome=outcome)

    async def _fail(self, tenant_id: TenantId, message_id: UUID, topic: str, body: str, error: Exception) -> None:
        most = 1 if tenant_id == NOBODY else SLOW_ATTEMPTS if isinstance(error, TooSlow) else ATTEMPTS
        reason = repr(error.__cause__ or error)[:2000]
        async with self._worker_db.across_tenants() as queries:
            attempt = await queries.value(
                """
                INSERT INTO failed_messages AS f (
                    tenant_id, queue, message_id, topic, body, attempts, next_try_at, last_error)
                VALUES ($1, $2, $3, $4, $5, 1, CASE WHEN $7 > 1 THEN now() + interval '1 second' END, $6)
                ON CONFLICT (tenant_id, queue, message_id) DO UPDATE
                   SET attempts = f.attempts + 1, last_error = excluded.last_error, next_try_at =
                       now() + CASE WHEN f.attempts + 1 < $7 THEN interval '1 s' * 4 ^ least(f.attempts, 5) END
                RETURNING attempts
                """,
                tenant_id,
                self.queue,
                message_id,
                *(text.replace("\0", "\ufffd") for text in (topic, body, reason)),  # PostgreSQL takes no NUL
                most,
            )
        metrics.CONSUMED.labels(self.queue, "failed").inc()
        _log.error("message.failed", queue=self.queue, attempt=attempt, error=type(error).__name__)

    async def retry(self) -> Never:
        """Try failed messages again when their time comes; look every second."""
        outage = Outage(f"{self.queue} retry")
        while True:
            with outage.bridged():
                while await self._retry_one():
                    pass
            await asyncio.sleep(1)

    async def _retry_one(self) -> bool:
        async with self._worker_db.at_once() as queries:
            row = await _claim(queries, self.queue)
        if row is None:
            return False
        key = (row["tenant_id"], self.queue, row["message_id"])
        try:
            await self._carry_out([Envelope.model_validate_json(row["body"])])
        except Exception as error:
            if _is_outage(error):
                raise
            await self._fail(row["tenant_id"], row["message_id"], row["topic"], row["body"], error)
            return True
        async with self._worker_db.across_tenants() as queries:
            await queries.execute(
                "DELETE FROM failed_messages WHERE (tenant_id, queue, message_id) = ($1, $2, $3)", *key
            )
        return True


def _is_outage(error: Exception) -> bool:
    """Say whether a failure tells of the database and not of the message: it is away, starting, or full."""
    return isinstance(error, Unavailable) and not isinstance(error, TooSlow)


def _enter(envelope: Envelope) -> None:
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(
        trace_id=trace.enter(envelope.traceparent),
        tenant_id=str(envelope.tenantid),
        event_id=str(envelope.id),
        topic=envelope.type,
    )


async def _first_time(tx: Transaction, queue: str, message_ids: Sequence[UUID]) -> set[UUID]:
    sql: Final = """INSERT INTO inbox (tenant_id, queue, message_id) SELECT $1, $2, unnest($3::uuid[])
        ON CONFLICT DO NOTHING RETURNING message_id"""
    rows = await tx.rows(sql, tx.tenant_id, queue, message_ids)
    return {row["message_id"] for row in rows}


async def _claim(queries: Queries, queue: str) -> Row | None:
    """Lease the first due message for a minute, so that two workers never try the same one."""
    return await queries.row(
        """
        UPDATE failed_messages AS f
           SET next_try_at = now() + interval '1 minute'
          FROM (SELECT tenant_id, queue, message_id FROM failed_messages
                 WHERE next_try_at <= now() AND queue = $1
                 ORDER BY next_try_at LIMIT 1 FOR UPDATE SKIP LOCKED) AS due
         WHERE (f.tenant_id, f.queue, f.message_id) = (due.tenant_id, due.queue, due.message_id)
        RETURNING f.tenant_id, f.message_id, f.topic, f.body
        """,
        queue,
    )


async def parked(queries: Queries, after: Cursor = START, limit: int = 1000) -> Sequence[Row]:
    """Return up to `limit` of the messages that wait for a person, latest first."""
    return await queries.rows(
        """
        SELECT tenant_id, queue, message_id, topic, attempts, last_error, first_failed_at
          FROM failed_messages
         WHERE next_try_at IS NULL AND (first_failed_at, message_id) < ($1, $2)
         ORDER BY first_failed_at DESC, message_id DESC
         LIMIT $3
        """,
        after.at,
        after.id,
        limit,
    )


async def replay(queries: Queries, message_id: UUID | None) -> int:
    """Give parked messages, or one of them, a fresh set of attempts; return how many."""
    sql: Final = """UPDATE failed_messages SET attempts = 0, next_try_at = now()
        WHERE next_try_at IS NULL AND ($1::uuid IS NULL OR message_id = $1)"""
    return await queries.execute(sql, message_id)


async def drop(queries: Queries, message_id: UUID) -> int:
    """Delete a parked message for good; return from how many queues."""
    sql: Final = "DELETE FROM failed_messages WHERE next_try_at IS NULL AND message_id = $1"
    return await queries.execute(sql, message_id)


async def tidy(worker_db: Database) -> Never:
    """Forget, every minute, messages and creates of thirty days ago; count what is parked."""
    purged, outage = 0, Outage("tidy")
    while True:
        await asyncio.sleep(TIDY_SECONDS if purged < PURGED_AT_ONCE else 0)
        purged = 0  # while the database is away, it is not asked at once again
        with outage.bridged():
            async with worker_db.across_tenants() as queries:
                metrics.PARKED.set(
                    await queries.value("SELECT count(*) FROM failed_messages WHERE next_try_at IS NULL")
                )
                purged = await queries.value(
                    """
                    WITH old AS (SELECT tenant_id, queue, message_id FROM inbox
                                  WHERE processed_at < now() - interval '30 days' LIMIT $1),
                    keys AS (DELETE FROM idempotency_keys WHERE (tenant_id, user_id, key) IN (
                                    SELECT tenant_id, user_id, key FROM idempotency_keys
                                     WHERE created_at < now() - interval '30 days' LIMIT $1)
                             RETURNING 1),
                    forgotten AS (DELETE FROM inbox USING old
                                   WHERE (inbox.tenant_id, inbox.queue, inbox.message_id) = (
                                         old.tenant_id, old.queue, old.message_id)
                                  RETURNING 1)
                    SELECT greatest((SELECT count(*) FROM forgotten), (SELECT count(*) FROM keys))
                    """,
                    PURGED_AT_ONCE,
                )
