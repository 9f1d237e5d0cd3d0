"""What happened to a delivery, line by line."""

from collections.abc import Sequence
from uuid import UUID

from services.chassis.database import Transaction
from services.notifications.domain.delivery import Moment, State


async def append(tx: Transaction, delivery_id: UUID, state: State, code: str | None) -> None:
    """Add a line to a delivery's timeline."""
    await tx.execute(
        "INSERT INTO delivery_history (tenant_id, delivery_id, state, code) VALUES ($1, $2, $3, $4)",
        tx.tenant_id,
        delivery_id,
        state,
        code,
    )


async def timeline_of(tx: Transaction, delivery_id: UUID) -> Sequence[Moment]:
    """Return what happened to a delivery, oldest first. No scope: ask only for one that was found visible."""
    rows = await tx.rows(
        "SELECT at, state, code FROM delivery_history WHERE tenant_id = $1 AND delivery_id = $2 ORDER BY seq",
        tx.tenant_id,
        delivery_id,
    )
    return [Moment(row["at"], State(row["state"]), row["code"]) for row in rows]
