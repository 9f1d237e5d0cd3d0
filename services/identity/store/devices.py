"""Rows of the devices that people have signed in from."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.chassis.database import Queries, Transaction
from services.contracts.vocabulary import UserId


async def add(tx: Transaction, device_id: UUID, user_id: UserId, token_hash: bytes, now: datetime) -> bool:
    """Remember a device; say whether the person had another one before."""
    row = await tx.row(
        """
        INSERT INTO devices (tenant_id, id, user_id, token_hash, added_at, seen_at) VALUES ($1, $2, $3, $4, $5, $5)
        RETURNING EXISTS (SELECT FROM devices d WHERE d.tenant_id = $1 AND d.user_id = $3) AS had_another
        """,
        tx.tenant_id,
        device_id,
        user_id,
        token_hash,
        now,
    )
    return row is not None and row["had_another"]


async def known(tx: Transaction, user_id: UserId, token_hash: bytes) -> UUID | None:
    """Return which of a person's devices has this token, or None. No scope: the token is the proof."""
    return await tx.value(
        "SELECT id FROM devices WHERE tenant_id = $1 AND user_id = $2 AND token_hash = $3",
        tx.tenant_id,
        user_id,
        token_hash,
    )


async def of(tx: Transaction, user_id: UserId) -> Sequence[UUID]:
    """Return a person's devices. No scope: their tries are forgotten, nothing is shown."""
    rows = await tx.rows("SELECT id FROM devices WHERE tenant_id = $1 AND user_id = $2", tx.tenant_id, user_id)
    return [row["id"] for row in rows]


async def seen(tx: Transaction, device_id: UUID, now: datetime) -> None:
    """Note that a device was used."""
    await tx.execute("UPDATE devices SET seen_at = $3 WHERE tenant_id = $1 AND id = $2", tx.tenant_id, device_id, now)


async def forget(tx: Transaction, user_id: UserId) -> None:
    """Delete every device of a person."""
    await tx.execute("DELETE FROM devices WHERE tenant_id = $1 AND user_id = $2", tx.tenant_id, user_id)


async def purge(queries: Queries, before: datetime, limit: int) -> int:
    """Delete up to `limit` devices not seen since an instant, of all tenants; return how many."""
    return await queries.execute(
        """
        DELETE FROM devices
         WHERE ctid = ANY(ARRAY(SELECT ctid FROM devices WHERE seen_at < $1 LIMIT $2))
        """,
        before,
        limit,
    )
