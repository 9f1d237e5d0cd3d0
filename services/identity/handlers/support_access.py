"""Support looks at an agency as one of its people sees it (ADR-0015)."""

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from services.chassis import ids
from services.chassis.authz_client import require
from services.chassis.cursor import Cursor
from services.chassis.pages import PageQuery
from services.chassis.problems import NotFound
from services.chassis.tokens import Caller
from services.chassis.web import Access, Call, Input, Output, Route
from services.contracts.instants import Instant
from services.contracts.tokens import SUPPORT
from services.contracts.vocabulary import SessionId, TenantId, UserId
from services.identity.deps import Deps
from services.identity.domain.session import Session, access_expiry
from services.identity.domain.support_access import LONGEST_LOOK, Consent, Impersonation
from services.identity.domain.user import ADMINISTRATION, MANAGE
from services.identity.handlers.colleagues import require_among_colleagues
from services.identity.handlers.fields import Userid
from services.identity.handlers.licences import tenant_of
from services.identity.handlers.sessions import origin_of
from services.identity.handlers.ways_in import require_person
from services.identity.operations import support_access as operations
from services.identity.operations.support_access import Look
from services.identity.store import support_access, users

ADMINISTERS = (MANAGE, ADMINISTRATION)
Agent = Annotated[str, StringConstraints(min_length=2, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]*$")]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=5, max_length=200, pattern=r"^[^\r\n]*$")]


class NewConsent(Input):
    ends_at: Instant
    """Within seven days."""
    administrators: bool = False
    """Whether support may look as an administrator too."""


class ConsentShown(Output):
    id: UUID
    given_by: UUID
    given_at: datetime
    ends_at: datetime
    administrators: bool
    revoked_at: datetime | None


class ConsentsPage(Output):
    items: list[ConsentShown]
    next: str | None


class ImpersonationShown(Output):
    id: UUID
    consent_id: UUID
    user_id: UUID
    session_id: UUID
    actor: str
    reason: str
    begun_at: datetime
    ends_at: datetime


class ImpersonationsPage(Output):
    items: list[ImpersonationShown]
    next: str | None


class LookWanted(Input):
    userid: Userid
    agent: Agent
    """Who of the operator's people; the operator vouches for it."""
    reason: Reason
    minutes: Annotated[int, Field(ge=1, le=LONGEST_LOOK // timedelta(minutes=1))] = 30


class LookingTokens(Output):
    impersonation_id: UUID
    session_id: UUID
    tenant_id: UUID
    user_id: UUID
    token_type: Literal["Bearer"]
    access_token: str
    expires_at: datetime
    """Ask for the next token before."""
    session_expires_at: datetime


async def list_consents(deps: Deps, call: Call, asked: PageQuery) -> ConsentsPage:
    """List the consents to support's looking, newest first. Needs admin.agents.manage."""
    await require_among_colleagues(deps, call, MANAGE)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        found = await support_access.consents(tx, after=asked.cursor, limit=asked.limit + 1)
    shown, following = asked.cut(found, lambda one: Cursor(one.given_at, one.id))
    return ConsentsPage(items=[_consent(one) for one in shown], next=following)


async def create_consent(deps: Deps, call: Call, asked: NewConsent) -> ConsentShown:
    """Let the vendor's support look at the agency for a while.

    Needs admin.agents.manage and admin.permissions.manage; a machine may not give it.
    """
    await require_person(deps, call)
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    for key in ADMINISTERS:
        require(snapshot, key)
    caller = call.caller
    consent = Consent(ids.uuid7(), caller.user_id, call.now, asked.ends_at, asked.administrators, None)
    given = await operations.give_consent(deps.db, caller.tenant_id, consent, call.idempotency_key)
    call.reply_headers["Location"] = f"/v1/support-consents/{given.id}"
    return _consent(given)


async def remove_consent(deps: Deps, call: Call) -> None:
    """Take a consent back; whoever looks by it is out at once. Needs admin.agents.manage."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    await operations.revoke_consent(deps.db, call.caller.tenant_id, call.id_in_path("consent_id"), call.now)


async def list_impersonations(deps: Deps, call: Call, asked: PageQuery) -> ImpersonationsPage:
    """List who of support looked as whom, when and why, newest first. Needs admin.agents.manage."""
    await require_among_colleagues(deps, call, MANAGE)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        found = await support_access.page(tx, after=asked.cursor, limit=asked.limit + 1)
    shown, following = asked.cut(found, lambda one: Cursor(one.begun_at, one.id))
    return ImpersonationsPage(items=[_impersonation(one) for one in shown], next=following)


async def create_impersonation(deps: Deps, call: Call, asked: LookWanted) -> LookingTokens:
    """Look at an agency as one of its people, with the agency's consent; nothing can be changed by it."""
    tenant_id = await tenant_of(deps, call.path["licence_code"])
    async with deps.db.single_read(tenant_id) as tx:
        user_id = await users.id_of(tx, asked.userid)
    if user_id is None:
        raise NotFound
    look = Look(
        user_id=user_id,
        administrator=await _administers(deps, call, tenant_id, user_id),
        actor=f"{SUPPORT}:{asked.agent}",
        reason=asked.reason,
        lasts=timedelta(minutes=asked.minutes),
    )
    begun, session = await operations.begin(deps.db, tenant_id, look, origin_of(call, None), call.now)
    return await _tokens(deps, call, tenant_id, begun.id, session)


async def create_impersonation_token(deps: Deps, call: Call) -> LookingTokens:
    """Get the next access token of an impersonation that goes on."""
    tenant_id, impersonation_id = await tenant_of(deps, call.path["licence_code"]), call.id_in_path("impersonation_id")
    session = await operations.running(deps.db, tenant_id, impersonation_id, call.now)
    administrator = await _administers(deps, call, tenant_id, session.user_id)
    await operations.check_still_covered(deps.db, tenant_id, impersonation_id, call.now, administrator=administrator)
    return await _tokens(deps, call, tenant_id, impersonation_id, session)


async def remove_impersonation(deps: Deps, call: Call) -> None:
    """End an impersonation at once."""
    tenant_id = await tenant_of(deps, call.path["licence_code"])
    await operations.end(deps.db, tenant_id, call.id_in_path("impersonation_id"), call.now)


async def _administers(deps: Deps, call: Call, tenant_id: TenantId, user_id: UserId) -> bool:
    """Say whether authz knows a person as one who manages people or rights."""
    looking = Caller(tenant_id, user_id, SessionId(ids.uuid7()), call.now)
    snapshot = await deps.access.of(looking, call.now)
    return any(snapshot.holds(key) for key in ADMINISTERS)


async def _tokens(
    deps: Deps, call: Call, tenant_id: TenantId, impersonation_id: UUID, session: Session
) -> LookingTokens:
    expires_at = access_expiry(session, call.now)
    return LookingTokens(
        impersonation_id=impersonation_id,
        session_id=session.id,
        tenant_id=tenant_id,
        user_id=session.user_id,
        token_type="Bearer",  # noqa: S106 the scheme's name
        access_token=await deps.signing.access_token(tenant_id, session, (), call.now, expires_at),
        expires_at=expires_at,
        session_expires_at=session.expires_at,
    )


def _consent(consent: Consent) -> ConsentShown:
    return ConsentShown(
        id=consent.id,
        given_by=consent.given_by,
        given_at=consent.given_at,
        ends_at=consent.ends_at,
        administrators=consent.administrators,
        revoked_at=consent.revoked_at,
    )


def _impersonation(one: Impersonation) -> ImpersonationShown:
    return ImpersonationShown(
        id=one.id,
        consent_id=one.consent_id,
        user_id=one.user_id,
        session_id=one.session_id,
        actor=one.actor,
        reason=one.reason,
        begun_at=one.begun_at,
        ends_at=one.ends_at,
    )


_BEGUN = "/v1/licences/{licence_code}/impersonations"

ROUTES = (
    Route("GET", "/v1/support-consents", list_consents, takes=PageQuery, gives=ConsentsPage),
    Route("POST", "/v1/support-consents", create_consent, takes=NewConsent, gives=ConsentShown, status=201, once=True),
    Route("DELETE", "/v1/support-consents/{consent_id}", remove_consent),
    Route("GET", "/v1/impersonations", list_impersonations, takes=PageQuery, gives=ImpersonationsPage),
    Route(
        "POST",
        _BEGUN,
        create_impersonation,
        takes=LookWanted,
        gives=LookingTokens,
        status=201,
        access=Access.OPERATOR,
    ),
    Route(
        "POST",
        _BEGUN + "/{impersonation_id}/tokens",
        create_impersonation_token,
        gives=LookingTokens,
        status=201,
        access=Access.OPERATOR,
    ),
    Route("DELETE", _BEGUN + "/{impersonation_id}", remove_impersonation, access=Access.OPERATOR),
)
