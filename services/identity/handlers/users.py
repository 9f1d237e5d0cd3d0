"""People of the agency: the agent card."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from services.chassis import ids
from services.chassis.authz_client import require
from services.chassis.cursor import Cursor
from services.chassis.pages import PageQuery
from services.chassis.problems import NotFound
from services.chassis.web import Call, Input, Output, Route
from services.contracts.instants import Instant
from services.contracts.vocabulary import OfficeId, UserId, UserKind, UserState
from services.identity.deps import Deps
from services.identity.domain.agent_card import AgentCard, Contact, ContactKind
from services.identity.domain.user import MANAGE, Assignments, User
from services.identity.handlers.colleagues import require_among_colleagues, require_colleague
from services.identity.handlers.fields import Code, Email, Locale, Name, Telephone, Userid
from services.identity.handlers.ways_in import may_change_way_in
from services.identity.operations import users as operations
from services.identity.operations.users import Card, Newcomer, StateChange
from services.identity.store import licences, support_access, users

Offices = Annotated[list[UUID], Field(max_length=500)]


class NewUser(Input):
    userid: Userid
    code: Code
    given_name: Name
    family_name: Name
    email: Email
    telephone: Telephone | None = None
    """The first contact of the person's card; an external technician needs one."""
    locale: Locale | None = None
    principal_offices: Offices = Field(default=[])
    secondary_offices: Offices = Field(default=[])
    kind: UserKind = UserKind.COLLEAGUE
    ends_at: Instant | None = None
    """From this instant on access is blocked; an external technician needs one within seven days."""


class CardChange(Input):
    code: Code | None = None
    given_name: Name | None = None
    family_name: Name | None = None
    email: Email | None = None
    locale: Locale | None = None


class AssignmentsChange(Input):
    principal_offices: Offices
    secondary_offices: Offices


class StateWanted(Input):
    state: Literal[UserState.ACTIVE, UserState.SUSPENDED, UserState.GHOST, UserState.PROVISIONED]


class UserShown(Output):
    id: UUID
    userid: str
    code: str
    given_name: str
    family_name: str
    email: str
    locale: str
    state: UserState
    principal_offices: list[UUID]
    secondary_offices: list[UUID]
    kind: UserKind
    ends_at: datetime | None
    """From when on access is blocked, by whichever policy; null for never."""
    version: int
    created_at: datetime


class LookingShown(Output):
    actor: str
    reason: str
    ends_at: datetime


class MeShown(UserShown):
    impersonation: LookingShown | None
    """Not null: it is not the person who looks but support, which clients say on every page."""


class UsersPage(Output):
    items: list[UserShown]
    next: str | None


async def list_users(deps: Deps, call: Call, asked: PageQuery) -> UsersPage:
    """List the agency's people, newest first; not to external technicians or accounts of contacts."""
    await require_colleague(deps, call)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        found = await users.page(tx, after=asked.cursor, limit=asked.limit + 1)
    shown, following = asked.cut(found, lambda user: Cursor(user.created_at, user.id))
    return UsersPage(items=[_shown(user) for user in shown], next=following)


async def get_me(deps: Deps, call: Call) -> MeShown:
    """Show the caller's own card, and who looks at it where that is somebody else."""
    caller = call.caller
    shown, begun = await _one(deps, call, caller.user_id), None
    if caller.actor:
        async with deps.db.single_read(caller.tenant_id) as tx:
            begun = await support_access.of_session(tx, caller.session_id)
    looking = LookingShown(actor=begun.actor, reason=begun.reason, ends_at=begun.ends_at) if begun else None
    return MeShown(**shown.model_dump(), impersonation=looking)


async def get_user(deps: Deps, call: Call) -> UserShown:
    """Show a colleague's card; to external technicians and accounts of contacts only their own."""
    user_id = UserId(call.id_in_path("user_id"))
    await require_colleague(deps, call, user_id)
    return await _one(deps, call, user_id)


