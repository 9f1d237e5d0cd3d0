"""Rows of mails that came back, until a worker has found out whose they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.chassis.database import Queries
from services.contracts.vocabulary import TenantId


@dataclass(frozen=True, slots=True)
class Returned:
    """A mail that came back; `tenant_id` is None for a delivery that there is not, or no longer."""

    id: UUID
    delivery_id: UUID
    status: str
    tenant_id: TenantId | None


async def insert(queries: Queries, bounce_id: UUID, delivery_id: UUID, status: str) -> None:
    """Keep what a mail system said of a mail."""
    await queries.execute(
        "INSERT INTO bounces (id, delivery_id, status) VALUES ($1, $2, $3)", bounce_id, delivery_id, status
    )


async def claim(queries: Queries, limit: int) -> Sequence[Returned]:
    """Return up to `limit` mails that came back, oldest first. Carrying one out twice changes nothing more.

    One that a worker has in its hands comes later: only then is it known what became of it.
    """
    rows = await queries.rows(
        """
        SELECT b.id, b.delivery_id, b.status, d.tenant_id
          FROM bounces AS b
          LEFT JOIN deliveries AS d ON d.id = b.delivery_id
         WHERE d.state IS NULL OR d.state NOT IN ('claimed', 'handing_over')
         ORDER BY b.received_at
         LIMIT $1
        """,
        limit,
    )
    return [Returned(**row) for row in rows]


async def forget(queries: Queries, bounce_id: UUID) -> None:
    """Delete what has been carried out."""
    await queries.execute("DELETE FROM bounces WHERE id = $1", bounce_id)
