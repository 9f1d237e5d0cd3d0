"""The second factor: set up, used, used up, removed."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from services.chassis import outbox
from services.chassis.database import Transaction
from services.chassis.problems import NotFound
from services.chassis.tokens import Caller
from services.contracts.identity_events import SecondFactorChanged
from services.contracts.vocabulary import TenantId, UserId
from services.identity.adapters.secret_tokens import SecretToken
from services.identity.domain import second_factor, totp
from services.identity.domain.audit import AuditKind
from services.identity.domain.second_factor import (
    RECOVERY_BYTES,
    RECOVERY_CODES,
    AlreadyConfirmed,
    Authenticator,
    ChallengeOver,
    NothingToConfirm,
    SecondFactorDemanded,
    SecondFactorInUse,
    WrongCode,
)
from services.identity.domain.user import User
from services.identity.operations import sign_in_limits
from services.identity.operations.audit import note
from services.identity.operations.passwords import prove
from services.identity.operations.refused_sign_ins import written_down
from services.identity.operations.sessions import Gate, Opened, Origin, open_session
from services.identity.operations.users import end_sessions
from services.identity.store import devices, second_factors, users

SECRET_BYTES: Final = 20


async def enrol(gate: Gate, caller: Caller, password: str, now: datetime) -> bytes:
    """Return the secret of an authenticator app that waits to be confirmed.

    Raises WrongPassword, AlreadyConfirmed, TooManyTries, Limited.
    """
    await prove(gate, caller, password, now)
    async with gate.db.transaction(caller.tenant_id) as tx:
        return await _enrol(gate, tx, caller.user_id)


async def enrol_to_sign_in(gate: Gate, token: SecretToken, now: datetime) -> tuple[bytes, User]:
    """Return the same for somebody whose sign-in waits, and who he is.

    Raises ChallengeOver, AlreadyConfirmed, SecondFactorInUse.
    """
    async with gate.db.transaction(token.tenant_id) as tx:
        user = await waiting(tx, token, now)
        if (await second_factors.of(tx, user.id)).passkey:
            raise SecondFactorInUse
        return await _enrol(gate, tx, user.id), user


async def confirm(gate: Gate, caller: Caller, code: str, now: datetime) -> Sequence[str]:
    """Put the waiting authenticator app into use; return recovery codes, told this once.

    Raises NothingToConfirm, WrongCode, TooManyTries.
    """
    one = await _take(gate, caller.user_id, None, now)
    async with gate.db.transaction(caller.tenant_id) as tx:
        user = await users.get(tx, caller.user_id)
        found = await second_factors.lock(tx, user.id)
        if found is None or found.confirmed_at is not None:
            raise NothingToConfirm
        await _use_totp(gate, tx, user, code, now)
        await sign_in_limits.forgive(tx, one, now)
        return await new_codes(gate, tx, user.id)


async def sign_in(gate: Gate, token: SecretToken, code: str, origin: Origin, now: datetime) -> Opened:
    """Return the session of a sign-in that waited, for a code of the app or a recovery code; either works once.

    A first code of the app that the sign-in waited for puts it into use, and gives recovery codes.
    Raises ChallengeOver, WrongCode, TooManyTries, AccountNotActive, AccessRefused.
    """
    user, one = await begin_try(gate, token, origin, now)
    async with (
        written_down(gate.db, token.tenant_id, user.id, origin, now),
        gate.db.transaction(token.tenant_id) as tx,
    ):
        user = await users.hold(tx, user.id)
        if not await second_factors.finish(tx, token.hash):
            raise ChallengeOver
        factor = await second_factors.of(tx, user.id)
        if code.isascii() and code.isdigit() and len(code) == totp.DIGITS:
            if factor.passkey and not factor.confirmed:
                raise WrongCode  # the password alone puts no app into use beside a passkey
            await _use_totp(gate, tx, user, code, now)
        elif not await second_factors.use_code(tx, user.id, _hash(gate, user.id, code)):
            raise WrongCode
        opened = await open_session(tx, user, origin, await known_device(tx, user, origin), gate.lifetime, now)
        await sign_in_limits.forgive(tx, one, now)
        codes = () if factor.in_use else await new_codes(gate, tx, user.id)
    return replace(opened, recovery_codes=codes)


async def renew_codes(gate: Gate, caller: Caller, password: str, now: datetime) -> Sequence[str]:
    """Return new recovery codes in place of all earlier ones. Raises NotFound, WrongPassword, TooManyTries, Limited."""
    await prove(gate, caller, password, now)
    async with gate.db.transaction(caller.tenant_id) as tx:
        user = await users.get(tx, caller.user_id)
        if not (await second_factors.of(tx, user.id)).in_use:
            raise NotFound
        await note(tx, AuditKind.RECOVERY_CODES_RENEWED, caller.user_id)
        return await new_codes(gate, tx, caller.user_id)


async def remove(gate: Gate, caller: Caller, password: str, now: datetime) -> None:
    """Do without a second factor from now on.

    Raises NotFound, SecondFactorDemanded, WrongPassword, TooManyTries, Limited.
    """
    await prove(gate, caller, password, now)
    async with gate.db.transaction(caller.tenant_id) as tx:
        user = await users.hold(tx, caller.user_id)  # a policy that demands one waits, and then sees that there is none
        if (await second_factors.of(tx, user.id)).demanded:
            raise SecondFactorDemanded
        await _remove(gate, tx, user, now)


async def remove_of(gate: Gate, tenant_id: TenantId, user_id: UserId, now: datetime) -> None:
    """Take a lost second factor from a colleague, who is told and signed out. Raises NotFound."""
    async with gate.db.transaction(tenant_id) as tx:
        await _remove(gate, tx, await users.get(tx, user_id), now)
        await end_sessions(tx, user_id, now)


async def _remove(gate: Gate, tx: Transaction, user: User, now: datetime) -> None:
    if not await forget(gate, tx, user.id, now):
        raise NotFound
    await note(tx, AuditKind.SECOND_FACTOR_REMOVED, user.id)
    await outbox.add(tx, SecondFactorChanged(user=user.facts(), in_use=False))


async def _enrol(gate: Gate, tx: Transaction, user_id: UserId) -> bytes:
    await users.get(tx, user_id)
    found = await second_factors.lock(tx, user_id)
    if found is not None and found.confirmed_at is not None:
        raise AlreadyConfirmed
    secret = secrets.token_bytes(SECRET_BYTES)
    await second_factors.save(tx, user_id, Authenticator(gate.sealed.seal(secret, user_id.bytes), None, 0))
    return secret


async def _use_totp(gate: Gate, tx: Transaction, user: User, code: str, now: datetime) -> None:
    """Use the code of an app, confirmed or about to be. Raises WrongCode."""
    found = await second_factors.lock(tx, user.id)
    secret = gate.sealed.open(found.secret, user.id.bytes) if found else b""
    step = totp.matching_step(secret, code, now, found.last_step) if found else None
    if found is None or step is None:
        raise WrongCode
    await second_factors.save(tx, user.id, Authenticator(found.secret, found.confirmed_at or now, step))
    if found.confirmed_at is None:
        await note(tx, AuditKind.SECOND_FACTOR_ADDED, user.id, proved=user.id)
        await outbox.add(tx, SecondFactorChanged(user=user.facts(), in_use=True))


async def waiting(tx: Transaction, token: SecretToken, now: datetime) -> User:
    """Return whose sign-in waits. Raises ChallengeOver."""
    user_id = await second_factors.challenged(tx, token.hash, now)
    user = await users.find(tx, user_id) if user_id else None
    if user is None:
        raise ChallengeOver
    return user


async def known_device(tx: Transaction, user: User, origin: Origin) -> UUID | None:
    """Return from which of a person's own devices he comes, or None."""
    return await devices.known(tx, user.id, origin.device.hash) if origin.device else None


