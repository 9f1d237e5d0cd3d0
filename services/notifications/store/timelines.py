"""What happened to a delivery, line by line."""

from collections.abc import Sequence
from uuid import UUID

from services.chassis.database import Queries, Transaction
from services.contracts.vocabulary import TenantId
from services.notifications.domain.delivery import Moment, State


async def append(tx: Transaction, delivery_id: UUID, state: State, code: str | None) -> None:
    """Add a line to a delivery's timeline."""
    await append_each(tx, [(tx.tenant_id, delivery_id, state, code)])


async def append_each(queries: Queries, lines: Sequence[tuple[TenantId, UUID, State, str | None]]) -> None:
    """Add lines to the timelines of several agencies' deliveries."""
    await queries.execute(
        """
        INSERT INTO delivery_history (tenant_id, delivery_id, state, code)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[])
        """,
        [tenant_id for tenant_id, _, _, _ in lines],
        [delivery_id for _, delivery_id, _, _ in lines],
        [state for _, _, state, _ in lines],
        [code for _, _, _, code in lines],
    )


async def timeline_of(tx: Transaction, delivery_id: UUID) -> Sequence[Moment]:
    """Return what happened to a delivery, oldest first. No scope: ask only for one that was found visible."""
    rows = await tx.rows(
        "SELECT at, state, code FROM delivery_history WHERE tenant_id = $1 AND delivery_id = $2 ORDER BY seq",
        tx.tenant_id,
        delivery_id,
    )
    return [Moment(row["at"], State(row["state"]), row["code"]) for row in rows]
