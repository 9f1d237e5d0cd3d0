"""Taking on an agency, changing what it chose and bought, and its offices."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.chassis import outbox
from services.chassis.database import Database, Transaction
from services.chassis.idempotency import IdempotencyKey, earlier
from services.chassis.problems import Stale
from services.contracts.identity_events import UserCreated
from services.contracts.vocabulary import OfficeId, RegionId, TenantId
from services.identity.domain.access_policy import Source
from services.identity.domain.audit import AuditKind
from services.identity.domain.licence import Licence, Office, keep_seats
from services.identity.domain.user import User
from services.identity.operations.access_policies import Author, Change
from services.identity.operations.audit import note
from services.identity.store import access_policies, licences, offices, users

Edit = Callable[[Licence], Licence]


async def create_licence(db: Database, licence: Licence, office: Office, administrator: User, now: datetime) -> None:
    """Take on an agency with its first office and administrator, who gets an activation mail.

    Raises LicenceCodeTaken.
    """
    async with db.transaction(licence.tenant_id) as tx:
        await licences.insert(tx, licence, now)
        await offices.insert(tx, office, now)
        await users.insert(tx, administrator)
        await note(tx, AuditKind.LICENCE_CREATED, licence.tenant_id, after=licence)
        await note(tx, AuditKind.OFFICE_CREATED, office.id, after=office)
        await note(tx, AuditKind.USER_CREATED, administrator.id, after=administrator)
        await outbox.add(
            tx,
            licence.created(administrator.id),
            office.changed(),
            UserCreated(user=administrator.facts()),
        )


async def change_terms(db: Database, tenant_id: TenantId, edit: Edit) -> tuple[Licence, int]:
    """Return the agency with changed seats or code (MG-1, MG-24), and how many seats are taken.

    Raises SeatsTaken, LicenceCodeTaken.
    """
    async with db.transaction(tenant_id) as tx:
        before = await licences.get(tx, lock=True)
        changed = edit(before)
        taken = await users.count_active(tx)
        keep_seats(changed, taken)
        changed = await _write(tx, before, changed)
    return changed, taken


def settings_change(edit: Edit, version: int, author: Author) -> Change:
    """Return the change of what an agency chose, which may move everybody's hours with its time zone.

    Raises when enacted: Stale.
    """

    async def write(tx: Transaction) -> None:
        before = await licences.get(tx)
        if before.version != version:
            raise Stale
        await _write(tx, before, edit(before))

    return Change(Source.TENANT, author, access_policies.everybody, write)


async def _write(tx: Transaction, before: Licence, changed: Licence) -> Licence:
    """Write an agency at its next version and tell of it; one that is the same stays as it is."""
    if changed == before:
        return before
    after = replace(changed, version=before.version + 1)
    await licences.save(tx, after)
    await note(tx, AuditKind.LICENCE_CHANGED, after.tenant_id, before, after)
    await outbox.add(tx, after.changed())
    return after


async def create_office(
    db: Database, tenant_id: TenantId, office: Office, key: IdempotencyKey | None, now: datetime
) -> UUID:
    """Open an office; return its id, or that of an earlier request with the same key. Raises OfficeNameTaken."""
    async with db.transaction(tenant_id) as tx:
        made = await earlier(tx, key, office.id, now)
        if made is not None:
            return made
        await offices.insert(tx, office, now)
        await note(tx, AuditKind.OFFICE_CREATED, office.id, after=office)
        await outbox.add(tx, office.changed())
    return office.id


async def rename_office(db: Database, tenant_id: TenantId, office_id: OfficeId, name: str, version: int) -> Office:
    """Return the office under its new name. Raises NotFound, Stale, OfficeNameTaken."""
    async with db.transaction(tenant_id) as tx:
        before = await offices.find(tx, office_id)
        office = await offices.rename(tx, office_id, name, version)
        await note(tx, AuditKind.OFFICE_CHANGED, office_id, before, office)
        await outbox.add(tx, office.changed())
    return office


async def move_office(
    db: Database, tenant_id: TenantId, office_id: OfficeId, region_id: RegionId | None, version: int
) -> Office:
    """Return the office in another region, or in none (ON-36). Raises NotFound, Stale, UnknownRegion."""
    async with db.transaction(tenant_id) as tx:
        before = await offices.find(tx, office_id)
        office = await offices.move(tx, office_id, region_id, version)
        await note(tx, AuditKind.OFFICE_CHANGED, office_id, before, office)
        await outbox.add(tx, office.changed())
    return office
