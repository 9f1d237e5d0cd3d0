"""The picture of offices and of the regions in which they lie.

No scope anywhere: whose rights an office decides, shown to nobody.
"""

from dataclasses import dataclass
from datetime import datetime

from services.authz.domain.holder import Holder, HolderKind
from services.chassis.database import Transaction
from services.contracts.identity_events import OfficeChanged
from services.contracts.vocabulary import OfficeId, RegionId, UserId


@dataclass(frozen=True, slots=True)
class Office:
    version: int
    region_id: RegionId | None


async def find(tx: Transaction, office_id: OfficeId) -> Office | None:
    """Return what is known of an office. No scope: see above."""
    row = await tx.row(
        "SELECT office_version, region_id FROM offices WHERE tenant_id = $1 AND id = $2", tx.tenant_id, office_id
    )
    return None if row is None else Office(row["office_version"], row["region_id"])


async def count(tx: Transaction) -> int:
    """Return how many offices the agency has."""
    found: int = await tx.value("SELECT count(*) FROM offices WHERE tenant_id = $1", tx.tenant_id)
    return found


async def count_regions(tx: Transaction) -> int:
    """Return in how many regions the agency's offices lie."""
    found: int = await tx.value("SELECT count(DISTINCT region_id) FROM offices WHERE tenant_id = $1", tx.tenant_id)
    return found


async def save(tx: Transaction, office: OfficeChanged) -> None:
    """Replace what is known of an office but since when it lies where it lies."""
    await tx.execute(
        """
        INSERT INTO offices (tenant_id, id, office_version, name, region_id)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (tenant_id, id) DO UPDATE
           SET office_version = excluded.office_version, name = excluded.name, region_id = excluded.region_id
        """,
        tx.tenant_id,
        office.office_id,
        office.version,
        office.name,
        office.region_id,
    )


async def remember(tx: Transaction, office_id: OfficeId, at: datetime) -> None:
    """Let the region in which an office lies become past, before another one is saved."""
    await tx.execute(
        """
        INSERT INTO offices_past (tenant_id, id, region_id, valid_from, valid_to)
        SELECT tenant_id, id, region_id, since, greatest($3::timestamptz, since)
          FROM offices
         WHERE tenant_id = $1 AND id = $2
        """,
        tx.tenant_id,
        office_id,
        at,
    )
    await tx.execute("UPDATE offices SET since = $3 WHERE tenant_id = $1 AND id = $2", tx.tenant_id, office_id, at)


async def principals_near(tx: Transaction, office_id: OfficeId, *regions: RegionId | None) -> frozenset[UserId]:
    """Return who is principal in an office or anywhere in these regions."""
    rows = await tx.rows(
        """
        SELECT user_id FROM person_offices WHERE tenant_id = $1 AND office_id = $2 AND kind = 'principal'
        UNION
        SELECT p.user_id
          FROM offices o
          JOIN person_offices p ON (p.tenant_id, p.office_id) = (o.tenant_id, o.id) AND p.kind = 'principal'
         WHERE o.tenant_id = $1 AND o.region_id = ANY($3)
        """,
        tx.tenant_id,
        office_id,
        [region for region in regions if region is not None],
    )
    return frozenset(row["user_id"] for row in rows)


async def regional_holders(tx: Transaction, office_id: OfficeId) -> list[Holder]:
    """Return the holders of `region` grants who mean only people of this office by it.

    Somebody of the office holds through them, and nobody who does is principal in another office that lies in a
    region. No scope: see above.
    """
    rows = await tx.rows(
        """
        WITH held AS (
            SELECT holder_kind, holder_id, b.user_id
              FROM (SELECT DISTINCT tenant_id, holder_kind, holder_id
                      FROM grants WHERE tenant_id = $1 AND reach = 'region') AS r
              JOIN belongings b USING (tenant_id, holder_kind, holder_id))
        SELECT holder_kind, holder_id
          FROM held
          JOIN person_offices p ON p.tenant_id = $1 AND p.user_id = held.user_id AND p.kind = 'principal'
          LEFT JOIN offices o ON (o.tenant_id, o.id) = (p.tenant_id, p.office_id)
         GROUP BY holder_kind, holder_id
        HAVING bool_or(p.office_id = $2) AND NOT bool_or(p.office_id <> $2 AND o.region_id IS NOT NULL)
         ORDER BY holder_kind, holder_id
        """,
        tx.tenant_id,
        office_id,
    )
    return [Holder(HolderKind(row["holder_kind"]), row["holder_id"]) for row in rows]
