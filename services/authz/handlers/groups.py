"""Permission groups: who is in them and what is granted to them. Whoever changes one needs admin.permissions.manage.

Members of employee groups also come and go by whoever holds admin.permissions.manage_employee_groups.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints, model_validator

from services.authz.deps import Deps
from services.authz.domain.group import Member, PermissionGroup
from services.authz.domain.holder import Holder, HolderKind
from services.authz.handlers.grants import GrantShown, GrantsWanted, Name, Reasoned, author_of, tell_version
from services.authz.handlers.permits import sees_all_groups
from services.authz.operations import groups as operations
from services.authz.operations.groups import Card
from services.authz.operations.holders import HolderTarget, replace_grants
from services.authz.store import grants, groups, holders
from services.authz.store.groups import ListedGroup
from services.chassis import ids
from services.chassis.cursor import Cursor
from services.chassis.pages import PageQuery
from services.chassis.problems import NotFound
from services.chassis.web import Call, Output, Route
from services.contracts.instants import Instant
from services.contracts.vocabulary import UserId

Description = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]


class NewGroup(Reasoned):
    name: Name
    is_employee_group: bool = False
    description: Description = ""
    """What it gives access to, for whoever puts people into it (AM-14)."""


class GroupChange(Reasoned):
    name: Name | None = None
    is_employee_group: bool | None = None
    description: Description | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "GroupChange":
        if self.name is None and self.is_employee_group is None and self.description is None:
            raise ValueError("name, is_employee_group or description must be given")
        return self


class Membership(Reasoned):
    expires_at: Instant | None = None


class MemberShown(Output):
    user_id: UUID
    expires_at: datetime | None


class GroupShown(Output):
    id: UUID
    code: str | None
    """Which of the groups that an agency starts with it is, whatever it is called; null: made by the agency."""
    name: str
    description: str
    is_employee_group: bool
    grants: list[GrantShown]
    members: list[MemberShown]
    version: int
    created_at: datetime


class GroupListed(Output):
    id: UUID
    code: str | None
    name: str
    description: str
    is_employee_group: bool
    grants: int
    members: int
    version: int
    created_at: datetime


class GroupsPage(Output):
    items: list[GroupListed]
    next: str | None


async def list_groups(deps: Deps, call: Call, asked: PageQuery) -> GroupsPage:
    """List the permission groups, newest first. Needs admin.permissions.manage or admin.agents.manage.

    With admin.permissions.manage_employee_groups one sees the employee groups.
    """
    every = await sees_all_groups(deps, call)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        found = await groups.page(tx, every=every, after=asked.cursor, limit=asked.limit + 1)
    shown, following = asked.cut(found, lambda each: Cursor(each.group.created_at, each.group.id))
    return GroupsPage(items=[_listed(each) for each in shown], next=following)


async def get_group(deps: Deps, call: Call) -> GroupShown:
    """Show a group with its grants and members, to whom the list shows it."""
    every = await sees_all_groups(deps, call)
    shown = await _one(deps, call, call.id_in_path("group_id"))
    if not (every or shown.is_employee_group):
        raise NotFound
    return shown


async def create_group(deps: Deps, call: Call, asked: NewGroup) -> GroupShown:
    """Add a group without members or grants."""
    group = PermissionGroup(
        ids.uuid7(), asked.name, asked.is_employee_group, 1, call.now, description=asked.description
    )
    done = await operations.create_group(deps.db, author_of(call, asked), group, call.idempotency_key)
    call.reply_headers["Location"] = f"/v1/groups/{done.id}"
    return await _shown(deps, call, done.id, done.rights_version)


async def change_group(deps: Deps, call: Call, asked: GroupChange) -> GroupShown:
    """Rename or describe a group, or make it an employee group or none."""
    card = Card(asked.name, asked.is_employee_group, asked.description)
    return await _changed(
        deps, call, await operations.change_group(deps.db, author_of(call, asked), _target(call), card)
    )


async def remove_group(deps: Deps, call: Call, asked: Reasoned) -> None:
    """Remove a group; its members lose what they held through it, unless that leaves no administrator."""
    done = await operations.remove_group(deps.db, author_of(call, asked), _target(call))
    tell_version(deps, call, done)


async def replace_group_grants(deps: Deps, call: Call, asked: GrantsWanted) -> GroupShown:
    """Grant exactly this to a group. Only an administrator can grant more than he holds."""
    wanted = [each.grant() for each in asked.grants]
    done = await replace_grants(deps.db, deps.catalogue, author_of(call, asked), _target(call), wanted)
    return await _changed(deps, call, done)


async def put_member(deps: Deps, call: Call, asked: Membership) -> GroupShown:
    """Put a person into a group, for ever or until a moment."""
    member = Member(UserId(call.id_in_path("user_id")), asked.expires_at)
    return await _changed(
        deps, call, await operations.put_member(deps.db, author_of(call, asked), _target(call), member)
    )


async def remove_member(deps: Deps, call: Call, asked: Reasoned) -> GroupShown:
    """Take a person out of a group, unless that leaves no administrator."""
    user_id = UserId(call.id_in_path("user_id"))
    return await _changed(
        deps, call, await operations.remove_member(deps.db, author_of(call, asked), _target(call), user_id)
    )


async def _changed(deps: Deps, call: Call, rights_version: int) -> GroupShown:
    return await _shown(deps, call, call.id_in_path("group_id"), rights_version)


async def _shown(deps: Deps, call: Call, group_id: UUID, rights_version: int) -> GroupShown:
    tell_version(deps, call, rights_version)
    return await _one(deps, call, group_id)


async def _one(deps: Deps, call: Call, group_id: UUID) -> GroupShown:
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        group = await groups.get(tx, group_id)
        holder = Holder(HolderKind.GROUP, group_id)
        granted, members = await grants.of(tx, holder), await holders.people_of(tx, holder)
    return GroupShown(
        id=group.id,
        code=group.code,
        name=group.name,
        description=group.description,
        is_employee_group=group.is_employee_group,
        grants=[GrantShown.of(grant) for grant in granted],
        members=[MemberShown(user_id=user_id, expires_at=until) for user_id, until in members.items()],
        version=group.version,
        created_at=group.created_at,
    )


def _listed(each: ListedGroup) -> GroupListed:
    return GroupListed(
        id=each.group.id,
        code=each.group.code,
        name=each.group.name,
        description=each.group.description,
        is_employee_group=each.group.is_employee_group,
        grants=each.grants,
        members=each.members,
        version=each.group.version,
        created_at=each.group.created_at,
    )


def _target(call: Call) -> HolderTarget:
    return HolderTarget(Holder(HolderKind.GROUP, call.id_in_path("group_id")), call.version)


_GROUP = "/v1/groups/{group_id}"
_MEMBER = "/v1/groups/{group_id}/members/{user_id}"

ROUTES = (
    Route("GET", "/v1/groups", list_groups, takes=PageQuery, gives=GroupsPage),
    Route("POST", "/v1/groups", create_group, takes=NewGroup, gives=GroupShown, status=201, once=True),
    Route("GET", _GROUP, get_group, gives=GroupShown),
    Route("PATCH", _GROUP, change_group, takes=GroupChange, gives=GroupShown, edits=True),
    Route("DELETE", _GROUP, remove_group, takes=Reasoned, edits=True),
    Route(
        "PUT", "/v1/groups/{group_id}/grants", replace_group_grants, takes=GrantsWanted, gives=GroupShown, edits=True
    ),
    Route("PUT", _MEMBER, put_member, takes=Membership, gives=GroupShown, edits=True),
    Route("DELETE", _MEMBER, remove_member, takes=Reasoned, gives=GroupShown, edits=True),
)
