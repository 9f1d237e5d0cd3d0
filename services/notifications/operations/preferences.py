"""Choosing what one gets, and what the agency usually sends."""

from collections.abc import Mapping
from uuid import UUID

from services.chassis import outbox
from services.chassis.database import Database
from services.chassis.problems import NotFound
from services.contracts.notifications_events import SubscriptionChanged
from services.contracts.vocabulary import TenantId
from services.notifications.domain import preference
from services.notifications.domain.delivery import Category
from services.notifications.store import preferences, recipients, sub_accounts

Chosen = Mapping[Category, bool | None]
"""A choice per category; None forgets an earlier one."""


async def choose(db: Database, tenant_id: TenantId, recipient_id: UUID, chosen: Chosen, version: int) -> None:
    """Keep somebody's choices; those of a sub-account are its contact's. Raises NotChoosable, NotFound, Stale."""
    preference.require_choosable(chosen)
    async with db.transaction(tenant_id) as tx:
        recipient_id = await sub_accounts.contact_of(tx, recipient_id) or recipient_id
        await recipients.touch(tx, recipient_id, version)
        for category, wanted in chosen.items():
            if await preferences.choose(tx, recipient_id, category, wanted=wanted):
                await outbox.add(tx, SubscriptionChanged(recipient_id=recipient_id, category=category, wanted=wanted))


async def set_defaults(db: Database, tenant_id: TenantId, chosen: Chosen) -> None:
    """Keep what the agency usually sends. Raises NotChoosable."""
    preference.require_choosable(chosen)
    async with db.transaction(tenant_id) as tx:
        await preferences.set_defaults(tx, chosen)


async def leave(db: Database, tenant_id: TenantId, recipient_id: UUID, category: Category) -> None:
    """Leave mail of a category for good, whoever edits what at the same time. Raises NotFound."""
    async with db.transaction(tenant_id) as tx:
        if not await recipients.hold(tx, [recipient_id]):
            raise NotFound
        recipient_id = await sub_accounts.contact_of(tx, recipient_id) or recipient_id
        if await preferences.choose(tx, recipient_id, category, wanted=False):
            await outbox.add(tx, SubscriptionChanged(recipient_id=recipient_id, category=category, wanted=False))
