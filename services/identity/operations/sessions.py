"""Signing in, staying signed in, signing out."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.chassis import ids, outbox
from services.chassis.database import Database, Transaction
from services.chassis.problems import NotFound, Problem
from services.contracts.vocabulary import SessionId, TenantId, UserId
from services.identity.adapters import secret_tokens
from services.identity.adapters.passwords import PasswordHashing
from services.identity.adapters.secret_tokens import SecretToken
from services.identity.domain.access_policy import Address, Admission
from services.identity.domain.password_policy import normalised
from services.identity.domain.session import Session, SessionOver, WrongCredentials
from services.identity.operations.admission import let_in, let_in_again
from services.identity.operations.users import end_sessions, revoked
from services.identity.store import admissions, credentials, licences, sessions, users


@dataclass(frozen=True, slots=True)
class ThreeCodes:
    """What a person signs in with (MG-24)."""

    licence_code: str
    userid: str
    password: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A running session and the refresh token that keeps it running."""

    tenant_id: TenantId
    session: Session
    refresh_token: SecretToken
    admission: Admission


async def sign_in(
    db: Database, hashing: PasswordHashing, codes: ThreeCodes, lifetime: timedelta, now: datetime, address: Address
) -> SignedIn:
    """Return a new session, which ends with what the access policy lets in for.

    Raises WrongCredentials, alike and as slowly for every wrong code; then AccountNotActive, AccessRefused.
    """
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
    token = secret_tokens.new(tenant_id)
    async with db.transaction(tenant_id) as tx:
        await licences.hold(tx)
        if await credentials.password_hash(tx, user_id) != stored:
            raise WrongCredentials  # changed while this sign-in was being checked
        admission = await let_in(tx, await users.get(tx, user_id), address, now)
        ends_at = min(now + lifetime, admission.until or now + lifetime)
        session = Session(SessionId(ids.uuid7()), user_id, now, ends_at)
        await sessions.insert(tx, session, token.hash)
        await admissions.keep(tx, session.id, admission)
        if rehashed is not None:
            await credentials.set_password(tx, user_id, rehashed, now)
    return SignedIn(tenant_id, session, token, admission)


async def refresh(db: Database, presented: SecretToken, now: datetime, address: Address) -> SignedIn:
    """Return the session with the next refresh token. Raises SessionOver, AccessRefused.

    A token that was used before is in two hands: the whole session ends, for whoever holds it. So it does when the
    access policy no longer lets its holder in.
    """
    token = secret_tokens.new(presented.tenant_id)
    async with db.transaction(presented.tenant_id) as tx:
        await licences.hold(tx)
        session = await _continued(tx, presented, now)
        admission = await let_in_again(tx, session, address, now) if session else SessionOver()
        if session is not None:
            await sessions.add_token(tx, session.id, token.hash)
    if session is None or isinstance(admission, Problem):
        raise admission if isinstance(admission, Problem) else SessionOver
    session = replace(session, expires_at=min(session.expires_at, admission.until or session.expires_at))
    return SignedIn(presented.tenant_id, session, token, admission)


async def _continued(tx: Transaction, presented: SecretToken, now: datetime) -> Session | None:
    used = await sessions.use_token(tx, presented.hash, now)
    session = await sessions.running(tx, used[0], now) if used else None
    if used is None or session is None:
        return None
    if not used[1]:
        await _end(tx, session.user_id, session.id, now)
        return None
    return session


async def sign_out(db: Database, tenant_id: TenantId, user_id: UserId, session_id: SessionId, now: datetime) -> None:
    """End one of a person's own sessions. Raises NotFound."""
    async with db.transaction(tenant_id) as tx:
        if not await _end(tx, user_id, session_id, now):
            raise NotFound


async def sign_out_everywhere(db: Database, tenant_id: TenantId, user_id: UserId, now: datetime) -> None:
    """End all of a person's sessions."""
    async with db.transaction(tenant_id) as tx:
        await end_sessions(tx, user_id, now)


async def _end(tx: Transaction, user_id: UserId, session_id: SessionId, now: datetime) -> bool:
    ended = await sessions.end(tx, user_id, now, session_id)
    if ended:
        await outbox.add(tx, revoked(user_id, ended, now))
    return bool(ended)