async def create_user(deps: Deps, call: Call, asked: NewUser) -> UserShown:
    """Add a colleague, who gets a mail to activate the account. Needs admin.agents.manage."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    tenant_id = call.caller.tenant_id
    async with deps.db.single_read(tenant_id) as tx:
        licence = await licences.get(tx)
    user = User(
        id=UserId(ids.uuid7()),
        userid=asked.userid,
        code=asked.code,
        given_name=asked.given_name,
        family_name=asked.family_name,
        email=asked.email,
        locale=asked.locale or licence.locale,
        state=UserState.PROVISIONED,
        assignments=_assignments(asked.principal_offices, asked.secondary_offices),
        version=1,
        created_at=call.now,
        kind=asked.kind,
        ends_at=asked.ends_at,
        sponsor_id=call.caller.user_id,
    )
    card = AgentCard(contacts=(Contact(ContactKind.PHONE, asked.telephone),), version=1) if asked.telephone else None
    made = await operations.create_user(deps.db, tenant_id, Newcomer(user, card), call.idempotency_key, call.now)
    call.reply_headers["Location"] = f"/v1/users/{made}"
    return await _one(deps, call, UserId(made))


async def change_user(deps: Deps, call: Call, asked: CardChange) -> UserShown:
    """Change fields of a colleague's card. Needs admin.agents.manage.

    With another address the links mailed to the earlier one end; who has not activated the account is invited again.
    To change the address of somebody who manages rights needs admin.permissions.manage, too.
    """
    user_id = UserId(call.id_in_path("user_id"))
    if asked.email is None:
        await require_among_colleagues(deps, call, MANAGE, user_id)
    else:
        await may_change_way_in(deps, call, user_id)
    card = Card(asked.code, asked.given_name, asked.family_name, asked.email, asked.locale)
    return _shown(await operations.change_user(deps.db, call.caller.tenant_id, user_id, card, call.version))


async def change_assignments(deps: Deps, call: Call, asked: AssignmentsChange) -> UserShown:
    """Say where a colleague is principal and where secondary. Needs admin.agents.manage."""
    user_id = UserId(call.id_in_path("user_id"))
    await require_among_colleagues(deps, call, MANAGE, user_id)
    assignments = _assignments(asked.principal_offices, asked.secondary_offices)
    return _shown(await operations.assign_user(deps.db, call.caller.tenant_id, user_id, assignments, call.version))


async def change_state(deps: Deps, call: Call, asked: StateWanted) -> UserShown:
    """Suspend, restore or retire a colleague; running sessions end at once. Needs admin.agents.manage.

    To have somebody invited again who manages rights needs admin.permissions.manage, too.
    """
    user_id = UserId(call.id_in_path("user_id"))
    if asked.state is UserState.PROVISIONED:
        await may_change_way_in(deps, call, user_id)
    else:
        await require_among_colleagues(deps, call, MANAGE, user_id)
    change = StateChange(user_id, asked.state, call.version)
    return _shown(await operations.change_state(deps.db, deps.administrators, call.caller.tenant_id, change, call.now))


async def request_activation(deps: Deps, call: Call) -> None:
    """Send a colleague's activation mail again. Needs admin.agents.manage.

    For somebody who manages rights it needs admin.permissions.manage, too.
    """
    user_id = UserId(call.id_in_path("user_id"))
    await may_change_way_in(deps, call, user_id)
    await operations.request_activation(deps.db, call.caller.tenant_id, user_id)


async def _one(deps: Deps, call: Call, user_id: UserId) -> UserShown:
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        user = await users.find(tx, user_id)
    if user is None:
        raise NotFound
    return _shown(user)


def _assignments(principal: Sequence[UUID], secondary: Sequence[UUID]) -> Assignments:
    return Assignments(tuple(map(OfficeId, principal)), tuple(map(OfficeId, secondary)))


def _shown(user: User) -> UserShown:
    return UserShown(
        id=user.id,
        userid=user.userid,
        code=user.code,
        given_name=user.given_name,
        family_name=user.family_name,
        email=user.email,
        locale=user.locale,
        state=user.state,
        principal_offices=list(user.assignments.principal),
        secondary_offices=list(user.assignments.secondary),
        kind=user.kind,
        ends_at=user.ends_at,
        version=user.version,
        created_at=user.created_at,
    )


ROUTES = (
    Route("GET", "/v1/me", get_me, gives=MeShown),
    Route("GET", "/v1/users", list_users, takes=PageQuery, gives=UsersPage),
    Route("POST", "/v1/users", create_user, takes=NewUser, gives=UserShown, status=201, once=True),
    Route("GET", "/v1/users/{user_id}", get_user, gives=UserShown),
    Route("PATCH", "/v1/users/{user_id}", change_user, takes=CardChange, gives=UserShown, edits=True),
    Route(
        "PUT",
        "/v1/users/{user_id}/assignments",
        change_assignments,
        takes=AssignmentsChange,
        gives=UserShown,
        edits=True,
    ),
    Route("PUT", "/v1/users/{user_id}/state", change_state, takes=StateWanted, gives=UserShown, edits=True),
    Route("POST", "/v1/users/{user_id}/activation-mail", request_activation, status=202),
)
