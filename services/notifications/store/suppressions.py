"""Rows of suppressed addresses, by digest."""

from services.chassis.database import Queries, Transaction
from services.notifications.domain.suppression import LASTS, Severity, Suppression, digest_of


async def add(tx: Transaction, address: str, severity: Severity, code: str) -> None:
    """Count a bounce of an address. A hard one stays hard; soft ones are counted while they follow each other."""
    await tx.execute(
        """
        INSERT INTO suppressions AS s (tenant_id, address_hash, severity, code, expires_at)
        VALUES ($1, $2, $3, $4, now() + $5)
        ON CONFLICT (tenant_id, address_hash) DO UPDATE
           SET severity = CASE WHEN s.severity = 'hard' AND s.expires_at > now() THEN 'hard'
                               ELSE excluded.severity END,
               code = excluded.code,
               bounces = CASE WHEN s.expires_at > now() THEN s.bounces + 1 ELSE 1 END,
               last_bounce_at = now(),
               expires_at = greatest(s.expires_at, excluded.expires_at)
        """,
        tx.tenant_id,
        digest_of(tx.tenant_id, address),
        severity,
        code,
        LASTS[severity],
    )


async def lift(tx: Transaction, address: str) -> bool:
    """Forget the bounces of an address that proved itself, or that somebody vouches for; say if there were any."""
    return bool(
        await tx.execute(
            "DELETE FROM suppressions WHERE tenant_id = $1 AND address_hash = $2",
            tx.tenant_id,
            digest_of(tx.tenant_id, address),
        )
    )


async def find(tx: Transaction, address: str) -> Suppression | None:
    """Return what is known of an address that still counts. No scope: the permission to manage was checked."""
    row = await tx.row(
        """
        SELECT severity, code, bounces, last_bounce_at, expires_at
          FROM suppressions
         WHERE tenant_id = $1 AND address_hash = $2 AND expires_at > now()
        """,
        tx.tenant_id,
        digest_of(tx.tenant_id, address),
    )
    if row is None:
        return None
    columns = {name: value for name, value in row.items() if name != "severity"}
    return Suppression(severity=Severity(row["severity"]), **columns)


async def purge(queries: Queries, limit: int) -> int:
    """Forget up to `limit` addresses whose bounces no longer count, of all tenants; return how many."""
    return await queries.execute(
        """
        DELETE FROM suppressions
         WHERE (tenant_id, address_hash) IN (
               SELECT tenant_id, address_hash FROM suppressions WHERE expires_at <= now() LIMIT $1)
        """,
        limit,
    )
