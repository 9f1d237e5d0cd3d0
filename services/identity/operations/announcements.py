"""Telling again what the other services keep of an agency, for when one of them lost what it had been told."""

from collections.abc import AsyncGenerator

from services.chassis import outbox
from services.chassis.cursor import START, Cursor
from services.chassis.database import Database, Transaction
from services.contracts.envelope import Event
from services.contracts.identity_events import UserChanged
from services.contracts.vocabulary import TenantId
from services.identity.domain.user import User
from services.identity.operations.users import account_of
from services.identity.store import agent_cards, licences, offices, sub_accounts, teams, users

_AT_ONCE = 200


async def announce(db: Database, tenant_id: TenantId) -> int:
    """Tell of the agency, its offices, teams and people as they are now; return by how many events.

    Each carries the version that was told before: who knows it already does nothing. What was removed meanwhile is
    not told of.
    """
    async with db.transaction(tenant_id) as tx:
        people = [user async for user in _everybody(tx)]
        licence, first = await licences.get(tx), people[-1]
        events: list[Event] = [licence.created(first.id)]
        events += [office.changed() for office in await offices.every(tx)]
        events += [UserChanged(user=user.facts()) for user in people]
        events += [team.changed() for team in await teams.every(tx)]
        for user in people:
            card = await agent_cards.find(tx, user.id)
            events += [card.changed(user.id)] if card.version else []
            contact_id = await sub_accounts.contact_of(tx, user.id)
            events += [account_of(contact_id, user)] if contact_id else []
        await outbox.add(tx, *events)
    return len(events)


async def _everybody(tx: Transaction) -> AsyncGenerator[User]:
    """Yield all people, newest first: the last is whom the agency was taken on with."""
    after: Cursor | None = START
    while after is not None:
        page = await users.page(tx, after=after, limit=_AT_ONCE)
        for user in page:
            yield user
        after = Cursor(page[-1].created_at, page[-1].id) if len(page) == _AT_ONCE else None
