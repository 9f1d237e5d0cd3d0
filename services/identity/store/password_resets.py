"""Rows of reset links and of what is asked for before anybody is known to exist."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.chassis.database import Queries, Transaction
from services.contracts.vocabulary import TenantId, UserId


async def ask(
    queries: Queries, request_id: UUID, tenant_id: TenantId | None, user_id: UserId | None, now: datetime
) -> None:
    """Write down that somebody asked for a new password, for whomever."""
    await queries.execute(
        "INSERT INTO reset_requests (id, tenant_id, user_id, asked_at) VALUES ($1, $2, $3, $4)",
        request_id,
        tenant_id,
        user_id,
        now,
    )


async def tenants_asked(queries: Queries) -> Sequence[TenantId]:
    """Return the tenants whose people asked; forget requests for nobody."""
    await queries.execute("DELETE FROM reset_requests WHERE user_id IS NULL")
    return [row["tenant_id"] for row in await queries.rows("SELECT DISTINCT tenant_id FROM reset_requests LIMIT 100")]


async def take_asked(tx: Transaction) -> Sequence[UserId]:
    """Return who of the tenant asked, and forget it. No scope: a mail to each is all that comes of it."""
    rows = await tx.rows("DELETE FROM reset_requests WHERE tenant_id = $1 RETURNING user_id", tx.tenant_id)
    return sorted({row["user_id"] for row in rows})


async def add(tx: Transaction, token_hash: bytes, user_id: UserId, expires_at: datetime) -> None:
    """Store a reset link's hash; several may be valid until one is used."""
    await tx.execute(
        "INSERT INTO password_resets (tenant_id, token_hash, user_id, expires_at) VALUES ($1, $2, $3, $4)",
        tx.tenant_id,
        token_hash,
        user_id,
        expires_at,
    )


async def of(tx: Transaction, token_hash: bytes, now: datetime) -> UserId | None:
    """Return whose password a link sets, or None if it is unknown, used or over. No scope: the link is the proof."""
    return await tx.value(
        "SELECT user_id FROM password_resets WHERE tenant_id = $1 AND token_hash = $2 AND expires_at > $3",
        tx.tenant_id,
        token_hash,
        now,
    )


async def forget(tx: Transaction, user_id: UserId) -> None:
    """Delete every reset link of a person."""
    await tx.execute("DELETE FROM password_resets WHERE tenant_id = $1 AND user_id = $2", tx.tenant_id, user_id)


async def purge(queries: Queries, before: datetime, limit: int) -> int:
    """Delete up to `limit` links that ended before an instant, of all tenants; return how many."""
    return await queries.execute(
        """
        DELETE FROM password_resets
         WHERE ctid = ANY(ARRAY(SELECT ctid FROM password_resets WHERE expires_at < $1 LIMIT $2))
        """,
        before,
        limit,
    )
