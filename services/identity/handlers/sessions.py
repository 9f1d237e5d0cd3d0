"""Signing in with licence code, user id and password; refreshing; signing out."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from services.chassis.web import Access, Call, Input, Output, Route
from services.contracts.vocabulary import SessionId
from services.identity.adapters import secret_tokens
from services.identity.deps import Deps
from services.identity.domain.password_policy import LONGEST
from services.identity.domain.session import SessionOver, access_expiry
from services.identity.operations import sessions as operations
from services.identity.operations.sessions import SignedIn, ThreeCodes
from services.identity.store import sessions


class Credentials(Input):
    licence_code: Annotated[str, Field(min_length=1, max_length=64)]
    userid: Annotated[str, Field(min_length=1, max_length=128)]
    password: Annotated[str, Field(min_length=1, max_length=LONGEST, json_schema_extra={"writeOnly": True})]


class RefreshToken(Input):
    refresh_token: Annotated[str, Field(min_length=1, max_length=128)]


class Tokens(Output):
    session_id: UUID
    tenant_id: UUID
    user_id: UUID
    token_type: Literal["Bearer"]
    access_token: str
    expires_at: datetime
    """When the access token ends; refresh before."""
    refresh_token: str
    """Works once; the answer holds the next one."""
    session_expires_at: datetime


class SessionShown(Output):
    id: UUID
    created_at: datetime
    expires_at: datetime
    current: bool


class SessionsShown(Output):
    items: list[SessionShown]


async def create_session(deps: Deps, call: Call, asked: Credentials) -> Tokens:
    """Sign in.

    Every wrong combination gets the same answer; the reason is told only after the right password: access_ended,
    outside_hours, address_not_allowed, account_not_active.
    """
    codes = ThreeCodes(asked.licence_code, asked.userid, asked.password)
    signed_in = await operations.sign_in(deps.db, deps.passwords, codes, deps.session_lifetime, call.now, call.address)
    return await _tokens(deps, signed_in, call.now)


async def refresh_session(deps: Deps, call: Call, asked: RefreshToken) -> Tokens:
    """Exchange a refresh token for fresh tokens; one that is used twice ends the session."""
    presented = secret_tokens.parse(asked.refresh_token)
    if presented is None:
        raise SessionOver
    return await _tokens(deps, await operations.refresh(deps.db, presented, call.now, call.address), call.now)


async def list_sessions(deps: Deps, call: Call) -> SessionsShown:
    """List the caller's own running sessions, newest first."""
    caller = call.caller
    async with deps.db.transaction(caller.tenant_id, readonly=True) as tx:
        running = await sessions.running_of(tx, caller.user_id, call.now)
    return SessionsShown(
        items=[
            SessionShown(
                id=session.id,
                created_at=session.created_at,
                expires_at=session.expires_at,
                current=session.id == caller.session_id,
            )
            for session in running
        ]
    )


async def remove_session(deps: Deps, call: Call) -> None:
    """Sign out of one of the caller's own sessions."""
    session_id = SessionId(call.id_in_path("session_id"))
    await operations.sign_out(deps.db, call.caller.tenant_id, call.caller.user_id, session_id, call.now)


async def remove_sessions(deps: Deps, call: Call) -> None:
    """Sign out everywhere."""
    await operations.sign_out_everywhere(deps.db, call.caller.tenant_id, call.caller.user_id, call.now)


async def _tokens(deps: Deps, signed_in: SignedIn, now: datetime) -> Tokens:
    session = signed_in.session
    expires_at = access_expiry(session, now)
    return Tokens(
        session_id=session.id,
        tenant_id=signed_in.tenant_id,
        user_id=session.user_id,
        token_type="Bearer",  # noqa: S106 the scheme's name
        access_token=await deps.signing.access_token(
            signed_in.tenant_id, session, signed_in.admission.networks, now, expires_at
        ),
        expires_at=expires_at,
        refresh_token=str(signed_in.refresh_token),
        session_expires_at=session.expires_at,
    )


ROUTES = (
    Route("POST", "/v1/sessions", create_session, takes=Credentials, gives=Tokens, status=201, access=Access.ANYONE),
    Route("POST", "/v1/sessions/refresh", refresh_session, takes=RefreshToken, gives=Tokens, access=Access.ANYONE),
    Route("GET", "/v1/sessions", list_sessions, gives=SessionsShown),
    Route("DELETE", "/v1/sessions", remove_sessions),
    Route("DELETE", "/v1/sessions/{session_id}", remove_session),
)
