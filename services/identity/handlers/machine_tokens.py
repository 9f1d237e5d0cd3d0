"""Tokens for machines: directories that provision people, and programs that call the API (ADR-0014)."""

from datetime import datetime
from ipaddress import ip_network
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from services.chassis import ids
from services.chassis.authz_client import require
from services.chassis.cursor import Cursor
from services.chassis.pages import PageQuery
from services.chassis.web import Access, Call, Input, Output, Route
from services.contracts.instants import Instant
from services.contracts.vocabulary import UserId
from services.identity.deps import Deps
from services.identity.domain.access_policy import MOST_IN_A_TOKEN
from services.identity.domain.machine_token import MachineScope, MachineToken
from services.identity.domain.user import ADMINISTRATION, MANAGE
from services.identity.handlers.colleagues import require_among_colleagues
from services.identity.handlers.fields import Name
from services.identity.handlers.policy_fields import CIDR
from services.identity.handlers.sessions import origin_of
from services.identity.handlers.ways_in import require_person
from services.identity.operations import machine_tokens as operations
from services.identity.store import machine_tokens


def _each_once(scopes: list[MachineScope]) -> list[MachineScope]:
    if len(set(scopes)) != len(scopes):
        raise ValueError("a scope is named twice")
    return scopes


class NewMachineToken(Input):
    name: Name
    scopes: Annotated[list[MachineScope], Field(min_length=1, max_length=2), AfterValidator(_each_once)]
    acts_for: UUID | None = None
    """The active colleague whose rights a token of scope `api` has; for other scopes nobody."""
    cidrs: Annotated[list[CIDR], Field(max_length=MOST_IN_A_TOKEN)] = Field(default=[])
    """Where the token may be used from; none for anywhere."""
    ends_at: Instant
    """Within 366 days."""


class MachineTokenShown(Output):
    id: UUID
    name: str
    scopes: list[MachineScope]
    acts_for: UUID | None
    cidrs: list[str]
    issued_by: UUID
    created_at: datetime
    ends_at: datetime
    last_used_at: datetime | None
    """To the minute."""
    revoked_at: datetime | None


class NewMachineTokenShown(MachineTokenShown):
    token: str
    """Shown this once; only its hash is kept."""


class MachineTokensPage(Output):
    items: list[MachineTokenShown]
    next: str | None


class PresentedToken(Input):
    token: Annotated[str, Field(min_length=1, max_length=128, json_schema_extra={"writeOnly": True})]


class MachineAccess(Output):
    session_id: UUID
    tenant_id: UUID
    user_id: UUID
    """Whom the machine acts for."""
    token_type: Literal["Bearer"]
    access_token: str
    expires_at: datetime
    """Exchange again before."""


async def list_machine_tokens(deps: Deps, call: Call, asked: PageQuery) -> MachineTokensPage:
    """List the agency's machine tokens, newest first, the ended and revoked ones included.

    Needs admin.agents.manage and admin.permissions.manage.
    """
    await _require_administrator(deps, call)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        found = await machine_tokens.page(tx, after=asked.cursor, limit=asked.limit + 1)
    shown, following = asked.cut(found, lambda token: Cursor(token.created_at, token.id))
    return MachineTokensPage(items=[_shown(token) for token in shown], next=following)


async def create_machine_token(deps: Deps, call: Call, asked: NewMachineToken) -> NewMachineTokenShown:
    """Make a machine token, which is shown in this answer and never again.

    Needs admin.agents.manage and admin.permissions.manage; a machine may not make one.
    """
    await _require_administrator(deps, call)
    await require_person(deps, call)
    token = MachineToken(
        id=ids.uuid7(),
        name=asked.name,
        scopes=tuple(asked.scopes),
        acts_for=None if asked.acts_for is None else UserId(asked.acts_for),
        networks=tuple(ip_network(cidr) for cidr in asked.cidrs),
        issued_by=call.caller.user_id,
        created_at=call.now,
        ends_at=asked.ends_at,
    )
    text = await operations.issue(deps.db, call.caller, token, call.idempotency_key, call.now)
    return NewMachineTokenShown(**_shown(token).model_dump(), token=text)


async def remove_machine_token(deps: Deps, call: Call) -> None:
    """Revoke a machine token; what it has open ends at once. Needs admin.agents.manage and admin.permissions.manage."""
    await _require_administrator(deps, call)
    await operations.revoke(deps.db, call.caller, call.id_in_path("token_id"), call.now)


async def create_machine_session(deps: Deps, call: Call, asked: PresentedToken) -> MachineAccess:
    """Exchange a machine token of scope api for an access token of five minutes.

    It has the rights of the person that the token acts for, and opens what that person's access policy and the
    token's own addresses allow. A token that is wrong, over or revoked gets one answer.
    """
    tenant_id, session, admission = await operations.exchange(deps.db, asked.token, origin_of(call, None), call.now)
    return MachineAccess(
        session_id=session.id,
        tenant_id=tenant_id,
        user_id=session.user_id,
        token_type="Bearer",  # noqa: S106 the scheme's name
        access_token=await deps.signing.access_token(
            tenant_id, session, admission.networks, call.now, session.expires_at
        ),
        expires_at=session.expires_at,
    )


async def _require_administrator(deps: Deps, call: Call) -> None:
    """Refuse whoever may not manage rights too: a token may act for somebody who has more than its issuer.

    No outsider either: with one for a directory he would read of everybody.
    """
    require(await require_among_colleagues(deps, call, MANAGE), ADMINISTRATION)


def _shown(token: MachineToken) -> MachineTokenShown:
    return MachineTokenShown(
        id=token.id,
        name=token.name,
        scopes=list(token.scopes),
        acts_for=token.acts_for,
        cidrs=[str(network) for network in token.networks],
        issued_by=token.issued_by,
        created_at=token.created_at,
        ends_at=token.ends_at,
        last_used_at=token.last_used_at,
        revoked_at=token.revoked_at,
    )


ROUTES = (
    Route("GET", "/v1/machine-tokens", list_machine_tokens, takes=PageQuery, gives=MachineTokensPage),
    Route(
        "POST",
        "/v1/machine-tokens",
        create_machine_token,
        takes=NewMachineToken,
        gives=NewMachineTokenShown,
        status=201,
        once=True,
    ),
    Route("DELETE", "/v1/machine-tokens/{token_id}", remove_machine_token),
    Route(
        "POST",
        "/v1/machine-sessions",
        create_machine_session,
        takes=PresentedToken,
        gives=MachineAccess,
        status=201,
        access=Access.ANYONE,
    ),
)
