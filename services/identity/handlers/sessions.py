"""Signing in with licence code, user id and password; refreshing; signing out."""

from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field, RootModel

from services.chassis.authz_client import require
from services.chassis.problems import NotFound
from services.chassis.web import Access, Call, Input, Output, Route
from services.contracts.vocabulary import SessionId, UserId
from services.identity.adapters import secret_tokens
from services.identity.adapters.secret_tokens import SecretToken
from services.identity.deps import Deps
from services.identity.domain.session import SessionOver, access_expiry
from services.identity.domain.user import MANAGE
from services.identity.handlers.colleagues import require_among_colleagues
from services.identity.handlers.fields import Password
from services.identity.handlers.ways_in import require_person
from services.identity.operations import sessions as operations
from services.identity.operations.sessions import Challenged, Opened, Origin, SignedIn, ThreeCodes
from services.identity.store import sessions, users

LONGEST_USER_AGENT: Final = 200


class Credentials(Input):
    licence_code: Annotated[str, Field(min_length=1, max_length=64)]
    userid: Annotated[str, Field(min_length=1, max_length=128)]
    password: Password
    device_token: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    """From an earlier sign-in on the same device; it keeps failures elsewhere from standing in the way."""


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


class OpenedTokens(Tokens):
    device_token: str
    """Keep it on the device, also after signing out, and send it with the next sign-in."""
    recovery_codes: list[str]
    """If this sign-in put the first factor into use, else empty. Each works once in its place; shown this once."""


class SecondStepAwaited(Output):
    """The password was right; a second factor is used or demanded."""

    challenge_token: str
    """For `POST /v1/sessions/second-factor`, with a code."""
    challenge_expires_at: datetime
    enrolling: bool
    """Whether an authenticator app (`POST /v1/sessions/authenticator`) or a passkey (`/new-passkey`) is set up now."""
    passkey: bool
    """Whether a passkey may stand for the code, at `POST /v1/sessions/second-factor/passkey`."""


class SignInAnswer(RootModel[OpenedTokens | SecondStepAwaited]):
    """A session, or what stands before it."""


class SessionShown(Output):
    id: UUID
    created_at: datetime
    expires_at: datetime
    address: str
    """Where it was opened from."""
    user_agent: str
    current: bool
    actor: str | None
    """Who of the vendor's support opened it to look as the person does; null for the person himself."""


class SessionsShown(Output):
    items: list[SessionShown]


async def create_session(deps: Deps, call: Call, asked: Credentials) -> SignInAnswer:
    """Sign in; where a second factor is used or demanded, begin to.

    Every wrong combination gets the same answer; the reason is told only after the right password: access_ended,
    outside_hours, address_not_allowed, account_not_active. Failures are counted, those of unknown devices together:
    429 says in Retry-After when the next one is looked at.
    """
    codes = ThreeCodes(asked.licence_code, asked.userid, asked.password)
    device = secret_tokens.parse(asked.device_token) if asked.device_token else None
    answer = await operations.sign_in(deps.gate, codes, origin_of(call, device), call.now)
    if isinstance(answer, Challenged):
        return SignInAnswer(
            SecondStepAwaited(
                challenge_token=str(answer.token),
                challenge_expires_at=answer.expires_at,
                enrolling=answer.enrolling,
                passkey=answer.passkey,
            )
        )
    return SignInAnswer(await opened_tokens(deps, answer, call.now))


async def refresh_session(deps: Deps, call: Call, asked: RefreshToken) -> Tokens:
    """Exchange a refresh token for fresh tokens.

    For thirty seconds the same token gives the same next one, so that tabs may refresh together; after that its
    use ends the session.
    """
    presented = secret_tokens.parse(asked.refresh_token)
    if presented is None:
        raise SessionOver
    return await _tokens(deps, await operations.refresh(deps.db, presented, call.now, call.address), call.now)