async def begin_try(gate: Gate, token: SecretToken, origin: Origin, now: datetime) -> tuple[User, sign_in_limits.Try]:
    """Return whose sign-in waits, and the try at his factor that is spent. Raises ChallengeOver, TooManyTries."""
    async with gate.db.transaction(token.tenant_id, readonly=True) as tx:
        user = await waiting(tx, token, now)
        device_id = await known_device(tx, user, origin)
    return user, await _take(gate, user.id, device_id, now)


async def forget(gate: Gate, tx: Transaction, user_id: UserId, now: datetime) -> bool:
    """Forget every factor of a locked person, and the wrong codes before; say if there was a factor."""
    await sign_in_limits.forget_codes(tx, gate.digests, user_id, now)
    return await second_factors.forget(tx, user_id)


async def _take(gate: Gate, user_id: UserId, device_id: UUID | None, now: datetime) -> sign_in_limits.Try:
    one = sign_in_limits.try_of_code(gate.digests, user_id, device_id)
    async with gate.db.across_tenants() as queries:
        await sign_in_limits.take(queries, one, now)
    return one


async def new_codes(gate: Gate, tx: Transaction, user_id: UserId) -> Sequence[str]:
    """Return new recovery codes in place of all earlier ones."""
    codes = [second_factor.recovery_code(secrets.token_bytes(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]
    await second_factors.replace_codes(tx, user_id, [_hash(gate, user_id, code) for code in codes])
    return codes


def _hash(gate: Gate, user_id: UserId, code: str) -> bytes:
    return gate.digests.of("recovery code", str(user_id), second_factor.bare(code))
