"""Sub-accounts: contacts who may sign in (SB-1, SB-2, SB-16, SB-25)."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.chassis import ids
from services.chassis.authz_client import require
from services.chassis.cursor import Cursor
from services.chassis.pages import PageQuery
from services.chassis.problems import NotFound
from services.chassis.web import Call, Input, Output, Route
from services.contracts.vocabulary import OfficeId, UserId, UserState
from services.identity.deps import Deps
from services.identity.domain.user import MANAGE, Assignments, User
from services.identity.handlers.colleagues import require_among_colleagues
from services.identity.handlers.fields import Code, Email, Locale, Name, Userid
from services.identity.handlers.ways_in import may_change_way_in
from services.identity.operations import sub_accounts as operations
from services.identity.store import licences, sub_accounts
from services.identity.store.sub_accounts import SubAccount


class SubAccountFields(Input):
    userid: Userid
    """For a new account; one that comes back keeps its own."""
    code: Code
    given_name: Name
    family_name: Name
    email: Email
    locale: Locale | None = None
    secondary_offices: Annotated[list[UUID], Field(max_length=500)] = Field(default=[])
    """Where the person's rights may reach; without any, only what its groups grant everywhere."""


class SubAccountShown(Output):
    contact_id: UUID
    """In notifications."""
    user_id: UUID
    state: UserState
    granted: bool
    version: int
    """Of the person."""


class SubAccountsPage(Output):
    items: list[SubAccountShown]
    next: str | None


async def list_sub_accounts(deps: Deps, call: Call, asked: PageQuery) -> SubAccountsPage:
    """List which contacts sign in as whom, newest first, also those who no longer do. Needs admin.agents.manage."""
    await require_among_colleagues(deps, call, MANAGE)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        found = await sub_accounts.page(tx, after=asked.cursor, limit=asked.limit + 1)
    shown, following = asked.cut(found, lambda one: Cursor(one.created_at, one.user_id))
    return SubAccountsPage(items=[_shown(one) for one in shown], next=following)


async def get_sub_account(deps: Deps, call: Call) -> SubAccountShown:
    """Show whom a contact signs in as. Needs admin.agents.manage."""
    await require_among_colleagues(deps, call, MANAGE)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        found = await sub_accounts.find(tx, call.id_in_path("contact_id"))
    if found is None:
        raise NotFound
    return _shown(found)


async def grant_sub_account(deps: Deps, call: Call, asked: SubAccountFields) -> SubAccountShown:
    """Let a contact sign in: the tick. Needs admin.agents.manage.

    An activation mail goes out. A contact who had an account gets it back under the name given now; one who has it
    keeps it as it is. What the person may do, authz says; which mails the contact gets, and whether there is such a
    contact, notifications say: its id is taken here as it is given. To give the account back to somebody who managed
    rights needs admin.permissions.manage, too.
    """
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    tenant_id, contact_id = call.caller.tenant_id, call.id_in_path("contact_id")
    async with deps.db.transaction(tenant_id, readonly=True) as tx:
        licence, found = await licences.get(tx), await sub_accounts.find(tx, contact_id)
    if found is not None:
        await may_change_way_in(deps, call, found.user_id)
    user = User(
        id=UserId(ids.uuid7()),
        userid=asked.userid,
        code=asked.code,
        given_name=asked.given_name,
        family_name=asked.family_name,
        email=asked.email,
        locale=asked.locale or licence.locale,
        state=UserState.PROVISIONED,
        assignments=Assignments((), tuple(map(OfficeId, asked.secondary_offices))),
        version=1,
        created_at=call.now,
        sponsor_id=call.caller.user_id,
    )
    return _shown(await operations.grant(deps.db, tenant_id, contact_id, user, call.now))


async def revoke_sub_account(deps: Deps, call: Call) -> None:
    """Take a contact's account away: its sessions end, its mails go on. Needs admin.agents.manage."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    contact_id = call.id_in_path("contact_id")
    await operations.revoke(deps.db, deps.administrators, call.caller.tenant_id, contact_id, call.version, call.now)


def _shown(account: SubAccount) -> SubAccountShown:
    return SubAccountShown(
        contact_id=account.contact_id,
        user_id=account.user_id,
        state=account.state,
        granted=account.granted,
        version=account.version,
    )


ROUTES = (
    Route("GET", "/v1/sub-accounts", list_sub_accounts, takes=PageQuery, gives=SubAccountsPage),
    Route("GET", "/v1/sub-accounts/{contact_id}", get_sub_account, gives=SubAccountShown),
    Route("PUT", "/v1/sub-accounts/{contact_id}", grant_sub_account, takes=SubAccountFields, gives=SubAccountShown),
    Route("DELETE", "/v1/sub-accounts/{contact_id}", revoke_sub_account, edits=True),
)
