"""Transactional outbox: events are rows first, messages later. Only the relay publishes."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Never

from services.chassis import bus, clock, database, ids, logging, metrics, trace
from services.chassis.database import Database, Queries, Row, Transaction
from services.contracts.envelope import Envelope, Event

BATCH: Final = 200
POLL_SECONDS: Final = 5.0
_log = logging.get(__name__)


async def add(tx: Transaction, *events: Event) -> None:
    """Record events in the business transaction: they happen exactly if it commits."""
    occurred_at = clock.now()
    await tx.execute_many(
        """
        INSERT INTO outbox (tenant_id, id, topic, occurred_at, traceparent, data)
        VALUES ($1, $2, $3, $4, $5, $6::text::jsonb)
        """,
        [
            (
                tx.tenant_id,
                ids.uuid7(),
                event.topic,
                occurred_at,
                trace.traceparent(),
                event.model_dump_json(),
            )
            for event in events
        ],
    )


class Relay:
    """Moves committed events to the broker: at least once, in the order of `seq` as far as commits allow."""

    def __init__(self, db: Database, source: str) -> None:
        self._db = db
        self._source = source

    async def run(self, channel: bus.Channel) -> Never:
        """Publish what is due, then wait for a notification or five seconds. Ends by exception only."""
        wake = asyncio.Event()
        async with self._db.listening("outbox", lambda _: wake.set()):
            while True:
                wake.clear()
                while await self._publish_due(channel) == BATCH:
                    pass
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await wake.wait()

    async def _publish_due(self, channel: bus.Channel) -> int:
        async with self._db.across_tenants() as queries:
            rows = await queries.rows(
                """
                SELECT tenant_id, seq, id, topic, occurred_at, traceparent, data::text AS data, attempts
                  FROM outbox
                 WHERE next_try_at <= now()
                 ORDER BY seq
                 LIMIT $1
                   FOR UPDATE SKIP LOCKED
                """,
                BATCH,
            )
            if rows:
                metrics.OUTBOX_OLDEST.set((clock.now() - rows[0]["occurred_at"]).total_seconds())
                broken = await self._publish(channel, queries, rows)
            else:
                metrics.OUTBOX_OLDEST.set(0)
                broken = None
        if broken is not None:  # raised only now, so that what was confirmed stays deleted
            raise broken
        return len(rows)

    async def _publish(self, channel: bus.Channel, queries: Queries, rows: Sequence[Row]) -> BaseException | None:
        outcomes = await asyncio.gather(
            *(bus.publish(channel, self._envelope(row)) for row in rows), return_exceptions=True
        )
        sent = [row["seq"] for row, outcome in zip(rows, outcomes, strict=True) if outcome is None]
        await queries.execute("DELETE FROM outbox WHERE seq = ANY($1)", sent)
        metrics.OUTBOX_PUBLISHED.inc(len(sent))
        broken: BaseException | None = None
        for row, outcome in zip(rows, outcomes, strict=True):
            if isinstance(outcome, bus.NotPublished):
                await self._try_later(queries, row, outcome)
            else:
                broken = broken or outcome
        return broken

    async def _try_later(self, queries: Queries, row: Row, error: bus.NotPublished) -> None:
        metrics.OUTBOX_FAILED.inc()
        _log.warning("outbox.not_published", topic=row["topic"], event_id=str(row["id"]), attempt=row["attempts"] + 1)
        await queries.execute(
            """
            UPDATE outbox
               SET attempts = attempts + 1, last_error = $2,
                   next_try_at = now() + least(interval '1 second' * 2 ^ attempts, interval '1 minute')
             WHERE seq = $1
            """,
            row["seq"],
            str(error),
        )

    def _envelope(self, row: Row) -> Envelope:
        return Envelope(
            id=row["id"],
            source=self._source,
            type=row["topic"],
            time=row["occurred_at"],
            tenantid=row["tenant_id"],
            traceparent=row["traceparent"],
            data=database.json_object(row["data"]),
        )