async def list_sessions(deps: Deps, call: Call) -> SessionsShown:
    """List the caller's own running sessions, newest first; machines' come last. 200 at most."""
    return await _running(deps, call, call.caller.user_id)


async def list_sessions_of_user(deps: Deps, call: Call) -> SessionsShown:
    """List a colleague's running sessions, as he is shown them himself. Needs admin.agents.manage."""
    user_id = UserId(call.id_in_path("user_id"))
    await require_among_colleagues(deps, call, MANAGE, user_id)
    return await _running(deps, call, user_id)


async def remove_session(deps: Deps, call: Call) -> None:
    """Sign out of one of the caller's own sessions. A machine may end only the one that it has."""
    session_id = SessionId(call.id_in_path("session_id"))
    if session_id != call.caller.session_id:
        await require_person(deps, call)
    await operations.sign_out(deps.db, call.caller.tenant_id, call.caller.user_id, session_id, call.now)


async def remove_sessions(deps: Deps, call: Call) -> None:
    """Sign out everywhere. A machine may not."""
    await require_person(deps, call)
    await operations.sign_out_everywhere(deps.db, call.caller.tenant_id, call.caller.user_id, call.now)


async def remove_session_of_user(deps: Deps, call: Call) -> None:
    """Sign a colleague out of one session. Needs admin.agents.manage; a machine may not for whom it acts."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    user_id, session_id = UserId(call.id_in_path("user_id")), SessionId(call.id_in_path("session_id"))
    await require_person(deps, call, user_id)
    await operations.sign_out(deps.db, call.caller.tenant_id, user_id, session_id, call.now)


async def remove_sessions_of_user(deps: Deps, call: Call) -> None:
    """Sign a colleague out everywhere. Needs admin.agents.manage; a machine may not for whom it acts."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    user_id = UserId(call.id_in_path("user_id"))
    await require_person(deps, call, user_id)
    await operations.sign_out_everywhere(deps.db, call.caller.tenant_id, user_id, call.now)


async def _running(deps: Deps, call: Call, user_id: UserId) -> SessionsShown:
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        if await users.find(tx, user_id) is None:
            raise NotFound
        running = await sessions.running_of(tx, user_id, call.now)
    return SessionsShown(
        items=[
            SessionShown(
                id=session.id,
                created_at=session.created_at,
                expires_at=session.expires_at,
                address=session.address,
                user_agent=session.user_agent,
                current=session.id == call.caller.session_id,
                actor=session.actor,
            )
            for session in running
        ]
    )


def origin_of(call: Call, device: SecretToken | None) -> Origin:
    """Return where a call comes from, and with what."""
    agent = "".join(letter for letter in call.headers.get("User-Agent", "") if letter.isprintable())
    return Origin(call.address, agent[:LONGEST_USER_AGENT], device)


async def opened_tokens(deps: Deps, opened: Opened, now: datetime) -> OpenedTokens:
    """Return the tokens of a session that was just opened."""
    tokens = await _tokens(deps, opened, now)
    return OpenedTokens(
        **tokens.model_dump(), device_token=str(opened.device_token), recovery_codes=list(opened.recovery_codes)
    )


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
    Route(
        "POST", "/v1/sessions", create_session, takes=Credentials, gives=SignInAnswer, status=201, access=Access.ANYONE
    ),
    Route("POST", "/v1/sessions/refresh", refresh_session, takes=RefreshToken, gives=Tokens, access=Access.ANYONE),
    Route("GET", "/v1/sessions", list_sessions, gives=SessionsShown),
    Route("DELETE", "/v1/sessions", remove_sessions),
    Route("DELETE", "/v1/sessions/{session_id}", remove_session),
    Route("GET", "/v1/users/{user_id}/sessions", list_sessions_of_user, gives=SessionsShown),
    Route("DELETE", "/v1/users/{user_id}/sessions", remove_sessions_of_user),
    Route("DELETE", "/v1/users/{user_id}/sessions/{session_id}", remove_session_of_user),
)
