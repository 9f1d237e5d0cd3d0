"""Which permissions of the product an agency has been offered so far.

No scope anywhere: permissions and who holds all of them, shown to nobody.
"""

from collections.abc import Collection, Sequence

from services.authz.domain.holder import Holder, HolderKind
from services.chassis.database import Queries, Transaction
from services.contracts.vocabulary import TenantId


async def tenants_without(queries: Queries, keys: Collection[str]) -> Sequence[TenantId]:
    """Return the tenants that have not been offered all of these permissions.

    To be offered exactly these is the rule, and cheaper to find out.
    """
    rows = await queries.rows(
        """
        SELECT tenant_id
          FROM tenants
         WHERE taken_on AND offered IS DISTINCT FROM $1::text[] AND NOT coalesce(offered, '{}') @> $1::text[]
        """,
        sorted(keys),
    )
    return [row["tenant_id"] for row in rows]


async def offered(tx: Transaction) -> frozenset[str]:
    """Return the permissions that the agency has been offered; before that was kept, those that it ever granted.

    No scope: see above.
    """
    found: list[str] = await tx.value(
        """
        SELECT coalesce(offered, ARRAY(SELECT DISTINCT key FROM grants_ever g WHERE g.tenant_id = t.tenant_id))
          FROM tenants t
         WHERE tenant_id = $1
        """,
        tx.tenant_id,
    )
    return frozenset(found)


async def set_offered(tx: Transaction, keys: Collection[str]) -> None:
    """Keep which permissions the agency has been offered."""
    await tx.execute("UPDATE tenants SET offered = $2 WHERE tenant_id = $1", tx.tenant_id, sorted(keys))


async def holders_of_all(tx: Transaction, keys: Collection[str]) -> Sequence[Holder]:
    """Return who was granted all of these at `all`, in full and for ever. No scope: see above."""
    rows = await tx.rows(
        """
        SELECT holder_kind, holder_id
          FROM grants
         WHERE tenant_id = $1 AND key = ANY($2) AND reach = 'all' AND view = 'full' AND expires_at IS NULL
         GROUP BY holder_kind, holder_id
        HAVING count(DISTINCT key) = $3
         ORDER BY holder_kind, holder_id
        """,
        tx.tenant_id,
        list(keys),
        len(keys),
    )
    return [Holder(HolderKind(row["holder_kind"]), row["holder_id"]) for row in rows]
