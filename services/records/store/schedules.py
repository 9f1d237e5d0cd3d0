"""What will happen to records by itself, as rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.chassis.database import Queries, Transaction
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


async def put(tx: Transaction, section: str, record_id: UUID, schedule: Schedule, now: datetime) -> None:
    """Set when something happens to a record, in place of what was set before."""
    await tx.execute(
        """
        INSERT INTO record_schedules (tenant_id, section, record_id, action, due_at, scheduled_by, scheduled_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (tenant_id, record_id, action) DO UPDATE
           SET due_at = excluded.due_at, scheduled_by = excluded.scheduled_by, scheduled_at = excluded.scheduled_at
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
        SELECT action, due_at, scheduled_by
          FROM record_schedules
         WHERE tenant_id = $1 AND record_id = $2
         ORDER BY due_at
        """,
        tx.tenant_id,
        record_id,
    )
    return [Schedule(Action(row["action"]), row["due_at"], row["scheduled_by"]) for row in rows]


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


async def find_due(queries: Queries, now: datetime, limit: int) -> Sequence[Due]:
    """Return what is due by now in any tenant, the longest due first. For the worker's role."""
    rows = await queries.rows(
        """
        SELECT tenant_id, section, record_id, action
          FROM record_schedules
         WHERE due_at <= $1
         ORDER BY due_at
         LIMIT $2
        """,
        now,
        limit,
    )
    return [Due(row["tenant_id"], row["section"], row["record_id"], Action(row["action"])) for row in rows]
