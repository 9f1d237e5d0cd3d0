"""Signing in, staying signed in, signing out."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.chassis import ids, outbox
from services.chassis.database import Database, Transaction
from services.chassis.problems import Forbidden, Limited, NotFound
from services.contracts.identity_events import DeviceAdded, SignInSucceeded
from services.contracts.vocabulary import SessionId, TenantId, UserId
from services.identity.adapters import secret_tokens
from services.identity.adapters.keyed_digests import KeyedDigests
from services.identity.adapters.passwords import PasswordHashing
from services.identity.adapters.relying_party import RelyingParty
from services.identity.adapters.sealed_secrets import SealedSecrets
from services.identity.adapters.secret_tokens import SecretToken
from services.identity.domain.access_policy import Address, Admission
from services.identity.domain.password_policy import normalised
from services.identity.domain.second_factor import CHALLENGE_LIFETIME
from services.identity.domain.session import ACCESS_LIFETIME, Session, SessionOver, WrongCredentials, is_replay
from services.identity.domain.user import User
from services.identity.operations import sign_in_limits
from services.identity.operations.admission import let_in, let_in_again
from services.identity.operations.users import end_sessions, revoked
from services.identity.store import (
    credentials,
    devices,
    licences,
    second_factors,
    sessions,
    sign_in_counters,
    standings,
    users,
)
from services.identity.store.credentials import Claimed
from services.identity.store.sign_in_counters import Refused

NOBODY: Final = TenantId(UUID(int=0))
"""Whose rows are looked for where a licence code names no tenant; there are none."""


@dataclass(frozen=True, slots=True)
class ThreeCodes:
    """What a person signs in with (MG-24)."""

    licence_code: str
    userid: str
    password: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where somebody signs in from, and with what."""

    address: Address
    user_agent: str
    device: SecretToken | None
    """The token that an earlier sign-in from the same device was given."""


@dataclass(frozen=True, slots=True)
class Account:
    """What three codes name. An unknown licence or user id names an account too, which no password opens."""

    tenant_id: TenantId | None
    claimed: Claimed | None
    key: str
    """The same for every try at this account, whatever case its codes are written in."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A running session and the refresh token that keeps it running."""

    tenant_id: TenantId
    session: Session
    refresh_token: SecretToken
    admission: Admission


@dataclass(frozen=True, slots=True)
class Opened(SignedIn):
    """A session that a sign-in has just opened, and the token by which its device is known from now on."""

    device_token: SecretToken
    recovery_codes: Sequence[str] = ()
    """Told this once, if the sign-in has put the person's first factor into use."""


@dataclass(frozen=True, slots=True)
class Challenged:
    """A sign-in that waits for a second factor, or, `enrolling`, for one to be set up."""

    token: SecretToken
    expires_at: datetime
    enrolling: bool
    passkey: bool
    """Whether a passkey may be the second factor."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What a sign-in passes through."""

    db: Database
    hashing: PasswordHashing
    digests: KeyedDigests
    sealed: SealedSecrets
    relying_party: RelyingParty
    common: frozenset[str]
    """Passwords that nobody may have."""
    lifetime: timedelta


async def sign_in(gate: Gate, codes: ThreeCodes, origin: Origin, now: datetime) -> Opened | Challenged:
    """Return a new session, which ends with what the access policy lets in for, or what stands before it.

    Raises WrongCredentials, alike and as slowly for every wrong code; TooManyTries; Limited; AccountNotActive;
    AccessRefused.
    """
    async with claiming(gate.db, codes, origin) as (tx, account):
        claimed = account.claimed
        one = sign_in_limits.try_of(gate.digests, account.key, claimed.device_id if claimed else None, origin.address)
        await sign_in_limits.take(tx, one, now)
    password = normalised(codes.password)
    stored = claimed.password_hash if claimed else None
    rehashed = None
    try:
        right = await gate.hashing.verify(stored, password)
        if right and stored is not None and gate.hashing.needs_rehash(stored):
            rehashed = await gate.hashing.hash(password)
    except Limited:
        await sign_in_limits.give_back(gate.db, one)
        raise
    refused = _refused(account, origin, WrongCredentials.code, now)
    if not right or account.tenant_id is None or claimed is None or stored is None:
        await sign_in_limits.count_wrong(gate.db, one, gate.digests.short(account.key, password), refused)
        raise WrongCredentials
    try:
        async with gate.db.transaction(account.tenant_id) as tx:
            user = await users.hold(tx, claimed.user_id)
            if await credentials.password_hash(tx, user.id) != stored:
                raise WrongCredentials  # changed while this sign-in was being checked
            opened = await _challenge_or_open(tx, user, origin, claimed.device_id, gate.lifetime, now)
            if rehashed is not None:
                await credentials.set_password(tx, user.id, rehashed, now)
            await sign_in_limits.forgive(tx, one, now)
    except Forbidden as reason:
        async with gate.db.across_tenants() as queries:
            await sign_in_limits.forgive(queries, one, now)
            await sign_in_counters.write_down(queries, replace(refused, reason=reason.code))
        raise
    return opened


