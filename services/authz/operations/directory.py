"""Keeping the picture of agencies, offices and people true, whatever order their events come in."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from services.authz.domain.catalogue import Catalogue
from services.authz.domain.group import Member, PermissionGroup
from services.authz.domain.holder import Holder, HolderKind
from services.authz.domain.person import Person
from services.authz.domain.signature import Signature
from services.authz.domain.starting_groups import StartingGroup
from services.authz.operations.rights_changes import announce
from services.authz.store import grants, groups, offers, people, tenants
from services.chassis.database import Transaction
from services.contracts.identity_events import LicenceCreated, LicenceEvent


async def take_on(
    tx: Transaction, licence: LicenceCreated, starting: Mapping[UUID, StartingGroup], product: Catalogue, now: datetime
) -> None:
    """Give a new agency its groups, the first of them its administrator; everybody's rights begin with that."""
    turn = await tenants.take_turn(tx, now)
    is_other = await tenants.follow_licence(tx, licence, turn.at)
    is_new = await tenants.take_on(tx)
    if is_new:
        await offers.set_offered(tx, product.keys())
        signature = Signature(None, turn.at)
        for group_id, group in starting.items():
            called = group.called(licence.locale)
            made = PermissionGroup(
                group_id, called.name, group.is_employee_group, 1, now, group.code, called.description
            )
            await groups.insert(tx, made, signature)
            await grants.put(tx, Holder(HolderKind.GROUP, group_id), group.grants, signature)
        await groups.put_member(tx, next(iter(starting)), Member(licence.administrator_id, None), signature)
    if is_new or is_other:
        await announce(tx, turn.version, await people.everybody(tx))


async def keep_licence(tx: Transaction, licence: LicenceEvent, now: datetime) -> None:
    """Keep what was told of an agency, unless something newer is known already; its ownership decides rights."""
    turn = await tenants.take_turn(tx, now)
    if await tenants.follow_licence(tx, licence, turn.at):
        await announce(tx, turn.version, await people.everybody(tx))


async def keep_person(tx: Transaction, person: Person, now: datetime) -> None:
    """Keep what was told of a person, unless something newer is known already."""
    turn = await tenants.take_turn(tx, now)
    known = await people.find(tx, person.id)
    if known is not None and known.version >= person.version:
        return
    if known is None:
        await people.save(tx, person)
        await people.begin(tx, person.id, turn.at)
    elif person.stands_as(known):
        await people.save(tx, person)
        return
    else:
        await people.remember(tx, person.id, turn.at)
        await people.save(tx, person)
    await announce(tx, turn.version, [person.id])
