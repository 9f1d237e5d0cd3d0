"""Rows of authenticator apps, recovery codes and sign-ins that wait for a second factor."""

from collections.abc import Sequence
from datetime import datetime

from services.chassis.database import Queries, Transaction
from services.contracts.vocabulary import UserId
from services.identity.domain.second_factor import Authenticator, SecondFactor


async def of(tx: Transaction, user_id: UserId) -> SecondFactor:
    """Return whether a person has a second factor and must have one. No scope: one person's, asked at sign-in."""
    row = await tx.row(
        """
        SELECT l.second_factor_required
               OR EXISTS (SELECT FROM access_policies p
                           WHERE p.tenant_id = $1 AND p.second_factor
                             AND p.holder_id = ANY(ARRAY[$2, (SELECT template_id FROM access_template_members
                                                               WHERE tenant_id = $1 AND user_id = $2)])) AS demanded,
               EXISTS (SELECT FROM authenticators a
                        WHERE a.tenant_id = $1 AND a.user_id = $2 AND confirmed_at IS NOT NULL) AS confirmed,
               EXISTS (SELECT FROM passkeys p WHERE p.tenant_id = $1 AND p.user_id = $2) AS passkey
          FROM licences l WHERE l.tenant_id = $1
        """,
        tx.tenant_id,
        user_id,
    )
    if row is None:
        raise LookupError("a tenant without a licence")
    return SecondFactor(row["confirmed"], row["passkey"], row["demanded"])


async def lacking(tx: Transaction, people: Sequence[UserId]) -> frozenset[UserId]:
    """Return which of these people have no second factor. No scope: used to decide, not shown."""
    rows = await tx.rows(
        """
        SELECT id FROM unnest($2::uuid[]) AS id
         WHERE NOT EXISTS (SELECT FROM passkeys p WHERE p.tenant_id = $1 AND p.user_id = id)
           AND NOT EXISTS (SELECT FROM authenticators a
                            WHERE a.tenant_id = $1 AND a.user_id = id AND confirmed_at IS NOT NULL)
        """,
        tx.tenant_id,
        people,
    )
    return frozenset(row["id"] for row in rows)


async def lock(tx: Transaction, user_id: UserId) -> Authenticator | None:
    """Return a person's authenticator app, locked, or None. No scope: used to verify or change one's own."""
    row = await tx.row(
        """
        SELECT secret, confirmed_at, last_step FROM authenticators
         WHERE tenant_id = $1 AND user_id = $2 FOR UPDATE
        """,
        tx.tenant_id,
        user_id,
    )
    return Authenticator(**row) if row else None


async def save(tx: Transaction, user_id: UserId, authenticator: Authenticator) -> None:
    """Store a person's authenticator app in place of any earlier one."""
    await tx.execute(
        """
        INSERT INTO authenticators (tenant_id, user_id, secret, confirmed_at, last_step) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (tenant_id, user_id) DO UPDATE
           SET secret = excluded.secret, confirmed_at = excluded.confirmed_at, last_step = excluded.last_step
        """,
        tx.tenant_id,
        user_id,
        authenticator.secret,
        authenticator.confirmed_at,
        authenticator.last_step,
    )


async def forget(tx: Transaction, user_id: UserId) -> bool:
    """Delete a person's authenticator app, passkeys, recovery codes and waiting sign-ins; say if there was a factor."""
    await forget_waiting(tx, user_id)
    await tx.execute("DELETE FROM recovery_codes WHERE tenant_id = $1 AND user_id = $2", tx.tenant_id, user_id)
    passkeys = await tx.execute("DELETE FROM passkeys WHERE tenant_id = $1 AND user_id = $2", tx.tenant_id, user_id)
    apps = await tx.execute("DELETE FROM authenticators WHERE tenant_id = $1 AND user_id = $2", tx.tenant_id, user_id)
    return bool(passkeys + apps)


async def forget_waiting(tx: Transaction, user_id: UserId) -> None:
    """End a person's waiting sign-ins, and what waits for a passkey of his."""
    await tx.execute("DELETE FROM challenges WHERE tenant_id = $1 AND user_id = $2", tx.tenant_id, user_id)
    await tx.execute("DELETE FROM passkey_challenges WHERE tenant_id = $1 AND user_id = $2", tx.tenant_id, user_id)


async def replace_codes(tx: Transaction, user_id: UserId, hashes: Sequence[bytes]) -> None:
    """Store new recovery codes in place of all earlier ones."""
    await tx.execute("DELETE FROM recovery_codes WHERE tenant_id = $1 AND user_id = $2", tx.tenant_id, user_id)
    await tx.execute_many(
        "INSERT INTO recovery_codes (tenant_id, user_id, code_hash) VALUES ($1, $2, $3)",
        [(tx.tenant_id, user_id, code_hash) for code_hash in hashes],
    )


async def use_code(tx: Transaction, user_id: UserId, code_hash: bytes) -> bool:
    """Use up a recovery code; say whether it was there."""
    return bool(
        await tx.execute(
            "DELETE FROM recovery_codes WHERE tenant_id = $1 AND user_id = $2 AND code_hash = $3",
            tx.tenant_id,
            user_id,
            code_hash,
        )
    )


async def count_codes(tx: Transaction, user_id: UserId) -> int:
    """Return how many recovery codes are left."""
    return await tx.value(
        "SELECT count(*) FROM recovery_codes WHERE tenant_id = $1 AND user_id = $2", tx.tenant_id, user_id
    )


async def challenge(tx: Transaction, token_hash: bytes, user_id: UserId, expires_at: datetime) -> None:
    """Let a sign-in wait for a second factor."""
    await tx.execute(
        "INSERT INTO challenges (tenant_id, token_hash, user_id, expires_at) VALUES ($1, $2, $3, $4)",
        tx.tenant_id,
        token_hash,
        user_id,
        expires_at,
    )


async def challenged(tx: Transaction, token_hash: bytes, now: datetime) -> UserId | None:
    """Return whose sign-in waits, or None. No scope: the token is the proof."""
    return await tx.value(
        "SELECT user_id FROM challenges WHERE tenant_id = $1 AND token_hash = $2 AND expires_at > $3",
        tx.tenant_id,
        token_hash,
        now,
    )


async def finish(tx: Transaction, token_hash: bytes) -> bool:
    """End a waiting sign-in; say whether it still waited."""
    return bool(
        await tx.execute("DELETE FROM challenges WHERE tenant_id = $1 AND token_hash = $2", tx.tenant_id, token_hash)
    )


async def purge(queries: Queries, before: datetime, limit: int) -> int:
    """Delete up to `limit` sign-ins that waited in vain until an instant, of all tenants; return how many."""
    return await queries.execute(
        """
        DELETE FROM challenges
         WHERE ctid = ANY(ARRAY(SELECT ctid FROM challenges WHERE expires_at < $1 LIMIT $2))
        """,
        before,
        limit,
    )
