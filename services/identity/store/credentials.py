"""Rows of passwords and activation links."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.chassis.database import Queries, Transaction
from services.contracts.vocabulary import UserId


async def password_hash(tx: Transaction, user_id: UserId) -> str | None:
    """Return the stored hash, or None. No scope: read to verify, never shown."""
    return await tx.value(
        "SELECT password_hash FROM credentials WHERE tenant_id = $1 AND user_id = $2", tx.tenant_id, user_id
    )


@dataclass(frozen=True, slots=True)
class Claimed:
    """Whose codes were given, what proves them, and whether the device is one of his."""

    user_id: UserId
    password_hash: str | None
    device_id: UUID | None


async def claimed(tx: Transaction, userid: str, device_hash: bytes) -> Claimed | None:
    """Return the person with a user id, or None. One statement, whoever exists. No scope: nobody has signed in yet."""
    row = await tx.row(
        """
        SELECT u.id AS user_id, c.password_hash, d.id AS device_id
          FROM users u
          LEFT JOIN credentials c ON c.tenant_id = $1 AND c.user_id = u.id
          LEFT JOIN devices d ON d.tenant_id = $1 AND d.user_id = u.id AND d.token_hash = $3
         WHERE u.tenant_id = $1 AND lower(u.userid) = lower($2)
        """,
        tx.tenant_id,
        userid,
        device_hash,
    )
    return Claimed(**row) if row else None


async def set_password(tx: Transaction, user_id: UserId, hashed: str, now: datetime) -> None:
    """Store a password's hash in place of any earlier one."""
    await tx.execute(
        """
        INSERT INTO credentials (tenant_id, user_id, password_hash, changed_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (tenant_id, user_id) DO UPDATE
           SET password_hash = excluded.password_hash, changed_at = excluded.changed_at
        """,
        tx.tenant_id,
        user_id,
        hashed,
        now,
    )


async def lately(tx: Transaction, user_id: UserId, count: int) -> Sequence[str]:
    """Return the hashes of a person's last passwords, the present one first. No scope: verified, never shown."""
    rows = await tx.rows(
        """
        SELECT password_hash FROM (
            SELECT password_hash, 'infinity'::timestamptz AS set_at FROM credentials
             WHERE tenant_id = $1 AND user_id = $2
            UNION ALL
            SELECT password_hash, set_at FROM earlier_passwords WHERE tenant_id = $1 AND user_id = $2) AS had
         ORDER BY set_at DESC LIMIT $3
        """,
        tx.tenant_id,
        user_id,
        count,
    )
    return [row["password_hash"] for row in rows]


async def replace_password(tx: Transaction, user_id: UserId, hashed: str, remembered: int, now: datetime) -> None:
    """Store a new password's hash, and keep as many hashes, this one included, as the agency remembers."""
    await tx.execute(
        """
        INSERT INTO earlier_passwords (tenant_id, user_id, set_at, password_hash)
        SELECT tenant_id, user_id, $3, password_hash FROM credentials WHERE tenant_id = $1 AND user_id = $2
        """,
        tx.tenant_id,
        user_id,
        now,
    )
    await tx.execute(
        """
        DELETE FROM earlier_passwords
         WHERE tenant_id = $1 AND user_id = $2
           AND set_at NOT IN (SELECT set_at FROM earlier_passwords WHERE tenant_id = $1 AND user_id = $2
                               ORDER BY set_at DESC LIMIT greatest($3 - 1, 0))
        """,
        tx.tenant_id,
        user_id,
        remembered,
    )
    await set_password(tx, user_id, hashed, now)


async def forget(tx: Transaction, user_id: UserId) -> None:
    """Delete a person's passwords."""
    await tx.execute("DELETE FROM earlier_passwords WHERE tenant_id = $1 AND user_id = $2", tx.tenant_id, user_id)
    await tx.execute("DELETE FROM credentials WHERE tenant_id = $1 AND user_id = $2", tx.tenant_id, user_id)


async def add_activation(tx: Transaction, token_hash: bytes, user_id: UserId, expires_at: datetime) -> None:
    """Store an activation link's hash; several may be valid until one is used."""
    await tx.execute(
        "INSERT INTO activations (tenant_id, token_hash, user_id, expires_at) VALUES ($1, $2, $3, $4)",
        tx.tenant_id,
        token_hash,
        user_id,
        expires_at,
    )


async def activation(tx: Transaction, token_hash: bytes, now: datetime) -> UserId | None:
    """Return whom a link activates, or None if it is unknown, used or over. No scope: the link is the proof."""
    return await tx.value(
        "SELECT user_id FROM activations WHERE tenant_id = $1 AND token_hash = $2 AND expires_at > $3",
        tx.tenant_id,
        token_hash,
        now,
    )


async def forget_activations(tx: Transaction, user_id: UserId) -> None:
    """Delete every activation link of a person."""
    await tx.execute("DELETE FROM activations WHERE tenant_id = $1 AND user_id = $2", tx.tenant_id, user_id)


async def purge_activations(queries: Queries, before: datetime, limit: int) -> int:
    """Delete up to `limit` activation links that ended before an instant, of all tenants; return how many."""
    return await queries.execute(
        "DELETE FROM activations WHERE ctid = ANY(ARRAY(SELECT ctid FROM activations WHERE expires_at < $1 LIMIT $2))",
        before,
        limit,
    )
