"""Transactional outbox: events are rows first, messages later. Only the relay publishes."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final, Never

from services.chassis import bus, clock, database, ids, logging, metrics, trace
from services.chassis.database import Database, Queries, Row, Transaction
from services.chassis.outages import Outage
from services.chassis.problems import Unavailable
from services.contracts.envelope import Envelope, Event
from services.contracts.vocabulary import TenantId

BATCH: Final = 200
POLL_SECONDS: Final = 5.0
_log = logging.get(__name__)


async def add(tx: Transaction, *events: Event) -> None:
    """Record events in the business transaction: they happen exactly if it commits."""
    await add_each(tx, [(tx.tenant_id, trace.traceparent(), event) for event in events])


async def add_each(queries: Queries, events: Sequence[tuple[TenantId, str, Event]]) -> None:
    """Record events of several tenants, each in its own trace, in the business transaction of a worker."""
    await queries.execute(
        """
        INSERT INTO outbox (tenant_id, id, topic, occurred_at, traceparent, data)
        SELECT tenant_id, id, topic, $1, traceparent, data::jsonb
          FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[])
               WITH ORDINALITY AS new (tenant_id, id, topic, traceparent, data, place)
         ORDER BY place
        """,
        clock.now(),
        [tenant_id for tenant_id, _, _ in events],
        [ids.uuid7() for _ in events],
        [event.topic for _, _, event in events],
        [traceparent for _, traceparent, _ in events],
        [event.model_dump_json() for _, _, event in events],
    )


class Relay:
    """Moves committed events to the broker: at least once, in the order of `seq` as far as commits allow."""

    def __init__(self, db: Database, source: str) -> None:
        self._db = db
        self._source = source

    async def run(self, channel: bus.Channel) -> Never:
        """Publish what is due, then wait for a notification or five seconds. Raises Unavailable once it hears none."""
        wake = asyncio.Event()
        async with self._db.listening("outbox", lambda _: wake.set()) as is_deaf:
            while not is_deaf():
                wake.clear()
                while await self._publish_due(channel) == BATCH:
                    pass
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await wake.wait()
        raise Unavailable

    async def watch(self) -> Never:
        """Tell every five seconds how long the oldest event has waited, with the broker away too."""
        outage = Outage("outbox watch")
        while True:
            with outage.bridged():
                async with self._db.across_tenants() as queries:
                    oldest = await queries.value("SELECT occurred_at FROM outbox ORDER BY seq LIMIT 1")
                metrics.OUTBOX_OLDEST.set((clock.now() - oldest).total_seconds() if oldest else 0)
            await asyncio.sleep(POLL_SECONDS)

    async def _publish_due(self, channel: bus.Channel) -> int:
        async with self._db.across_tenants() as queries:
            rows = await queries.rows(
                """
                SELECT tenant_id, seq, id, topic, occurred_at, traceparent, data::text AS data
                  FROM outbox
                 WHERE next_try_at <= now()
                 ORDER BY seq
                 LIMIT $1
                   FOR UPDATE SKIP LOCKED
                """,
                BATCH,
            )
            broken = await self._publish(channel, queries, rows) if rows else None
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
        refused = {
            row["seq"]: str(outcome)
            for row, outcome in zip(rows, outcomes, strict=True)
            if isinstance(outcome, bus.NotPublished)
        }
        if refused:
            await self._try_later(queries, refused)
        return next((each for each in outcomes if each and not isinstance(each, bus.NotPublished)), None)

    async def _try_later(self, queries: Queries, refused: Mapping[int, str]) -> None:
        metrics.OUTBOX_FAILED.inc(len(refused))
        _log.warning("outbox.not_published", count=len(refused), error=next(iter(refused.values())))
        await queries.execute(
            """
            UPDATE outbox
               SET attempts = attempts + 1, last_error = error,
                   next_try_at = now() + interval '1 second' * 2 ^ least(attempts, 6)
              FROM unnest($1::bigint[], $2::text[]) AS refused (refused_seq, error)
             WHERE seq = refused_seq
            """,
            list(refused),
            list(refused.values()),
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
