"""Rows of weekly reports: which Monday's was the last of an agency, and when the next is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.chassis.database import Queries, Transaction
from services.contracts.vocabulary import TenantId


@dataclass(frozen=True, slots=True)
class ReportSchedule:
    """An agency's reports; `monday` is that of the last one, None has to be worked out."""

    tenant_id: TenantId
    monday: date | None


async def rework(tx: Transaction) -> None:
    """Begin to look after an agency's reports, or have the next one timed anew, since its zone is another now."""
    await tx.execute(
        """
        INSERT INTO report_schedules (tenant_id) VALUES ($1)
        ON CONFLICT (tenant_id) DO UPDATE SET next_due_at = '-infinity'
        """,
        tx.tenant_id,
    )


async def due(queries: Queries, now: datetime, limit: int) -> Sequence[ReportSchedule]:
    """Return up to `limit` agencies whose report's time has come. No scope: workers serve every tenant."""
    rows = await queries.rows(
        "SELECT tenant_id, monday FROM report_schedules WHERE next_due_at <= $1 ORDER BY next_due_at LIMIT $2",
        now,
        limit,
    )
    return [ReportSchedule(row["tenant_id"], row["monday"]) for row in rows]


async def plan(tx: Transaction, schedule: ReportSchedule, monday: date, next_due_at: datetime) -> bool:
    """Go on to another Monday unless somebody else did; say whether it was done."""
    return bool(
        await tx.execute(
            """
            UPDATE report_schedules SET monday = $2, next_due_at = $3
             WHERE tenant_id = $1 AND monday IS NOT DISTINCT FROM $4
            """,
            tx.tenant_id,
            monday,
            next_due_at,
            schedule.monday,
        )
    )
