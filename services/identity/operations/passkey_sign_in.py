"""Signing in by passkey: as the second step after the password, or by itself."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from pydantic import JsonValue

from services.chassis.database import Database, Transaction
from services.contracts.vocabulary import TenantId
from services.identity.adapters import relying_party
from services.identity.adapters.relying_party import Answer, Asserted
from services.identity.adapters.secret_tokens import SecretToken
from services.identity.domain.access_policy import Address
from services.identity.domain.passkey import Purpose, WrongPasskey, check_count
from services.identity.domain.second_factor import ChallengeOver, SecondFactorInUse
from services.identity.domain.user import User
from services.identity.operations import sign_in_limits
from services.identity.operations.passkeys import NewPasskey, add, answered, challenged, creation, handle_of, take
from services.identity.operations.refused_sign_ins import written_down
from services.identity.operations.second_factor import begin_try, known_device, new_codes, waiting
from services.identity.operations.sessions import NOBODY, Gate, Opened, Origin, open_session
from services.identity.store import licences, passkeys, second_factors, users


async def begin(gate: Gate, licence_code: str, address: Address, now: datetime) -> Mapping[str, JsonValue]:
    """Return what a browser is asked for any passkey of an agency, alike whether or not it exists.

    Raises TooManyTries.
    """
    async with gate.db.transaction(await _tenant(gate.db, licence_code)) as tx:
        await sign_in_limits.take(tx, sign_in_limits.try_of_passkey(gate.digests, address), now)
        return gate.relying_party.request(await challenged(tx, Purpose.SIGN_IN, None, now), [], alone=True)


async def sign_in(gate: Gate, licence_code: str, answer: Answer, origin: Origin, now: datetime) -> Opened:
    """Return a new session of whoever holds the passkey and was verified by the authenticator.

    Raises ChallengeOver, WrongPasskey, AccountNotActive, AccessRefused.
    """
    claimed = relying_party.asserted(answer)
    tenant_id = await _tenant(gate.db, licence_code)
    if not await take(gate.db, tenant_id, claimed.challenge, Purpose.SIGN_IN, None, now):
        raise ChallengeOver
    async with gate.db.single_read(tenant_id) as tx:
        known = await passkeys.find(tx, claimed.credential_id)
    async with written_down(gate.db, tenant_id, known.user_id if known else None, origin, now):
        if known is None or claimed.handle is None:
            raise WrongPasskey
        async with gate.db.transaction(tenant_id) as tx:
            user = await users.hold(tx, known.user_id)
            await _use(gate, tx, user, claimed, now, alone=True)
            opened = await _open(gate, tx, user, origin, now)
    await sign_in_limits.give_back(gate.db, sign_in_limits.try_of_passkey(gate.digests, origin.address))
    return opened


async def begin_second_step(gate: Gate, token: SecretToken, now: datetime) -> Mapping[str, JsonValue]:
    """Return what a browser is asked for a passkey of somebody whose sign-in waits. Raises ChallengeOver."""
    async with gate.db.transaction(token.tenant_id) as tx:
        user = await waiting(tx, token, now)
        known = [one.credential_id for one in await passkeys.of(tx, user.id)]
        if not known:
            raise ChallengeOver
        return gate.relying_party.request(await challenged(tx, Purpose.SECOND_STEP, user.id, now), known, alone=False)


async def second_step(gate: Gate, token: SecretToken, answer: Answer, origin: Origin, now: datetime) -> Opened:
    """Return the session of a sign-in that waited, for a passkey.

    Raises ChallengeOver, WrongPasskey, TooManyTries, AccountNotActive, AccessRefused.
    """
    claimed = relying_party.asserted(answer)
    user, one = await begin_try(gate, token, origin, now)
    if not await take(gate.db, token.tenant_id, claimed.challenge, Purpose.SECOND_STEP, user.id, now):
        raise ChallengeOver
    async with (
        written_down(gate.db, token.tenant_id, user.id, origin, now),
        gate.db.transaction(token.tenant_id) as tx,
    ):
        user = await users.hold(tx, user.id)
        if not await second_factors.finish(tx, token.hash):
            raise ChallengeOver
        await _use(gate, tx, user, claimed, now, alone=False)
        opened = await _open(gate, tx, user, origin, now)
        await sign_in_limits.forgive(tx, one, now)
    return opened


async def begin_enrolment(gate: Gate, token: SecretToken, now: datetime) -> Mapping[str, JsonValue]:
    """Return what a browser is asked for the passkey that a waiting sign-in demands.

    Raises ChallengeOver, SecondFactorInUse.
    """
    async with gate.db.transaction(token.tenant_id) as tx:
        user = await waiting(tx, token, now)
        if (await second_factors.of(tx, user.id)).in_use:
            raise SecondFactorInUse
        return await creation(gate, tx, user, Purpose.ENROLMENT, now)


async def enrol(gate: Gate, token: SecretToken, new: NewPasskey, origin: Origin, now: datetime) -> Opened:
    """Return the session of a sign-in that waited for a first factor, for a new passkey, and recovery codes.

    Raises ChallengeOver, PasskeyRefused, PasskeyKnown, SecondFactorInUse, AccountNotActive, AccessRefused.
    """
    async with gate.db.transaction(token.tenant_id, readonly=True) as tx:
        user = await waiting(tx, token, now)
    made = await answered(gate, token.tenant_id, user.id, Purpose.ENROLMENT, new.answer, now)
    async with (
        written_down(gate.db, token.tenant_id, user.id, origin, now),
        gate.db.transaction(token.tenant_id) as tx,
    ):
        user = await users.hold(tx, user.id)
        if not await second_factors.finish(tx, token.hash):
            raise ChallengeOver
        if (await second_factors.of(tx, user.id)).in_use:
            raise SecondFactorInUse
        await add(tx, user, new.name, made, now)
        codes = await new_codes(gate, tx, user.id)
        return replace(await _open(gate, tx, user, origin, now), recovery_codes=codes)


async def _use(gate: Gate, tx: Transaction, user: User, claimed: Asserted, now: datetime, *, alone: bool) -> None:
    """Verify a passkey of a locked person and keep its count. Raises WrongPasskey."""
    kept = await passkeys.find(tx, claimed.credential_id)
    if kept is None or kept.user_id != user.id or claimed.handle not in {None, handle_of(gate, user.id)}:
        raise WrongPasskey
    count = gate.relying_party.sign_count(claimed, kept.public_key, alone=alone)
    check_count(kept.sign_count, count)
    await passkeys.note_use(tx, kept.id, count, now)


async def _open(gate: Gate, tx: Transaction, user: User, origin: Origin, now: datetime) -> Opened:
    return await open_session(tx, user, origin, await known_device(tx, user, origin), gate.lifetime, now)


async def _tenant(db: Database, licence_code: str) -> TenantId:
    async with db.at_once() as queries:
        return await licences.tenant_of(queries, licence_code) or NOBODY
