"""Giving contacts search criteria, changing and removing them."""

from collections.abc import Mapping
from dataclasses import replace

from services.chassis.authz_client import PermissionMissing
from services.chassis.database import Database, Transaction
from services.chassis.idempotency import IdempotencyKey, earlier
from services.chassis.problems import NotFound, Stale
from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import ContactId
from services.records.domain import wanted
from services.records.domain.attachment import Attachment, Happening, Kind
from services.records.domain.contact import Contact
from services.records.domain.search_criteria import (
    DELETE,
    MOST,
    READ,
    UPDATE,
    SearchCriteria,
    TooManyCriteria,
    missing_at_creation,
    permits,
)
from services.records.operations.attachments import remember
from services.records.operations.records import Act
from services.records.store import contacts, matches, records, search_criteria


async def create_criteria(
    db: Database, snapshot: AccessSnapshot, criteria: SearchCriteria, key: IdempotencyKey | None
) -> SearchCriteria:
    """Give a contact search criteria and return them; the same key returns those that it made before.

    Raises NotFound for a contact that the caller may not open, PermissionMissing, Invalid, TooManyCriteria, KeyReused.
    """
    wanted.check(criteria)
    async with db.transaction(snapshot.tenant_id) as tx:
        contact = await _contact(tx, snapshot, criteria.contact_id)
        missing = missing_at_creation(snapshot, contact.facts())
        if missing is not None:
            raise PermissionMissing(f"This needs the permission {missing}.")
        made = await earlier(tx, key, criteria.id, criteria.created_at)
        if made is not None:
            return await search_criteria.find(tx, made)
        if await search_criteria.count(tx, criteria.contact_id) >= MOST:
            raise TooManyCriteria
        await search_criteria.insert(tx, criteria)
        await _remember(tx, contact, None, criteria, Act(snapshot, criteria.id, criteria.created_at))
    return criteria


async def change_criteria(db: Database, act: Act, changes: Mapping[str, object]) -> SearchCriteria:
    """Change fields of search criteria and return them. Raises NotFound, PermissionMissing, Stale, Invalid."""
    async with db.transaction(act.snapshot.tenant_id) as tx:
        contact, before = await _held(tx, act, UPDATE)
        after = replace(before, **changes, version=before.version + 1, updated_at=act.now)
        wanted.check(after)
        await search_criteria.save(tx, after)
        await _remember(tx, contact, before, after, act)
    return after


async def remove_criteria(db: Database, act: Act) -> None:
    """Delete search criteria. Raises NotFound, PermissionMissing, Stale."""
    async with db.transaction(act.snapshot.tenant_id) as tx:
        contact, held = await _held(tx, act, DELETE)
        await search_criteria.remove(tx, held.id)
        await matches.forget(tx, held.id)
        await _remember(tx, contact, held, None, act)


async def _remember(
    tx: Transaction, contact: Contact, before: SearchCriteria | None, after: SearchCriteria | None, act: Act
) -> None:
    attachment = Attachment(section=contact.section.name, record_id=contact.id, kind=Kind.CRITERIA, id=act.record_id)
    await remember(tx, Happening(attachment, contact.facts(), act.snapshot.user_id, act.now), before, after)


async def _contact(tx: Transaction, snapshot: AccessSnapshot, contact_id: ContactId) -> Contact:
    """Return the contact, locked so that it is not deleted meanwhile, if the caller may open it. Raises NotFound."""
    contact = await records.get(tx, contacts.TABLE, snapshot, contact_id)
    if snapshot.decide("contacts.read", contact.facts()) is None:
        raise NotFound
    return contact


async def _held(tx: Transaction, act: Act, key: str) -> tuple[Contact, SearchCriteria]:
    """Return a contact, and its search criteria, locked, on which the key may be used.

    Raises NotFound, PermissionMissing, Stale.
    """
    criteria = await search_criteria.get(tx, act.record_id)
    contact = await records.find(tx, contacts.TABLE, act.snapshot, criteria.contact_id)
    if contact is None or not permits(act.snapshot, READ, contact.facts()):
        raise NotFound
    if not permits(act.snapshot, key, contact.facts()):
        raise PermissionMissing(f"This needs the permission {key}.")
    if act.version not in {None, criteria.version}:
        raise Stale
    return contact, criteria
