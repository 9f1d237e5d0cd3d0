"""Rows of agencies: their names, zones and settings."""

from services.chassis.database import Transaction
from services.chassis.problems import NotFound, Stale
from services.contracts.identity_events import LicenceCreated
from services.notifications.domain.recipient import Agency


async def insert(tx: Transaction, licence: LicenceCreated) -> bool:
    """Add the agency that identity tells of, once; say whether it was news."""
    return bool(
        await tx.execute(
            """
            INSERT INTO agencies (tenant_id, name, timezone, locale) VALUES ($1, $2, $3, $4)
            ON CONFLICT (tenant_id) DO NOTHING
            """,
            tx.tenant_id,
            licence.name,
            licence.timezone,
            licence.locale,
        )
    )


async def find(tx: Transaction) -> Agency | None:
    """Return the agency. No scope: everybody in it may know it."""
    row = await tx.row(
        "SELECT name, timezone, locale, retention_days, version FROM agencies WHERE tenant_id = $1", tx.tenant_id
    )
    return Agency(**row) if row else None


async def set_retention(tx: Transaction, days: int, version: int) -> None:
    """Set how long mails stay in the history. Raises NotFound, Stale."""
    touched = await tx.execute(
        "UPDATE agencies SET retention_days = $2, version = version + 1 WHERE tenant_id = $1 AND version = $3",
        tx.tenant_id,
        days,
        version,
    )
    if not touched:
        raise NotFound if await find(tx) is None else Stale
