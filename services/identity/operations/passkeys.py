"""A person's own passkeys: made, named, removed."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import JsonValue

from services.chassis import ids, outbox
from services.chassis.database import Database, Transaction
from services.chassis.tokens import Caller
from services.contracts.identity_events import SecondFactorChanged
from services.contracts.vocabulary import TenantId, UserId
from services.identity.adapters import relying_party
from services.identity.adapters.relying_party import Answer, Holder, Registered
from services.identity.domain.audit import AuditKind
from services.identity.domain.passkey import (
    CEREMONY_LIFETIME,
    MOST_PASSKEYS,
    Passkey,
    PasskeyRefused,
    Purpose,
    TooManyPasskeys,
)
from services.identity.domain.second_factor import SecondFactorDemanded
from services.identity.domain.user import User
from services.identity.operations import second_factor
from services.identity.operations.audit import note
from services.identity.operations.passwords import prove
from services.identity.operations.sessions import Gate
from services.identity.store import licences, passkeys, second_factors, users
from services.identity.store.passkeys import Challenge

CHALLENGE_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """What a person calls a passkey, and what the authenticator answered."""

    name: str
    answer: Answer


async def begin(gate: Gate, caller: Caller, password: str, now: datetime) -> Mapping[str, JsonValue]:
    """Return what a browser is asked for a new passkey of the caller's.

    Raises WrongPassword, TooManyPasskeys, TooManyTries, Limited.
    """
    await prove(gate, caller, password, now)
    async with gate.db.transaction(caller.tenant_id) as tx:
        return await creation(gate, tx, await users.get(tx, caller.user_id), Purpose.REGISTRATION, now)


async def register(gate: Gate, caller: Caller, new: NewPasskey, now: datetime) -> tuple[UUID, Sequence[str]]:
    """Return the id of the new passkey, and recovery codes if it is the first factor.

    Raises PasskeyRefused, PasskeyKnown, TooManyPasskeys.
    """
    made = await answered(gate, caller.tenant_id, caller.user_id, Purpose.REGISTRATION, new.answer, now)
    async with gate.db.transaction(caller.tenant_id) as tx:
        user = await users.get(tx, caller.user_id)
        first = not (await second_factors.of(tx, user.id)).in_use
        added = await add(tx, user, new.name, made, now)
        return added, await second_factor.new_codes(gate, tx, user.id) if first else ()


async def rename(db: Database, caller: Caller, passkey_id: UUID, name: str, version: int) -> None:
    """Call a passkey something else. Raises NotFound, Stale."""
    async with db.transaction(caller.tenant_id) as tx:
        await passkeys.rename(tx, caller.user_id, passkey_id, name, version)


async def remove(gate: Gate, caller: Caller, passkey_id: UUID, password: str, now: datetime) -> None:
    """Take a passkey out of use; with the last factor go the recovery codes.

    Raises NotFound, SecondFactorDemanded, WrongPassword, TooManyTries, Limited.
    """
    await prove(gate, caller, password, now)
    async with gate.db.transaction(caller.tenant_id) as tx:
        user = await users.hold(tx, caller.user_id)
        await passkeys.remove(tx, user.id, passkey_id)
        left = await second_factors.of(tx, user.id)
        if left.demanded and not left.in_use:
            raise SecondFactorDemanded
        if not left.in_use:
            await second_factor.forget(gate, tx, user.id, now)
        await note(tx, AuditKind.SECOND_FACTOR_REMOVED, user.id)
        await outbox.add(tx, SecondFactorChanged(user=user.facts(), in_use=left.in_use))


async def creation(gate: Gate, tx: Transaction, user: User, purpose: Purpose, now: datetime) -> Mapping[str, JsonValue]:
    """Return what a browser is asked for a new passkey. Raises TooManyPasskeys."""
    known = await passkeys.of(tx, user.id)
    if len(known) >= MOST_PASSKEYS:
        raise TooManyPasskeys
    agency = (await licences.get(tx)).name
    holder = Holder(handle_of(gate, user.id), f"{user.userid} ({agency})", user.display_name)
    challenge = await challenged(tx, purpose, user.id, now)
    return gate.relying_party.creation(holder, challenge, [one.credential_id for one in known])


async def challenged(tx: Transaction, purpose: Purpose, user_id: UserId | None, now: datetime) -> bytes:
    """Return a challenge that waits five minutes to be signed, once."""
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    await passkeys.give(tx, Challenge(_hash(challenge), purpose, user_id, now + CEREMONY_LIFETIME))
    return challenge


async def take(
    db: Database, tenant_id: TenantId, challenge: bytes, purpose: Purpose, user_id: UserId | None, now: datetime
) -> bool:
    """Use a challenge up, whatever comes of it; say whether it waited for this purpose and person."""
    async with db.transaction(tenant_id) as tx:
        return await passkeys.take(tx, _hash(challenge), purpose, user_id, now)


async def answered(
    gate: Gate, tenant_id: TenantId, user_id: UserId, purpose: Purpose, answer: Answer, now: datetime
) -> Registered:
    """Return the passkey that was made for a challenge, which it uses up. Raises PasskeyRefused."""
    challenge = relying_party.challenge_of(answer)
    if not await take(gate.db, tenant_id, challenge, purpose, user_id, now):
        raise PasskeyRefused
    return gate.relying_party.registered(answer, challenge)


async def add(tx: Transaction, user: User, name: str, made: Registered, now: datetime) -> UUID:
    """Put a passkey of a locked person into use; return its id. Raises PasskeyKnown, TooManyPasskeys."""
    if len(await passkeys.of(tx, user.id)) >= MOST_PASSKEYS:
        raise TooManyPasskeys
    added = Passkey(
        id=ids.uuid7(),
        user_id=user.id,
        name=name,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        created_at=now,
        used_at=None,
        version=1,
    )
    await passkeys.add(tx, added)
    await note(tx, AuditKind.SECOND_FACTOR_ADDED, user.id, proved=user.id)
    await outbox.add(tx, SecondFactorChanged(user=user.facts(), in_use=True))
    return added.id


def handle_of(gate: Gate, user_id: UserId) -> bytes:
    """Return what authenticators know a person by: always the same, and nothing that anybody else knows."""
    return gate.digests.of("passkey", str(user_id))


def _hash(challenge: bytes) -> bytes:
    return hashlib.sha256(challenge).digest()
