"""Permission groups come, change and go; so do their members and what is granted to them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from services.authz.domain.administrator import MANAGE_EMPLOYEE_GROUPS
from services.authz.domain.catalogue import Catalogue
from services.authz.domain.compiling import HeldGrant
from services.authz.domain.grant import Grant
from services.authz.domain.group import Member, PermissionGroup, check_employee_group
from services.authz.domain.holder import Holder, HolderKind
from services.authz.operations.granting import grant_exactly
from services.authz.operations.rights_changes import Author, RightsChange, changing_rights
from services.authz.store import grants, groups, people
from services.chassis.database import Database, Transaction
from services.chassis.idempotency import IdempotencyKey, earlier
from services.chassis.problems import NotFound, Stale
from services.contracts.vocabulary import UserId


@dataclass(frozen=True, slots=True)
class Target:
    """The group to be changed, at the version that the author saw."""

    group_id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class Card:
    """What an administrator edits of a group; None leaves it as it is."""

    name: str | None
    is_employee_group: bool | None


@dataclass(frozen=True, slots=True)
class Done:
    """The group that was changed, and the rights version as of which everybody sees it."""

    group_id: UUID
    rights_version: int


async def create_group(db: Database, author: Author, group: PermissionGroup, key: IdempotencyKey | None) -> Done:
    """Add an empty group, or return that of an earlier request with the key. Raises GroupNameTaken."""
    async with changing_rights(db, author) as change:
        made = await earlier(change.tx, key, group.id, author.now)
        if made is None:
            await groups.insert(change.tx, group, change.signature)
        return Done(made or group.id, change.version)


async def change_group(db: Database, author: Author, target: Target, card: Card) -> Done:
    """Rename a group, or make it an employee group or none.

    Raises NotFound, Stale, GroupNameTaken, EmployeeGroupAdministers.
    """
    async with changing_rights(db, author) as change:
        group = await _at(change.tx, target)
        kind = group.is_employee_group if card.is_employee_group is None else card.is_employee_group
        renamed = replace(group, name=card.name or group.name, is_employee_group=kind)
        if renamed.is_employee_group:
            check_employee_group(await grants.of(change.tx, _holder(group)))
        if renamed != group:
            await groups.rename(change.tx, renamed, change.signature)
        return Done(group.id, change.version)


async def remove_group(db: Database, author: Author, target: Target) -> Done:
    """Remove a group; its members lose what they held through it. Raises NotFound, Stale, LastAdministrator."""
    async with changing_rights(db, author) as change:
        group = await _at(change.tx, target)
        change.concerned |= await _members(change.tx, group.id)
        await grants.end_all(change.tx, _holder(group), change.signature)
        await groups.delete(change.tx, group.id, change.signature)
        return Done(group.id, change.version)


async def replace_grants(
    db: Database, catalogue: Catalogue, author: Author, target: Target, wanted: Sequence[Grant]
) -> Done:
    """Grant exactly this to a group. Grants that it keeps also keep who gave them, and when.

    Raises NotFound, Stale, Invalid, EmployeeGroupAdministers, GrantsMoreThanHeld, LastAdministrator.
    """
    async with changing_rights(db, author) as change:
        group = await _at(change.tx, target)
        if group.is_employee_group:
            check_employee_group(wanted)
        await grant_exactly(change, catalogue, _holder(group), wanted, await _members(change.tx, group.id))
        await groups.next_version(change.tx, group.id)
        return Done(group.id, change.version)


async def put_member(db: Database, author: Author, target: Target, member: Member) -> Done:
    """Put a person into a group, or change until when. Who manages employee groups may do it with those (IMO-B20).

    Raises NotFound, Stale, GrantsMoreThanHeld, LastAdministrator.
    """
    async with changing_rights(db, author, MANAGE_EMPLOYEE_GROUPS) as change:
        group = await _with_members(change, target)
        if await people.find(change.tx, member.user_id) is None:
            raise NotFound
        if member in await groups.members(change.tx, group.id):
            return Done(group.id, change.version)
        holder = _holder(group)
        given = [HeldGrant(grant, holder, member.expires_at) for grant in await grants.of(change.tx, holder)]
        await change.check_delegation([member.user_id], given)
        change.concerned.add(member.user_id)
        await groups.put_member(change.tx, group.id, member, change.signature)
        await groups.next_version(change.tx, group.id)
        return Done(group.id, change.version)


async def remove_member(db: Database, author: Author, target: Target, user_id: UserId) -> Done:
    """Take a person out of a group, as `put_member`.

    Raises NotFound, also for who is not in it; Stale, LastAdministrator.
    """
    async with changing_rights(db, author, MANAGE_EMPLOYEE_GROUPS) as change:
        group = await _with_members(change, target)
        if user_id not in await _members(change.tx, group.id):
            raise NotFound
        change.concerned.add(user_id)
        await groups.remove_member(change.tx, group.id, user_id, change.signature)
        await groups.next_version(change.tx, group.id)
        return Done(group.id, change.version)


async def _with_members(change: RightsChange, target: Target) -> PermissionGroup:
    """Return a group whose members the author may move. Raises NotFound, Stale."""
    group = await _at(change.tx, target)
    if not (change.manages_permissions or group.is_employee_group):
        raise NotFound
    return group


async def _at(tx: Transaction, target: Target) -> PermissionGroup:
    """Return the group at the version that the author saw. Raises NotFound, Stale."""
    group = await groups.get(tx, target.group_id)
    if group.version != target.version:
        raise Stale
    return group


def _holder(group: PermissionGroup) -> Holder:
    return Holder(HolderKind.GROUP, group.id, group.name)


async def _members(tx: Transaction, group_id: UUID) -> set[UserId]:
    return {member.user_id for member in await groups.members(tx, group_id)}
