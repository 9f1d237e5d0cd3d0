"""The card of one person's own rights: which version it is, and why he has them."""

from dataclasses import dataclass

from services.chassis.database import Transaction
from services.contracts.vocabulary import UserId


@dataclass(frozen=True, slots=True)
class RightsCard:
    """Version 0 stands for a person whose own rights nobody has touched yet."""

    version: int = 0
    description: str = ""


async def get(tx: Transaction, user_id: UserId) -> RightsCard:
    """Return a person's card. No scope: rights themselves; handlers ask for the permission."""
    row = await tx.row(
        "SELECT version, description FROM person_rights WHERE tenant_id = $1 AND user_id = $2", tx.tenant_id, user_id
    )
    return RightsCard() if row is None else RightsCard(row["version"], row["description"])


async def describe(tx: Transaction, user_id: UserId, description: str) -> None:
    """Replace why a person has his rights."""
    await tx.execute(
        """
        INSERT INTO person_rights (tenant_id, user_id, version, description)
        VALUES ($1, $2, 0, $3)
        ON CONFLICT (tenant_id, user_id) DO UPDATE SET description = excluded.description
        """,
        tx.tenant_id,
        user_id,
        description,
    )