@asynccontextmanager
async def claiming(db: Database, codes: ThreeCodes, origin: Origin) -> AsyncGenerator[tuple[Transaction, Account]]:
    """Yield what the codes name, by the same statements whatever they are, and the transaction that looked it up."""
    async with db.at_once() as queries:
        tenant_id = await licences.tenant_of(queries, codes.licence_code)
    async with db.transaction(tenant_id or NOBODY) as tx:
        device_hash = origin.device.hash if origin.device else b""
        claimed = await credentials.claimed(tx, codes.userid, device_hash)
        unknown = f"{tenant_id or codes.licence_code.upper()} {codes.userid.lower()}"
        yield tx, Account(tenant_id, claimed, str(claimed.user_id) if claimed else unknown)


async def _challenge_or_open(
    tx: Transaction, user: User, origin: Origin, device_id: UUID | None, lifetime: timedelta, now: datetime
) -> Opened | Challenged:
    factor = await second_factors.of(tx, user.id)
    if not factor.asked_for:
        return await open_session(tx, user, origin, device_id, lifetime, now)
    await let_in(tx, user, origin.address, now)
    token = secret_tokens.new(tx.tenant_id)
    challenged = Challenged(token, now + CHALLENGE_LIFETIME, not factor.in_use, factor.passkey)
    await second_factors.challenge(tx, challenged.token.hash, user.id, challenged.expires_at)
    return challenged


async def open_session(
    tx: Transaction, user: User, origin: Origin, device_id: UUID | None, lifetime: timedelta, now: datetime
) -> Opened:
    """Return a session of somebody who has proved who he is, and tell of it. Hold the licence before.

    Raises AccountNotActive, AccessRefused.
    """
    admission = await let_in(tx, user, origin.address, now)
    ends_at = min(now + lifetime, admission.until or now + lifetime)
    session = Session(SessionId(ids.uuid7()), user.id, now, ends_at, str(origin.address), origin.user_agent)
    refresh_token = secret_tokens.new(tx.tenant_id)
    await sessions.insert(tx, session, refresh_token.hash, admission)
    device = origin.device
    if device_id is None or device is None:
        device = secret_tokens.new(tx.tenant_id)
        if await devices.add(tx, ids.uuid7(), user.id, device.hash, now):
            await outbox.add(tx, DeviceAdded(user=user.facts(), address=session.address, signed_in_at=now))
    else:
        await devices.seen(tx, device_id, now)
    await outbox.add(
        tx,
        SignInSucceeded(user_id=user.id, session_id=session.id, address=session.address, new_device=device_id is None),
    )
    return Opened(tx.tenant_id, session, refresh_token, admission, device)


def _refused(account: Account, origin: Origin, reason: str, now: datetime) -> Refused:
    user_id = account.claimed.user_id if account.claimed else None
    return Refused(ids.uuid7(), account.tenant_id, user_id, str(origin.address), reason, now)


async def refresh(db: Database, presented: SecretToken, now: datetime, address: Address) -> SignedIn:
    """Return the session with the next refresh token, the same one for all who ask at nearly the same time.

    A token that comes back after the grace is in two hands: the whole session ends, for whoever holds it. So it
    does when the access policy no longer lets its holder in. Raises SessionOver, AccessRefused, AccountNotActive.
    """
    token = secret_tokens.new(presented.tenant_id)
    async with db.single_write(presented.tenant_id) as tx:
        used = await standings.use_token(tx, presented.hash, token.hash, presented.seal(token), now)
    if used is None:
        raise SessionOver
    session = used.standing.session
    if is_replay(used.used_at, now):
        async with db.transaction(presented.tenant_id) as tx:
            await end_sessions(tx, session.user_id, now, session.id)
        raise SessionOver
    admission = await let_in_again(db, presented.tenant_id, used.standing, address, now)
    session = replace(session, expires_at=min(session.expires_at, admission.until or session.expires_at))
    successor = presented.open(used.successor) if used.successor else token
    return SignedIn(presented.tenant_id, session, successor, admission)


async def sign_out(db: Database, tenant_id: TenantId, user_id: UserId, session_id: SessionId, now: datetime) -> None:
    """End one session of a person. Raises NotFound."""
    async with db.transaction(tenant_id) as tx:
        if not await end_sessions(tx, user_id, now, session_id):
            raise NotFound


async def sign_out_everywhere(db: Database, tenant_id: TenantId, user_id: UserId, now: datetime) -> None:
    """End all of a person's sessions; there may be none. Raises NotFound for nobody's id."""
    async with db.transaction(tenant_id) as tx:
        if not await end_sessions(tx, user_id, now) and await users.find(tx, user_id) is None:
            raise NotFound


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
