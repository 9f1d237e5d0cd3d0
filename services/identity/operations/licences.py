"""Taking on an agency, and its offices."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.chassis import outbox
from services.chassis.database import Database
from services.chassis.idempotency import IdempotencyKey, earlier
from services.contracts.identity_events import UserCreated
from services.contracts.vocabulary import OfficeId, RegionId, TenantId
from services.identity.domain.audit import AuditKind
from services.identity.domain.licence import Licence, Office, keep_seats
from services.identity.domain.user import User
from services.identity.operations.audit import note
from services.identity.store import licences, offices, users


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


@dataclass(frozen=True, slots=True)
class Terms:
    """What the contract holder asks of the operator (MG-1, MG-24); None leaves it as it is."""

    seats_bought: int | None
    licence_code: str | None


async def change_licence(db: Database, tenant_id: TenantId, terms: Terms) -> tuple[Licence, int]:
    """Return the agency with changed terms, and how many seats are taken. Raises SeatsTaken, LicenceCodeTaken."""
    async with db.transaction(tenant_id) as tx:
        licence = await licences.get(tx, lock=True)
        changed = replace(
            licence,
            seats_bought=licence.seats_bought if terms.seats_bought is None else terms.seats_bought,
            licence_code=terms.licence_code or licence.licence_code,
        )
        taken = await users.count_active(tx)
        keep_seats(changed, taken)
        await licences.save(tx, changed)
        await note(tx, AuditKind.LICENCE_CHANGED, tenant_id, licence, changed)
    return changed, taken


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
