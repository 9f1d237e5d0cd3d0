"""Rows of regions."""

from collections.abc import Sequence
from datetime import datetime

from services.chassis.database import ForeignKeyViolation, Transaction, UniqueViolation
from services.chassis.problems import NotFound, Stale
from services.contracts.vocabulary import RegionId
from services.identity.domain.organisation import Region, RegionInUse, RegionNameTaken


async def insert(tx: Transaction, region: Region, now: datetime) -> None:
    """Add a region. Raises RegionNameTaken."""
    try:
        await tx.execute(
            "INSERT INTO regions (tenant_id, id, name, version, created_at) VALUES ($1, $2, $3, $4, $5)",
            tx.tenant_id,
            region.id,
            region.name,
            region.version,
            now,
        )
    except UniqueViolation:
        raise RegionNameTaken from None


async def save(tx: Transaction, region: Region) -> None:
    """Write a changed region, whose version is one above the stored one. Raises NotFound, Stale, RegionNameTaken."""
    try:
        saved = await tx.execute(
            "UPDATE regions SET name = $3, version = $4 WHERE tenant_id = $1 AND id = $2 AND version = $4 - 1",
            tx.tenant_id,
            region.id,
            region.name,
            region.version,
        )
    except UniqueViolation:
        raise RegionNameTaken from None
    if not saved:
        raise (Stale if await find(tx, region.id) else NotFound)


async def delete(tx: Transaction, region_id: RegionId, version: int) -> Region:
    """Return the deleted region, at its next version. No scope: the permission to manage was checked.

    Raises NotFound, Stale, RegionInUse.
    """
    try:
        row = await tx.row(
            """
            DELETE FROM regions WHERE tenant_id = $1 AND id = $2 AND version = $3
            RETURNING id, name, version + 1 AS version
            """,
            tx.tenant_id,
            region_id,
            version,
        )
    except ForeignKeyViolation:
        raise RegionInUse from None
    if row is None:
        raise (Stale if await find(tx, region_id) else NotFound)
    return Region(**row)


async def find(tx: Transaction, region_id: RegionId) -> Region | None:
    """Return a region, or None. No scope: every colleague may know the agency's regions."""
    row = await tx.row(
        "SELECT id, name, version FROM regions WHERE tenant_id = $1 AND id = $2", tx.tenant_id, region_id
    )
    return Region(**row) if row else None


async def every(tx: Transaction) -> Sequence[Region]:
    """Return all regions by name. No scope: as `find`."""
    rows = await tx.rows("SELECT id, name, version FROM regions WHERE tenant_id = $1 ORDER BY name", tx.tenant_id)
    return [Region(**row) for row in rows]
