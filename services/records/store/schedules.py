"""What will happen to records by itself, as rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.chassis.cursor import Cursor
from services.chassis.database import Queries, Row, Transaction
from services.contracts.vocabulary import TenantId, UserId


class Action(StrEnum):
    ARCHIVE = "archive"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Due:
    """Something that is due, of whichever tenant."""

    tenant_id: TenantId
    section: str
    record_id: UUID
    action: Action


@dataclass(frozen=True, slots=True)
class Schedule:
    """What was set for a record."""

    action: Action
    due_at: datetime
    by: UserId
    failed_at: datetime | None = None
    failure: str | None = None
    """Code of the problem because of which it could not be carried out."""


async def put(tx: Transaction, section: str, record_id: UUID, schedule: Schedule, now: datetime) -> None:
    """Set when something happens to a record, in place of what was set before."""
    await tx.execute(
        """
        INSERT INTO record_schedules (tenant_id, section, record_id, action, due_at, scheduled_by, scheduled_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (tenant_id, record_id, action) DO UPDATE
           SET due_at = excluded.due_at, scheduled_by = excluded.scheduled_by, scheduled_at = excluded.scheduled_at,
               failed_at = NULL, failure = NULL
        """,
        tx.tenant_id,
        section,
        record_id,
        schedule.action,
        schedule.due_at,
        schedule.by,
        now,
    )


async def cancel(tx: Transaction, record_id: UUID, action: Action) -> None:
    """Let it not happen."""
    await tx.execute(
        "DELETE FROM record_schedules WHERE tenant_id = $1 AND record_id = $2 AND action = $3",
        tx.tenant_id,
        record_id,
        action,
    )


async def of_record(tx: Transaction, record_id: UUID) -> Sequence[Schedule]:
    """Return what is set for a record. No scope: whoever asks has opened the record."""
    rows = await tx.rows(
        """
        SELECT action, due_at, scheduled_by, failed_at, failure
          FROM record_schedules
         WHERE tenant_id = $1 AND record_id = $2
         ORDER BY due_at
        """,
        tx.tenant_id,
        record_id,
    )
    return [_schedule(row) for row in rows]


async def take(tx: Transaction, due: Due, now: datetime) -> UserId | None:
    """Take what is due off the list and return who had set it, or None when it no longer is."""
    return await tx.value(
        """
        DELETE FROM record_schedules
         WHERE tenant_id = $1 AND record_id = $2 AND action = $3 AND due_at <= $4
        RETURNING scheduled_by
        """,
        tx.tenant_id,
        due.record_id,
        due.action,
        now,
    )


async def fail(tx: Transaction, due: Due, code: str, now: datetime) -> None:
    """Write down why a schedule could not be carried out; it is not tried again by itself."""
    await tx.execute(
        """
        UPDATE record_schedules
           SET failed_at = $4, failure = $5
         WHERE tenant_id = $1 AND record_id = $2 AND action = $3 AND due_at <= $4
        """,
        tx.tenant_id,
        due.record_id,
        due.action,
        now,
        code,
    )


async def retry(tx: Transaction, record_id: UUID, action: Action, now: datetime) -> bool:
    """Make a schedule that failed due again; say whether there is one."""
    return bool(
        await tx.execute(
            """
            UPDATE record_schedules
               SET failed_at = NULL, failure = NULL, due_at = $4
             WHERE tenant_id = $1 AND record_id = $2 AND action = $3 AND failed_at IS NOT NULL
            """,
            tx.tenant_id,
            record_id,
            action,
            now,
        )
    )


async def page(
    tx: Transaction, *, failed: bool | None, after: Cursor, skipping: int, limit: int
) -> Sequence[tuple[UUID, str, Schedule]]:
    """Return schedules with the record and section of each, the earliest due first.

    `skipping` so many after the first place, up to `limit` instants and records: what is set for the same record and
    instant is never torn apart. No scope: whoever asks decides on each record.
    """
    rows = await tx.rows(
        """
        WITH page AS (
            SELECT DISTINCT due_at, record_id
              FROM record_schedules
             WHERE tenant_id = $1 AND (due_at, record_id) > ($2, $3)
               AND ($4::boolean IS NULL OR (failed_at IS NOT NULL) = $4)
             ORDER BY due_at, record_id
            OFFSET $5
             LIMIT $6
        )
        SELECT record_id, section, action, due_at, scheduled_by, failed_at, failure
          FROM page
          JOIN record_schedules USING (due_at, record_id)
         WHERE tenant_id = $1 AND ($4 IS NULL OR (failed_at IS NOT NULL) = $4)
         ORDER BY due_at, record_id, action
        """,
        tx.tenant_id,
        after.at,
        after.id,
        failed,
        skipping,
        limit,
    )
    return [(row["record_id"], row["section"], _schedule(row)) for row in rows]


def _schedule(row: Row) -> Schedule:
    return Schedule(
        Action(row["action"]), row["due_at"], row["scheduled_by"], failed_at=row["failed_at"], failure=row["failure"]
    )


async def find_due(queries: Queries, now: datetime, limit: int) -> Sequence[Due]:
    """Return what is due by now in any tenant, the longest due first. For the worker's role."""
    rows = await queries.rows(
        """
        SELECT tenant_id, section, record_id, action
          FROM record_schedules
         WHERE due_at <= $1 AND failed_at IS NULL
         ORDER BY due_at
         LIMIT $2
        """,
        now,
        limit,
    )
    return [Due(row["tenant_id"], row["section"], row["record_id"], Action(row["action"])) for row in rows]
