"""Writing agent cards."""

from services.chassis import outbox
from services.chassis.database import Database
from services.contracts.identity_events import AgentCardChanged
from services.contracts.vocabulary import TenantId, UserId
from services.identity.domain.agent_card import AgentCard
from services.identity.domain.audit import AuditKind
from services.identity.operations.audit import note
from services.identity.store import agent_cards


async def write_card(db: Database, tenant_id: TenantId, user_id: UserId, card: AgentCard) -> None:
    """Write a person's card at its next version. Raises NotFound, Stale."""
    async with db.transaction(tenant_id) as tx:
        before = await agent_cards.find(tx, user_id)
        await agent_cards.save(tx, user_id, card)
        await note(tx, AuditKind.CARD_CHANGED, user_id, before, card)
        await outbox.add(
            tx,
            AgentCardChanged(
                user_id=user_id,
                version=card.version,
                title=card.title,
                colour=card.colour,
                sender_address=card.sender_address,
                shown=tuple(sorted(card.shown)),
            ),
        )
