"""Rows of passkeys and of the challenges that wait to be signed by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.chassis.database import Queries, Transaction, UniqueViolation
from services.chassis.problems import NotFound, Stale
from services.contracts.vocabulary import UserId
from services.identity.domain.passkey import Passkey, PasskeyKnown, Purpose


async def add(tx: Transaction, passkey: Passkey) -> None:
    """Add a passkey. Raises PasskeyKnown."""
    try:
        await tx.execute(
            """
            INSERT INTO passkeys (
                tenant_id, id, user_id, credential_id, public_key, sign_count, name, created_at, used_at, version)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            """,
            tx.tenant_id,
            passkey.id,
            passkey.user_id,
            passkey.credential_id,
            passkey.public_key,
            passkey.sign_count,
            passkey.name,
            passkey.created_at,
            passkey.used_at,
            passkey.version,
        )
    except UniqueViolation:
        raise PasskeyKnown from None


async def of(tx: Transaction, user_id: UserId) -> Sequence[Passkey]:
    """Return a person's passkeys, oldest first. No scope: one's own, or asked at one's own sign-in."""
    rows = await tx.rows(
        """
        SELECT id, user_id, name, credential_id, public_key, sign_count, created_at, used_at, version FROM passkeys
         WHERE tenant_id = $1 AND user_id = $2
         ORDER BY created_at, id
        """,
        tx.tenant_id,
        user_id,
    )
    return [Passkey(**row) for row in rows]


async def find(tx: Transaction, credential_id: bytes) -> Passkey | None:
    """Return the passkey with a credential id, or None; lock its holder to be sure of the count.

    No scope: nobody has signed in yet.
    """
    row = await tx.row(
        """
        SELECT id, user_id, name, credential_id, public_key, sign_count, created_at, used_at, version FROM passkeys
         WHERE tenant_id = $1 AND credential_id = $2
        """,
        tx.tenant_id,
        credential_id,
    )
    return Passkey(**row) if row else None


async def note_use(tx: Transaction, passkey_id: UUID, sign_count: int, now: datetime) -> None:
    """Remember when a passkey was used, and its count."""
    await tx.execute(
        "UPDATE passkeys SET sign_count = $3, used_at = $4 WHERE tenant_id = $1 AND id = $2",
        tx.tenant_id,
        passkey_id,
        sign_count,
        now,
    )


async def rename(tx: Transaction, user_id: UserId, passkey_id: UUID, name: str, version: int) -> None:
    """Write a new name over this version. Raises NotFound, Stale."""
    renamed = await tx.execute(
        """
        UPDATE passkeys SET name = $4, version = version + 1
         WHERE tenant_id = $1 AND user_id = $2 AND id = $3 AND version = $5
        """,
        tx.tenant_id,
        user_id,
        passkey_id,
        name,
        version,
    )
    if not renamed:
        raise Stale if any(one.id == passkey_id for one in await of(tx, user_id)) else NotFound


async def remove(tx: Transaction, user_id: UserId, passkey_id: UUID) -> None:
    """Delete one of a person's passkeys. Raises NotFound."""
    removed = await tx.execute(
        "DELETE FROM passkeys WHERE tenant_id = $1 AND user_id = $2 AND id = $3", tx.tenant_id, user_id, passkey_id
    )
    if not removed:
        raise NotFound


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenge that was given for one purpose; `user_id` is None while nobody knows who signs in."""

    challenge_hash: bytes
    purpose: Purpose
    user_id: UserId | None
    expires_at: datetime


async def give(tx: Transaction, challenge: Challenge) -> None:
    """Let a challenge wait to be signed."""
    await tx.execute(
        """
        INSERT INTO passkey_challenges (tenant_id, challenge_hash, purpose, user_id, expires_at)
        VALUES ($1, $2, $3, $4, $5)
        """,
        tx.tenant_id,
        challenge.challenge_hash,
        challenge.purpose,
        challenge.user_id,
        challenge.expires_at,
    )


async def take(tx: Transaction, challenge_hash: bytes, purpose: Purpose, user_id: UserId | None, now: datetime) -> bool:
    """Use a challenge up; say whether it waited for this purpose and person."""
    return bool(
        await tx.execute(
            """
            DELETE FROM passkey_challenges
             WHERE tenant_id = $1 AND challenge_hash = $2 AND purpose = $3 AND user_id IS NOT DISTINCT FROM $4
               AND expires_at > $5
            """,
            tx.tenant_id,
            challenge_hash,
            purpose,
            user_id,
            now,
        )
    )


async def purge(queries: Queries, before: datetime, limit: int) -> int:
    """Delete up to `limit` challenges that waited in vain until an instant, of all tenants; return how many."""
    return await queries.execute(
        """
        DELETE FROM passkey_challenges
         WHERE ctid = ANY(ARRAY(SELECT ctid FROM passkey_challenges WHERE expires_at < $1 LIMIT $2))
        """,
        before,
        limit,
    )
