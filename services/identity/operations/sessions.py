"""Signing in, staying signed in, signing out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.chassis import ids, outbox
from services.chassis.database import Database, Transaction
from services.chassis.problems import NotFound
from services.contracts.vocabulary import SessionId, TenantId, UserId
from services.identity.adapters import secret_tokens
from services.identity.adapters.passwords import PasswordHashing
from services.identity.adapters.secret_tokens import SecretToken
from services.identity.domain.password_policy import normalised
from services.identity.domain.session import ACCESS_LIFETIME, Session, SessionOver, WrongCredentials, admit, is_replay
from services.identity.operations.users import end_sessions, revoked
from services.identity.store import credentials, licences, sessions, users


@dataclass(frozen=True, slots=True)
class ThreeCodes:
    """What a person signs in with (MG-24)."""

    licence_code: str
    userid: str
    password: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where somebody signs in from, and with what."""

    address: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A running session and the refresh token that keeps it running."""

    tenant_id: TenantId
    session: Session
    refresh_token: SecretToken


async def sign_in(
    db: Database, hashing: PasswordHashing, codes: ThreeCodes, origin: Origin, lifetime: timedelta, now: datetime
) -> SignedIn:
    """Return a new session. Raises WrongCredentials, alike and as slowly for every wrong code, AccountNotActive."""
    async with db.across_tenants() as queries:
        tenant_id = await licences.tenant_of(queries, codes.licence_code)
    user_id: UserId | None = None
    stored: str | None = None
    if tenant_id is not None:
        async with db.transaction(tenant_id, readonly=True) as tx:
            user_id = await users.id_of(tx, codes.userid)
            stored = await credentials.password_hash(tx, user_id) if user_id else None
    password = normalised(codes.password)
    if not await hashing.verify(stored, password) or tenant_id is None or user_id is None or stored is None:
        raise WrongCredentials
    rehashed = await hashing.hash(password) if hashing.needs_rehash(stored) else None
    session = Session(SessionId(ids.uuid7()), user_id, now, now + lifetime, origin.address, origin.user_agent)
    token = secret_tokens.new(tenant_id)
    async with db.transaction(tenant_id) as tx:
        if await credentials.password_hash(tx, user_id) != stored:
            raise WrongCredentials  # changed while this sign-in was being checked
        admit((await users.get(tx, user_id)).state)
        await sessions.insert(tx, session, token.hash)
        if rehashed is not None:
            await credentials.set_password(tx, user_id, rehashed, now)
    return SignedIn(tenant_id, session, token)


async def refresh(db: Database, presented: SecretToken, now: datetime) -> SignedIn:
    """Return the session with the next refresh token, the same one for all who ask at nearly the same time.

    A token that comes back after the grace is in two hands: the whole session ends, for whoever holds it.
    Raises SessionOver.
    """
    token = secret_tokens.new(presented.tenant_id)
    async with db.transaction(presented.tenant_id) as tx:
        used = await sessions.use_token(tx, presented.hash, token.hash, presented.seal(token), now)
        session = used.session if used else None
        replayed = used is not None and is_replay(used.used_at, now)
        if session is not None and replayed:
            await _end(tx, session.user_id, session.id, now)
    if used is None or session is None or replayed:
        raise SessionOver
    return SignedIn(presented.tenant_id, session, presented.open(used.successor) if used.successor else token)


async def sign_out(db: Database, tenant_id: TenantId, user_id: UserId, session_id: SessionId, now: datetime) -> None:
    """End one session of a person. Raises NotFound."""
    async with db.transaction(tenant_id) as tx:
        if not await _end(tx, user_id, session_id, now):
            raise NotFound


async def sign_out_everywhere(db: Database, tenant_id: TenantId, user_id: UserId, now: datetime) -> None:
    """End all of a person's sessions."""
    async with db.transaction(tenant_id) as tx:
        await end_sessions(tx, user_id, now)


async def repeat_revocations(db: Database, now: datetime) -> int:
    """Say again which sessions ended while a token of theirs may live, for processes that did not hear it.

    Returns how many people were named. `db` crosses tenants.
    """
    since = now - ACCESS_LIFETIME
    async with db.across_tenants() as queries:
        concerned = await sessions.ended_since(queries, since, now)
    for tenant_id, user_id, ended_at in concerned:
        async with db.transaction(tenant_id) as tx:
            await outbox.add(tx, revoked(user_id, await sessions.ended_of(tx, user_id, since), ended_at))
    return len(concerned)


async def _end(tx: Transaction, user_id: UserId, session_id: SessionId, now: datetime) -> bool:
    ended = await sessions.end(tx, user_id, now, session_id)
    if ended:
        await outbox.add(tx, revoked(user_id, ended, now))
    return bool(ended)
