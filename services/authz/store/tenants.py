"""Agencies: how they understand rights, and the version and lock of their rights."""

from services.chassis.database import Transaction
from services.contracts.vocabulary import Ownership


async def raise_version(tx: Transaction) -> int:
    """Raise the version of the tenant's rights and return it; until the end of the transaction nobody else can.

    Every change of rights begins here, so that all of a tenant's happen one after another.
    """
    version: int = await tx.value(
        """
        INSERT INTO tenants (tenant_id, rights_version)
        VALUES ($1, 1)
        ON CONFLICT (tenant_id) DO UPDATE SET rights_version = tenants.rights_version + 1
        RETURNING rights_version
        """,
        tx.tenant_id,
    )
    return version


async def version(tx: Transaction) -> int:
    """Return the version of the tenant's rights; 0 before anything was told of the tenant."""
    found: int | None = await tx.value("SELECT rights_version FROM tenants WHERE tenant_id = $1", tx.tenant_id)
    return found or 0


async def take_on(tx: Transaction, timezone: str, ownership: Ownership) -> bool:
    """Keep what an agency chose when it was taken on; return False if that was known already."""
    return bool(
        await tx.execute(
            """
            UPDATE tenants
               SET taken_on = true, timezone = $2, ownership = $3
             WHERE tenant_id = $1 AND NOT taken_on
            """,
            tx.tenant_id,
            timezone,
            ownership,
        )
    )
