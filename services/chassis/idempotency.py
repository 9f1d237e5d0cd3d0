"""Idempotent creates: the same Idempotency-Key from the same person makes one record, however often it is sent."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.chassis.database import Transaction
from services.chassis.problems import Conflict
from services.contracts.vocabulary import UserId


class KeyReused(Conflict):
    code = "idempotency_key_reused"
    title = "This Idempotency-Key was used for another request."


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A caller's key and the digest of the request that it stands for."""

    user_id: UserId
    key: str
    request_hash: bytes

    @classmethod
    def of(cls, user_id: UserId, key: str, route: str, body: bytes) -> "IdempotencyKey":
        """Return the key for a request to a route with a body."""
        return cls(user_id, key, hashlib.sha256(route.encode() + b"\0" + body).digest())


async def earlier(tx: Transaction, key: IdempotencyKey | None, resource_id: UUID, now: datetime) -> UUID | None:
    """Claim the key for a new resource; return the resource that an earlier request made, if there was one.

    A parallel request with the same key waits here until the first commits. Raises KeyReused.
    """
    if key is None:
        return None
    claimed = await tx.execute(
        """
        INSERT INTO idempotency_keys (tenant_id, user_id, key, request_hash, resource_id, created_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT DO NOTHING
        """,
        tx.tenant_id,
        key.user_id,
        key.key,
        key.request_hash,
        resource_id,
        now,
    )
    if claimed:
        return None
    row = await tx.row(
        "SELECT request_hash, resource_id FROM idempotency_keys WHERE tenant_id = $1 AND user_id = $2 AND key = $3",
        tx.tenant_id,
        key.user_id,
        key.key,
    )
    if row is None or row["request_hash"] != key.request_hash:
        raise KeyReused
    return UUID(bytes=row["resource_id"].bytes)
