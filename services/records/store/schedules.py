"""What will happen to listings by itself, as rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.chassis.database import Queries, Transaction
from services.contracts.vocabulary import ListingId, TenantId, UserId


class Action(StrEnum):
    ARCHIVE = "archive"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Due:
    """Something that is due, of whichever tenant."""

    tenant_id: TenantId
    listing_id: ListingId
    action: Action


@dataclass(frozen=True, slots=True)
class Schedule:
    """What was set for a listing."""

    action: Action
    due_at: datetime
    by: UserId


async def put(tx: Transaction, listing_id: ListingId, schedule: Schedule, now: datetime) -> None:
    """Set when something happens to a listing, in place of what was set before."""
    await tx.execute(
        """
        INSERT INTO listing_schedules (tenant_id, listing_id, action, due_at, scheduled_by, scheduled_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (tenant_id, listing_id, action) DO UPDATE
           SET due_at = excluded.due_at, scheduled_by = excluded.scheduled_by, scheduled_at = excluded.scheduled_at
        """,
        tx.tenant_id,
        listing_id,
        schedule.action,
        schedule.due_at,
        schedule.by,
        now,
    )


async def cancel(tx: Transaction, listing_id: ListingId, action: Action) -> None:
    """Let it not happen."""
    await tx.execute(
        "DELETE FROM listing_schedules WHERE tenant_id = $1 AND listing_id = $2 AND action = $3",
        tx.tenant_id,
        listing_id,
        action,
    )


async def of_listing(tx: Transaction, listing_id: ListingId) -> Sequence[Schedule]:
    """Return what is set for a listing. No scope: whoever asks has opened the listing."""
    rows = await tx.rows(
        """
        SELECT action, due_at, scheduled_by
          FROM listing_schedules
         WHERE tenant_id = $1 AND listing_id = $2
         ORDER BY due_at
        """,
        tx.tenant_id,
        listing_id,
    )
    return [Schedule(Action(row["action"]), row["due_at"], row["scheduled_by"]) for row in rows]


async def take(tx: Transaction, due: Due, now: datetime) -> UserId | None:
    """Take what is due off the list and return who had set it, or None when it no longer is."""
    return await tx.value(
        """
        DELETE FROM listing_schedules
         WHERE tenant_id = $1 AND listing_id = $2 AND action = $3 AND due_at <= $4
        RETURNING scheduled_by
        """,
        tx.tenant_id,
        due.listing_id,
        due.action,
        now,
    )


async def find_due(queries: Queries, now: datetime, limit: int) -> Sequence[Due]:
    """Return what is due by now in any tenant, the longest due first. For the worker's role."""
    rows = await queries.rows(
        "SELECT tenant_id, listing_id, action FROM listing_schedules WHERE due_at <= $1 ORDER BY due_at LIMIT $2",
        now,
        limit,
    )
    return [Due(row["tenant_id"], row["listing_id"], Action(row["action"])) for row in rows]
