"""Permission groups come, change and go; so do their members. What is granted to them: see `holders`."""

from dataclasses import dataclass, replace

from services.authz.domain.administrator import MANAGE_EMPLOYEE_GROUPS
from services.authz.domain.compiling import HeldGrant
from services.authz.domain.group import Member, PermissionGroup, check_employee_group
from services.authz.operations.holders import HolderTarget, changing_holder
from services.authz.operations.rights_changes import Author, Created, RightsChange, changing_rights
from services.authz.store import grants, groups, holders, people
from services.chassis.database import Database
from services.chassis.idempotency import IdempotencyKey, earlier
from services.chassis.problems import NotFound
from services.contracts.vocabulary import UserId


@dataclass(frozen=True, slots=True)
class Card:
    """What an administrator edits of a group; None leaves it as it is."""

    name: str | None
    is_employee_group: bool | None
    description: str | None


async def create_group(db: Database, author: Author, group: PermissionGroup, key: IdempotencyKey | None) -> Created:
    """Add an empty group, or return that of an earlier request with the key. Raises GroupNameTaken."""
    async with changing_rights(db, author) as change:
        made = await earlier(change.tx, key, group.id, author.now)
        if made is None:
            await groups.insert(change.tx, group, change.signature)
        return Created(made or group.id, change.version)


async def change_group(db: Database, author: Author, target: HolderTarget, card: Card) -> int:
    """Rename or describe a group, or make it an employee group or none; return the rights version.

    Raises NotFound, Stale, GroupNameTaken, EmployeeGroupAdministers.
    """
    async with changing_holder(db, author, target) as change:
        group = await groups.get(change.tx, target.holder.id)
        kind = group.is_employee_group if card.is_employee_group is None else card.is_employee_group
        described = group.description if card.description is None else card.description
        renamed = replace(group, name=card.name or group.name, is_employee_group=kind, description=described)
        if renamed.is_employee_group:
            check_employee_group(await grants.of(change.tx, target.holder))
        if renamed != group:
            await groups.rename(change.tx, renamed, change.signature)
        return change.version


async def remove_group(db: Database, author: Author, target: HolderTarget) -> int:
    """Remove a group; its members lose what they held through it. Return the rights version.

    Raises NotFound, Stale, LastAdministrator.
    """
    async with changing_holder(db, author, target) as change:
        change.concerned.update(await holders.people_of(change.tx, target.holder))
        await grants.end_all(change.tx, target.holder, change.signature)
        await groups.delete(change.tx, target.holder.id, change.signature)
        return change.version


async def put_member(db: Database, author: Author, target: HolderTarget, member: Member) -> int:
    """Put a person into a group, or change until when; return the rights version.

    Who manages employee groups may do it with those (IMO-B20). Raises NotFound, Stale, GrantsMoreThanHeld,
    LastAdministrator.
    """
    async with changing_holder(db, author, target, MANAGE_EMPLOYEE_GROUPS) as change:
        present = await _members(change, target)
        if await people.find(change.tx, member.user_id) is None:
            raise NotFound
        if member not in present:
            granted = await grants.of(change.tx, target.holder)
            given = [HeldGrant(grant, target.holder, member.expires_at) for grant in granted]
            await change.check_delegation([member.user_id], given)
            change.concerned.add(member.user_id)
            await groups.put_member(change.tx, target.holder.id, member, change.signature)
        return change.version


async def remove_member(db: Database, author: Author, target: HolderTarget, user_id: UserId) -> int:
    """Take a person out of a group, as `put_member`; return the rights version.

    Raises NotFound, also for who is not in it; Stale, LastAdministrator.
    """
    async with changing_holder(db, author, target, MANAGE_EMPLOYEE_GROUPS) as change:
        if user_id not in {member.user_id for member in await _members(change, target)}:
            raise NotFound
        change.concerned.add(user_id)
        await groups.remove_member(change.tx, target.holder.id, user_id, change.signature)
        return change.version


async def _members(change: RightsChange, target: HolderTarget) -> list[Member]:
    return [Member(*each) for each in (await holders.people_of(change.tx, target.holder)).items()]
