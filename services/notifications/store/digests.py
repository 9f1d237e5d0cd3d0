"""Rows of digests: when each person gets one, and what became of each day's."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from services.chassis.database import Queries, Row, Transaction
from services.chassis.problems import Stale
from services.contracts.vocabulary import UserId
from services.notifications.domain.digest import Move, Schedule


async def add(tx: Transaction, user_id: UUID) -> None:
    """Begin to look after somebody's digest."""
    await tx.execute(
        "INSERT INTO digest_schedules (tenant_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        tx.tenant_id,
        user_id,
    )


async def rework(tx: Transaction) -> None:
    """Have the next digests of all who go by the agency's zone timed anew: it became known, or is another now.

    Each stays the next day's that it was, so that no day is told twice and none passed over.
    """
    await tx.execute(
        "UPDATE digest_schedules SET next_due_at = '-infinity' WHERE tenant_id = $1 AND timezone IS NULL", tx.tenant_id
    )


async def due(queries: Queries, now: datetime, limit: int) -> Sequence[Schedule]:
    """Return up to `limit` schedules whose time has come. No scope: workers serve every tenant.

    They are not locked: whoever comes first moves them on, and nobody can write down a day's run twice.
    """
    rows = await queries.rows(
        """
        SELECT tenant_id, user_id, timezone, local_hour, when_empty, next_date, version
          FROM digest_schedules
         WHERE next_due_at <= $1
         ORDER BY next_due_at, tenant_id, user_id
         LIMIT $2
        """,
        now,
        limit,
    )
    return [_schedule(row) for row in rows]


async def find(tx: Transaction, user_id: UUID) -> Schedule | None:
    """Return when somebody gets a digest. No scope: it is the caller, or the permission to manage was checked."""
    row = await tx.row(
        """
        SELECT tenant_id, user_id, timezone, local_hour, when_empty, next_date, version
          FROM digest_schedules
         WHERE tenant_id = $1 AND user_id = $2
        """,
        tx.tenant_id,
        user_id,
    )
    return _schedule(row) if row else None


async def change(tx: Transaction, schedule: Schedule, now: datetime) -> None:
    """Set zone, hour and whether empty days are told; `version` is that of the schedule it replaces. Raises Stale.

    The next day is worked out anew, but for one that is due: that is carried out, or recorded as missed.
    """
    touched = await tx.execute(
        """
        UPDATE digest_schedules
           SET timezone = $3, local_hour = $4, when_empty = $5, version = version + 1,
               next_date = CASE WHEN next_due_at <= $7 THEN next_date END, next_due_at = '-infinity'
         WHERE tenant_id = $1 AND user_id = $2 AND version = $6
        """,
        tx.tenant_id,
        schedule.user_id,
        schedule.timezone,
        schedule.local_hour,
        schedule.when_empty,
        schedule.version,
        now,
    )
    if not touched:
        raise Stale


async def plan(tx: Transaction, moves: Sequence[Move]) -> frozenset[UserId]:
    """Go on to the next day for each whose schedule nobody else has moved on or changed; return for whom it was done.

    Rows that another scheduler holds are left to it, and no two can wait for each other.
    """
    rows = await tx.rows(
        """
        WITH wished AS (
            SELECT * FROM unnest($2::uuid[], $3::bigint[], $4::date[], $5::date[], $6::timestamptz[])
                AS wished (user_id, version, seen_date, next_date, next_due_at)),
        held AS (
            SELECT s.user_id, w.next_date, w.next_due_at
              FROM digest_schedules AS s
              JOIN wished AS w USING (user_id)
             WHERE s.tenant_id = $1 AND s.version = w.version AND s.next_date IS NOT DISTINCT FROM w.seen_date
             ORDER BY s.user_id
               FOR UPDATE OF s SKIP LOCKED)
        UPDATE digest_schedules AS s
           SET next_date = held.next_date, next_due_at = held.next_due_at
          FROM held
         WHERE s.tenant_id = $1 AND s.user_id = held.user_id
        RETURNING s.user_id
        """,
        tx.tenant_id,
        [move.schedule.user_id for move in moves],
        [move.schedule.version for move in moves],
        [move.schedule.next_date for move in moves],
        [move.next_date for move in moves],
        [move.next_due_at for move in moves],
    )
    return frozenset(row["user_id"] for row in rows)


async def record(tx: Transaction, outcomes: Mapping[UserId, tuple[date, str]], now: datetime) -> frozenset[UserId]:
    """Write down what became of people's digests of a day, once each; return for whom this was the first time."""
    rows = await tx.rows(
        """
        INSERT INTO digest_runs (tenant_id, user_id, local_date, outcome, at)
        SELECT $1, user_id, local_date, outcome, $5
          FROM unnest($2::uuid[], $3::date[], $4::text[]) AS told (user_id, local_date, outcome)
        ON CONFLICT DO NOTHING
        RETURNING user_id
        """,
        tx.tenant_id,
        list(outcomes),
        [day for day, _ in outcomes.values()],
        [outcome for _, outcome in outcomes.values()],
        now,
    )
    return frozenset(row["user_id"] for row in rows)


async def purge(queries: Queries, limit: int) -> int:
    """Forget up to `limit` days' outcomes that are older than their agency keeps mails; return how many."""
    return await queries.execute(
        """
        DELETE FROM digest_runs
         WHERE (tenant_id, user_id, local_date) IN (
               SELECT r.tenant_id, r.user_id, r.local_date
                 FROM digest_runs AS r
                 LEFT JOIN agencies AS g ON g.tenant_id = r.tenant_id
                WHERE r.local_date < (now() - interval '1 day' * coalesce(g.retention_days, 730))::date
                ORDER BY r.local_date
                LIMIT $1)
        """,
        limit,
    )


def _schedule(row: Row) -> Schedule:
    return Schedule(**row)
