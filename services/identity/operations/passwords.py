"""Choosing passwords: by the rules of the agency, with the present one, or with a link from a mail."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from services.chassis import ids, outbox
from services.chassis.database import Database, Transaction
from services.chassis.problems import Conflict, Limited
from services.chassis.tokens import Caller
from services.contracts.identity_events import PasswordChanged, PasswordResetRequested
from services.contracts.vocabulary import TenantId, UserId, UserState
from services.identity.adapters import secret_tokens
from services.identity.adapters.secret_tokens import SecretToken
from services.identity.domain import password_policy
from services.identity.domain.audit import AuditKind
from services.identity.domain.licence import Licence
from services.identity.domain.password_policy import normalised
from services.identity.domain.session import WrongPassword
from services.identity.domain.user import StateNotAllowed, User
from services.identity.operations import sign_in_limits
from services.identity.operations.audit import note
from services.identity.operations.sessions import Gate, Origin, ThreeCodes, claiming
from services.identity.operations.users import end_sessions
from services.identity.store import (
    credentials,
    devices,
    licences,
    password_resets,
    second_factors,
    sign_in_settings,
    users,
)
from services.identity.store.sign_in_settings import SignInSettings

LINK_LIFETIME: Final = timedelta(hours=1)


class ResetLinkOver(Conflict):
    """The same for a link that never was, was used, or came too late."""

    code = "reset_link_over"
    title = "This link no longer works; ask for a new one."


async def accepted(gate: Gate, tenant_id: TenantId, user: User, password: str) -> str:
    """Return the hash of a password that the rules allow. Raises PasswordRefused, Limited."""
    async with gate.db.transaction(tenant_id, readonly=True) as tx:
        rules = (await sign_in_settings.get(tx)).rules
        lately = await credentials.lately(tx, user.id, rules.remembered)
    password_policy.check(password, user, rules, gate.common)
    text = normalised(password)
    for stored in lately:
        if await gate.hashing.verify(stored, text):
            password_policy.refuse_if([password_policy.REUSED])
    return await gate.hashing.hash(text)


async def keep(gate: Gate, tx: Transaction, user_id: UserId, hashed: str, now: datetime) -> None:
    """Store what was accepted, remember the password before it, and forget the wrong tries at the account."""
    remembered = (await sign_in_settings.get(tx)).rules.remembered
    await credentials.replace_password(tx, user_id, hashed, remembered, now)
    await sign_in_limits.forget(tx, gate.digests, user_id, now)


async def prove(gate: Gate, caller: Caller, present: str, now: datetime) -> str:
    """Return the stored hash of the caller's password, which he has named.

    Raises WrongPassword, TooManyTries, Limited.
    """
    one = sign_in_limits.try_of_session(gate.digests, caller.session_id)
    async with gate.db.transaction(caller.tenant_id) as tx:
        stored = await credentials.password_hash(tx, caller.user_id)
        await sign_in_limits.take(tx, one, now)
    try:
        right = await gate.hashing.verify(stored, normalised(present))
    except Limited:
        await sign_in_limits.give_back(gate.db, one)
        raise
    if not right or stored is None:
        raise WrongPassword
    await sign_in_limits.give_back(gate.db, one)
    return stored


async def change_password(gate: Gate, caller: Caller, present: str, password: str, now: datetime) -> None:
    """Set one's own new password; every session ends, this one too, and every sign-in that waits.

    Raises WrongPassword, PasswordRefused, TooManyTries, Limited.
    """
    stored = await prove(gate, caller, present, now)
    async with gate.db.single_read(caller.tenant_id) as tx:
        user = await users.find(tx, caller.user_id)
    if user is None:
        raise WrongPassword
    hashed = await accepted(gate, caller.tenant_id, user, password)
    async with gate.db.transaction(caller.tenant_id) as tx:
        user = await users.get(tx, caller.user_id)
        if await credentials.password_hash(tx, caller.user_id) != stored:
            raise WrongPassword  # changed while this change was being checked
        await _replace(gate, tx, user, hashed, now)


async def ask_for_reset(gate: Gate, codes: ThreeCodes, origin: Origin, now: datetime) -> None:
    """Write down that somebody wants a new password, alike whether or not he exists. Raises TooManyTries."""
    async with claiming(gate.db, codes, origin) as (tx, account):
        await sign_in_limits.take(tx, sign_in_limits.reset_of(gate.digests, account.key, origin.address), now)
        user_id = account.claimed.user_id if account.claimed else None
        await password_resets.ask(tx, ids.uuid7(), account.tenant_id, user_id, now)


async def request_resets(db: Database) -> int:
    """Turn what was asked for into events, for those who may sign in; return how many. `db` crosses tenants."""
    async with db.across_tenants() as queries:
        tenants = await password_resets.tenants_asked(queries)
    requested = 0
    for tenant_id in tenants:
        async with db.transaction(tenant_id) as tx:
            for user_id in await password_resets.take_asked(tx):
                user = await users.find(tx, user_id)
                if user is not None and user.state is UserState.ACTIVE:
                    await outbox.add(tx, PasswordResetRequested(user=user.facts()))
                    requested += 1
    return requested


async def request_reset(db: Database, tenant_id: TenantId, user_id: UserId) -> None:
    """Have a colleague be sent a mail to choose a new password. Raises NotFound, StateNotAllowed."""
    async with db.transaction(tenant_id) as tx:
        user = await users.get(tx, user_id)
        _must_be_active(user)
        await note(tx, AuditKind.PASSWORD_RESET_SENT, user_id)
        await outbox.add(tx, PasswordResetRequested(user=user.facts()))


async def issue_link(
    db: Database, tenant_id: TenantId, user_id: UserId, now: datetime
) -> tuple[SecretToken, User, Licence]:
    """Return a fresh token for a reset link, its person and agency. Raises NotFound, StateNotAllowed."""
    token = secret_tokens.new(tenant_id)
    async with db.transaction(tenant_id) as tx:
        user = await users.get(tx, user_id)
        _must_be_active(user)
        await password_resets.add(tx, token.hash, user_id, now + LINK_LIFETIME)
        return token, user, await licences.get(tx)


async def reset_password(gate: Gate, token: SecretToken, password: str, now: datetime) -> None:
    """Set a new password by a link, which works once; every session, waiting sign-in, device and other link ends.

    Raises ResetLinkOver, PasswordRefused, Limited.
    """
    async with gate.db.transaction(token.tenant_id, readonly=True) as tx:
        user = await _holder(tx, token, now)
    hashed = await accepted(gate, token.tenant_id, user, password)
    async with gate.db.transaction(token.tenant_id) as tx:
        await users.get(tx, user.id)
        user = await _holder(tx, token, now)
        await devices.forget(tx, user.id)
        await _replace(gate, tx, user, hashed, now)


async def change_settings(
    db: Database, tenant_id: TenantId, change: Callable[[SignInSettings], SignInSettings], version: int
) -> SignInSettings:
    """Return the agency's changed choice about signing in. Raises Stale."""
    async with db.transaction(tenant_id) as tx:
        before = await sign_in_settings.get(tx)
        changed = replace(change(before), version=version + 1)
        await sign_in_settings.save(tx, changed)
        await note(tx, AuditKind.SIGN_IN_SETTINGS_CHANGED, tenant_id, before, changed)
    return changed


async def _replace(gate: Gate, tx: Transaction, user: User, hashed: str, now: datetime) -> None:
    await keep(gate, tx, user.id, hashed, now)
    await password_resets.forget(tx, user.id)
    await second_factors.forget_waiting(tx, user.id)  # whoever waits there knows the password before
    await note(tx, AuditKind.PASSWORD_CHANGED, user.id, proved=user.id)
    await end_sessions(tx, user.id, now, proved=user.id)
    await outbox.add(tx, PasswordChanged(user=user.facts()))


async def _holder(tx: Transaction, token: SecretToken, now: datetime) -> User:
    user_id = await password_resets.of(tx, token.hash, now)
    user = await users.find(tx, user_id) if user_id else None
    if user is None or user.state is not UserState.ACTIVE:
        raise ResetLinkOver
    return user


def _must_be_active(user: User) -> None:
    if user.state is not UserState.ACTIVE:
        raise StateNotAllowed(f"An account that is {user.state} has no password to reset.")
