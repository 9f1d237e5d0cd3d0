"""Writing agent cards."""

from services.chassis import outbox
from services.chassis.database import Database, Transaction
from services.chassis.problems import NotFound
from services.contracts.vocabulary import TenantId, UserId
from services.identity.domain.agent_card import AgentCard, check_telephone
from services.identity.domain.audit import AuditKind
from services.identity.operations.audit import note
from services.identity.store import agent_cards, users


async def write_card(db: Database, tenant_id: TenantId, user_id: UserId, card: AgentCard) -> None:
    """Write a person's card at its next version. Raises NotFound, Stale, TelephoneNeeded."""
    async with db.transaction(tenant_id) as tx:
        kind = await users.kind_of(tx, user_id)
        if kind is None:
            raise NotFound
        check_telephone(kind, card, "/contacts")
        await write(tx, user_id, card)


async def write(tx: Transaction, user_id: UserId, card: AgentCard) -> None:
    """Write a person's card at its next version, and tell of it. Raises NotFound, Stale."""
    before = await agent_cards.find(tx, user_id)
    await agent_cards.save(tx, user_id, card)
    await note(tx, AuditKind.CARD_CHANGED, user_id, before, card)
    await outbox.add(tx, card.changed(user_id))
