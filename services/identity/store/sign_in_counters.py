"""Rows of counted tries and of refused sign-ins. They belong to no tenant: a wrong licence code names none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.chassis.database import Queries, Transaction
from services.contracts.vocabulary import TenantId, UserId
from services.identity.domain.sign_in_limits import Counter


@dataclass(frozen=True, slots=True)
class Refused:
    """A sign-in that was refused; nobody's, if the codes name nobody."""

    id: UUID
    tenant_id: TenantId | None
    user_id: UserId | None
    address: str
    reason: str
    refused_at: datetime


async def lock(queries: Queries, keys: Sequence[bytes]) -> Mapping[bytes, Counter]:
    """Return counters, made where missing, locked in one order until the transaction ends."""
    rows = await queries.rows(
        """
        INSERT INTO sign_in_counters (key) SELECT key FROM unnest($1::bytea[]) AS key ORDER BY key
        ON CONFLICT (key) DO UPDATE SET key = excluded.key
        RETURNING key, busy_until, in_a_row
        """,
        keys,
    )
    return {row["key"]: Counter(row["busy_until"], row["in_a_row"]) for row in rows}


async def save(queries: Queries, counters: Mapping[bytes, Counter]) -> None:
    """Write locked counters."""
    await queries.execute(
        """
        UPDATE sign_in_counters c SET busy_until = n.busy_until, in_a_row = n.in_a_row
          FROM unnest($1::bytea[], $2::timestamptz[], $3::integer[]) AS n (key, busy_until, in_a_row)
         WHERE c.key = n.key
        """,
        list(counters),
        [counter.busy_until for counter in counters.values()],
        [counter.in_a_row for counter in counters.values()],
    )


async def remember_wrong(queries: Queries, key: bytes, digest: bytes, now: datetime) -> bool:
    """Remember a wrong password by its digest; say whether it is a new one."""
    return bool(
        await queries.execute(
            "INSERT INTO wrong_passwords (key, digest, tried_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            key,
            digest,
            now,
        )
    )


async def write_down(queries: Queries, refused: Refused) -> None:
    """Add a refused sign-in."""
    await queries.execute(
        """
        INSERT INTO refused_sign_ins (id, tenant_id, user_id, address, reason, refused_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        refused.id,
        refused.tenant_id,
        refused.user_id,
        refused.address,
        refused.reason,
        refused.refused_at,
    )


async def tenants_to_tell(queries: Queries) -> Sequence[TenantId]:
    """Return the tenants with refused sign-ins that no event has told of."""
    rows = await queries.rows(
        "SELECT DISTINCT tenant_id FROM refused_sign_ins WHERE NOT announced AND user_id IS NOT NULL LIMIT 100"
    )
    return [row["tenant_id"] for row in rows]


async def take_untold(tx: Transaction, limit: int) -> Sequence[Refused]:
    """Return refused sign-ins of the tenant that no event has told of, marked told. No scope: told, not shown."""
    rows = await tx.rows(
        """
        UPDATE refused_sign_ins SET announced = true
         WHERE id IN (SELECT id FROM refused_sign_ins
                       WHERE tenant_id = $1 AND user_id IS NOT NULL AND NOT announced
                       ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)
        RETURNING id, tenant_id, user_id, address, reason, refused_at
        """,
        tx.tenant_id,
        limit,
    )
    return [Refused(**row) for row in rows]


async def purge_counters(queries: Queries, before: datetime, limit: int) -> int:
    """Delete up to `limit` counters that stand at no failure and were idle since an instant; return how many."""
    return await queries.execute(
        """
        DELETE FROM sign_in_counters
         WHERE ctid = ANY(ARRAY(SELECT ctid FROM sign_in_counters WHERE busy_until < $1 AND in_a_row = 0 LIMIT $2))
        """,
        before,
        limit,
    )


async def purge_failures(queries: Queries, before: datetime, limit: int) -> int:
    """Delete up to `limit` counters that were idle since an instant, whatever they stand at; return how many."""
    return await queries.execute(
        """
        DELETE FROM sign_in_counters
         WHERE ctid = ANY(ARRAY(SELECT ctid FROM sign_in_counters WHERE busy_until < $1 LIMIT $2))
        """,
        before,
        limit,
    )


async def purge_wrong(queries: Queries, before: datetime, limit: int) -> int:
    """Delete up to `limit` digests of passwords tried before an instant; return how many."""
    return await queries.execute(
        """
        DELETE FROM wrong_passwords
         WHERE ctid = ANY(ARRAY(SELECT ctid FROM wrong_passwords WHERE tried_at < $1 LIMIT $2))
        """,
        before,
        limit,
    )


async def purge_refused(queries: Queries, before: datetime, limit: int) -> int:
    """Delete up to `limit` sign-ins that were refused before an instant; return how many."""
    return await queries.execute(
        """
        DELETE FROM refused_sign_ins
         WHERE ctid = ANY(ARRAY(SELECT ctid FROM refused_sign_ins WHERE refused_at < $1 LIMIT $2))
        """,
        before,
        limit,
    )


async def purge_refused_of_nobody(queries: Queries, before: datetime, limit: int) -> int:
    """Delete up to `limit` sign-ins as nobody that were refused before an instant; return how many."""
    return await queries.execute(
        """
        DELETE FROM refused_sign_ins
         WHERE ctid = ANY(ARRAY(
               SELECT ctid FROM refused_sign_ins WHERE refused_at < $1 AND user_id IS NULL LIMIT $2))
        """,
        before,
        limit,
    )
