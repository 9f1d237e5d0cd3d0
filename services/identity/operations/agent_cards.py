"""Writing agent cards."""

from services.chassis.database import Database
from services.contracts.vocabulary import TenantId, UserId
from services.identity.domain.agent_card import AgentCard
from services.identity.store import agent_cards


async def write_card(db: Database, tenant_id: TenantId, user_id: UserId, card: AgentCard) -> None:
    """Write a person's card at its next version. Raises NotFound, Stale.

    Nothing is announced: no other service knows any of it.
    """
    async with db.transaction(tenant_id) as tx:
        await agent_cards.save(tx, user_id, card)
