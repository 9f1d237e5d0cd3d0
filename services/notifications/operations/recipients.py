"""What happens to recipients: identity tells of users, administrators keep contacts and switches."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.chassis import idempotency
from services.chassis.database import Database
from services.chassis.idempotency import IdempotencyKey
from services.chassis.problems import NotFound
from services.contracts.vocabulary import TenantId
from services.notifications.domain.recipient import Contact, ContactCard, Recipient, Switches
from services.notifications.store import agencies, contacts, recipients, suppressions


@dataclass(frozen=True, slots=True)
class NewContact:
    """A contact to be added."""

    id: UUID
    card: ContactCard
    key: IdempotencyKey | None


async def add_contact(db: Database, tenant_id: TenantId, new: NewContact, now: datetime) -> Contact:
    """Add a contact and return it. Raises AddressUnusable."""
    card = new.card.checked()
    async with db.transaction(tenant_id) as tx:
        made = await idempotency.earlier(tx, new.key, new.id, now)
        if made is None:
            await contacts.insert(tx, new.id, card)
        found = await contacts.find(tx, made or new.id)
    if found is None:
        raise NotFound
    return found


async def change_contact(
    db: Database, tenant_id: TenantId, contact_id: UUID, card: ContactCard, version: int
) -> Contact:
    """Change a contact's card and return it. Raises AddressUnusable, NotFound, Stale."""
    async with db.transaction(tenant_id) as tx:
        await contacts.change(tx, contact_id, card.checked(), version)
        found = await contacts.find(tx, contact_id)
    if found is None:
        raise NotFound
    return found


async def remove_contact(db: Database, tenant_id: TenantId, contact_id: UUID, version: int) -> None:
    """Remove a contact; its mails stay in the history. Raises NotFound, Stale, HasMail, HasAccount."""
    async with db.transaction(tenant_id) as tx:
        await contacts.delete(tx, contact_id, version)


async def switch(db: Database, tenant_id: TenantId, recipient_id: UUID, switches: Switches, version: int) -> Recipient:
    """Block or unblock somebody's mail, set whose address his mails bear. Raises AddressUnusable, NotFound, Stale."""
    async with db.transaction(tenant_id) as tx:
        await recipients.switch(tx, recipient_id, switches.checked(), version)
        found = await recipients.find(tx, recipient_id)
    if found is None:
        raise NotFound
    return found


async def lift_suppression(db: Database, tenant_id: TenantId, recipient_id: UUID) -> None:
    """Let mail go to somebody's address again. Raises NotFound."""
    async with db.transaction(tenant_id) as tx:
        found = await recipients.find(tx, recipient_id)
        if found is None:
            raise NotFound
        await suppressions.lift(tx, found.email)


async def set_retention(db: Database, tenant_id: TenantId, days: int, version: int) -> None:
    """Set how long mails stay in the history. Raises NotFound, Stale."""
    async with db.transaction(tenant_id) as tx:
        await agencies.set_retention(tx, days, version)
