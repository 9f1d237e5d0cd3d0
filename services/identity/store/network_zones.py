"""Rows of named network zones."""

from collections.abc import Sequence
from datetime import datetime
from ipaddress import ip_network
from uuid import UUID

from services.chassis.database import ForeignKeyViolation, Row, Transaction, UniqueViolation
from services.chassis.problems import NotFound, Stale
from services.contracts.vocabulary import UserId
from services.identity.domain.access_policy import NetworkZone, ZoneInUse, ZoneNameTaken


async def insert(tx: Transaction, zone: NetworkZone, now: datetime) -> None:
    """Add a zone. Raises ZoneNameTaken."""
    try:
        await tx.execute(
            """
            INSERT INTO network_zones (tenant_id, id, name, networks, version, created_at)
            VALUES ($1, $2, $3, $4, $5, $6)
            """,
            tx.tenant_id,
            zone.id,
            zone.name,
            [str(network) for network in zone.networks],
            zone.version,
            now,
        )
    except UniqueViolation:
        raise ZoneNameTaken from None


async def save(tx: Transaction, zone: NetworkZone) -> None:
    """Write a changed zone, whose version is one above the stored one. Raises NotFound, Stale, ZoneNameTaken."""
    try:
        saved = await tx.execute(
            """
            UPDATE network_zones SET name = $3, networks = $4, version = $5
             WHERE tenant_id = $1 AND id = $2 AND version = $5 - 1
            """,
            tx.tenant_id,
            zone.id,
            zone.name,
            [str(network) for network in zone.networks],
            zone.version,
        )
    except UniqueViolation:
        raise ZoneNameTaken from None
    if not saved:
        raise (Stale if await find(tx, zone.id) else NotFound)


async def delete(tx: Transaction, zone_id: UUID, version: int) -> None:
    """Delete a zone that no policy names. Raises NotFound, Stale, ZoneInUse."""
    try:
        deleted = await tx.execute(
            "DELETE FROM network_zones WHERE tenant_id = $1 AND id = $2 AND version = $3",
            tx.tenant_id,
            zone_id,
            version,
        )
    except ForeignKeyViolation:
        raise ZoneInUse from None
    if not deleted:
        raise (Stale if await find(tx, zone_id) else NotFound)


async def find(tx: Transaction, zone_id: UUID) -> NetworkZone | None:
    """Return a zone, or None. No scope: handlers have checked that the caller manages people."""
    row = await tx.row(
        "SELECT id, name, networks, version FROM network_zones WHERE tenant_id = $1 AND id = $2", tx.tenant_id, zone_id
    )
    return _zone(row) if row else None


async def every(tx: Transaction) -> Sequence[NetworkZone]:
    """Return all zones by name. No scope: as `find`."""
    rows = await tx.rows(
        "SELECT id, name, networks, version FROM network_zones WHERE tenant_id = $1 ORDER BY name", tx.tenant_id
    )
    return [_zone(row) for row in rows]


async def people_of(tx: Transaction, zone_id: UUID) -> Sequence[UserId]:
    """Return the ids of all people whom some policy that names the zone may concern."""
    rows = await tx.rows(
        """
        SELECT u.id
          FROM users u
         WHERE u.tenant_id = $1 AND u.state <> 'ghost'
           AND EXISTS (
               SELECT FROM access_policy_zones pz
                WHERE pz.tenant_id = $1 AND pz.zone_id = $2
                  AND pz.holder_id IN ($1, u.id, (SELECT template_id FROM access_template_members m
                                                   WHERE m.tenant_id = $1 AND m.user_id = u.id)))
        """,
        tx.tenant_id,
        zone_id,
    )
    return [row["id"] for row in rows]


def _zone(row: Row) -> NetworkZone:
    return NetworkZone(row["id"], row["name"], tuple(ip_network(text) for text in row["networks"]), row["version"])
