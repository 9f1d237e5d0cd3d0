"""Rows of agencies: their names, zones and settings."""

from zoneinfo import ZoneInfo

from services.chassis.database import Transaction
from services.chassis.problems import NotFound, Stale
from services.contracts.identity_events import LicenceEvent
from services.notifications.domain.recipient import Agency


async def follow(tx: Transaction, licence: LicenceEvent) -> bool:
    """Take over what identity tells of the agency, unless it is older; say whether its zone became known or another."""
    before = await tx.value("SELECT timezone FROM agencies WHERE tenant_id = $1 FOR UPDATE", tx.tenant_id)
    is_news = await tx.execute(
        """
        INSERT INTO agencies AS a (tenant_id, name, timezone, locale, facts_version) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (tenant_id) DO UPDATE
           SET name = excluded.name, timezone = excluded.timezone, locale = excluded.locale,
               facts_version = excluded.facts_version
         WHERE a.facts_version < excluded.facts_version
        """,
        tx.tenant_id,
        licence.name,
        licence.timezone,
        licence.locale,
        licence.version,
    )
    return bool(is_news) and before != licence.timezone


async def hold_zone(tx: Transaction) -> ZoneInfo:
    """Return the agency's zone, UTC until it is known, and keep it so until the transaction ends.

    What is planned by it is then planned anew by whoever changes it. No scope: everybody in it may know it.
    """
    zone = await tx.value("SELECT timezone FROM agencies WHERE tenant_id = $1 FOR SHARE", tx.tenant_id)
    return ZoneInfo(zone or "UTC")


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
