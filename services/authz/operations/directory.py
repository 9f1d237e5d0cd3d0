"""Keeping the picture of agencies, offices and people true, whatever order their events come in."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from services.authz.domain.group import Member, PermissionGroup
from services.authz.domain.person import Person
from services.authz.domain.starting_groups import StartingGroup
from services.authz.operations.rights_changes import announce
from services.authz.store import grants, groups, people, tenants
from services.chassis.database import Transaction
from services.contracts.identity_events import LicenceCreated


async def take_on(
    tx: Transaction, licence: LicenceCreated, starting: Mapping[UUID, StartingGroup], now: datetime
) -> None:
    """Give a new agency its groups, the first of them its administrator; everybody's rights begin with that."""
    version = await tenants.raise_version(tx)
    if not await tenants.take_on(tx, licence.timezone, licence.ownership):
        return
    for group_id, group in starting.items():
        await groups.insert(tx, PermissionGroup(group_id, group.name, group.is_employee_group, 1, now))
        await grants.put(tx, group_id, group.grants, None, now)
    await groups.put_member(tx, next(iter(starting)), Member(licence.administrator_id, None), None, now)
    await announce(tx, version, await people.everybody(tx))


async def keep_person(tx: Transaction, person: Person) -> None:
    """Keep what was told of a person, unless something newer is known already."""
    version = await tenants.raise_version(tx)
    known = await people.find(tx, person.id)
    if known is not None and known.version >= person.version:
        return
    await people.save(tx, person)
    if known is None or not person.stands_as(known):
        await announce(tx, version, [person.id])
