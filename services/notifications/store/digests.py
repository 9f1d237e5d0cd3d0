"""Rows of digests: when each person gets one, and what became of each day's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.chassis.database import Queries, Row, Transaction
from services.chassis.problems import Stale
from services.contracts.vocabulary import TenantId, UserId


@dataclass(frozen=True, slots=True)
class Schedule:
    """When somebody gets a digest; `timezone` None is the agency's, `next_date` None has to be worked out."""

    tenant_id: TenantId
    user_id: UserId
    timezone: str | None
    local_hour: int
    when_empty: bool
    next_date: date | None
    version: int


async def add(tx: Transaction, user_id: UUID) -> None:
    """Begin to look after somebody's digest."""
    await tx.execute(
        "INSERT INTO digest_schedules (tenant_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        tx.tenant_id,
        user_id,
    )


async def rework(tx: Transaction) -> None:
    """Have all of an agency's next digests worked out anew: its zone became known."""
    await tx.execute(
        "UPDATE digest_schedules SET next_date = NULL, next_due_at = '-infinity' WHERE tenant_id = $1", tx.tenant_id
    )


async def due(queries: Queries, now: datetime, limit: int) -> Sequence[Schedule]:
    """Return up to `limit` schedules whose time has come. No scope: workers serve every tenant.

    They are not locked: whoever comes first writes down the day's run, and nobody can write it twice.
    """
    rows = await queries.rows(
        """
        SELECT tenant_id, user_id, timezone, local_hour, when_empty, next_date, version
          FROM digest_schedules
         WHERE next_due_at <= $1
         ORDER BY next_due_at
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


async def change(tx: Transaction, schedule: Schedule) -> None:
    """Set zone, hour and whether empty days are told; `version` is that of the schedule it replaces. Raises Stale."""
    touched = await tx.execute(
        """
        UPDATE digest_schedules
           SET timezone = $3, local_hour = $4, when_empty = $5, next_date = NULL, next_due_at = '-infinity',
               version = version + 1
         WHERE tenant_id = $1 AND user_id = $2 AND version = $6
        """,
        tx.tenant_id,
        schedule.user_id,
        schedule.timezone,
        schedule.local_hour,
        schedule.when_empty,
        schedule.version,
    )
    if not touched:
        raise Stale


async def plan(tx: Transaction, schedule: Schedule, next_date: date, next_due_at: datetime) -> bool:
    """Go on to another day, unless somebody else did or the schedule was changed; say whether it was done."""
    return bool(
        await tx.execute(
            """
            UPDATE digest_schedules SET next_date = $3, next_due_at = $4
             WHERE tenant_id = $1 AND user_id = $2 AND version = $5 AND next_date IS NOT DISTINCT FROM $6
            """,
            tx.tenant_id,
            schedule.user_id,
            next_date,
            next_due_at,
            schedule.version,
            schedule.next_date,
        )
    )


async def record(tx: Transaction, user_id: UserId, day: date, outcome: str, now: datetime) -> bool:
    """Write down what became of a day's digest, once; say whether this was the first time."""
    return bool(
        await tx.execute(
            """
            INSERT INTO digest_runs (tenant_id, user_id, local_date, outcome, at) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT DO NOTHING
            """,
            tx.tenant_id,
            user_id,
            day,
            outcome,
            now,
        )
    )


def _schedule(row: Row) -> Schedule:
    return Schedule(**row)
