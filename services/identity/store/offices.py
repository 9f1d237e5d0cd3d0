"""Rows of offices."""

from collections.abc import Sequence
from datetime import datetime

from services.chassis.database import ForeignKeyViolation, Transaction, UniqueViolation
from services.chassis.problems import NotFound, Stale
from services.contracts.vocabulary import OfficeId, RegionId
from services.identity.domain.licence import Office, OfficeNameTaken
from services.identity.domain.organisation import UnknownRegion


async def insert(tx: Transaction, office: Office, now: datetime) -> None:
    """Add an office. Raises OfficeNameTaken."""
    try:
        await tx.execute(
            """
            INSERT INTO offices (tenant_id, id, name, version, region_id, created_at) VALUES ($1, $2, $3, $4, $5, $6)
            """,
            tx.tenant_id,
            office.id,
            office.name,
            office.version,
            office.region_id,
            now,
        )
    except UniqueViolation:
        raise OfficeNameTaken from None


async def rename(tx: Transaction, office_id: OfficeId, name: str, version: int) -> Office:
    """Return the renamed office. No scope: the permission to manage was checked.

    Raises NotFound, Stale, OfficeNameTaken.
    """
    try:
        row = await tx.row(
            """
            UPDATE offices SET name = $3, version = version + 1
             WHERE tenant_id = $1 AND id = $2 AND version = $4
            RETURNING id, name, version, region_id
            """,
            tx.tenant_id,
            office_id,
            name,
            version,
        )
    except UniqueViolation:
        raise OfficeNameTaken from None
    if row is None:
        raise (Stale if await find(tx, office_id) else NotFound)
    return Office(**row)


async def move(tx: Transaction, office_id: OfficeId, region_id: RegionId | None, version: int) -> Office:
    """Return the office in another region, or in none. No scope: the permission to manage was checked.

    Raises NotFound, Stale, UnknownRegion.
    """
    try:
        row = await tx.row(
            """
            UPDATE offices SET region_id = $3, version = version + 1
             WHERE tenant_id = $1 AND id = $2 AND version = $4
            RETURNING id, name, version, region_id
            """,
            tx.tenant_id,
            office_id,
            region_id,
            version,
        )
    except ForeignKeyViolation:
        raise UnknownRegion from None
    if row is None:
        raise (Stale if await find(tx, office_id) else NotFound)
    return Office(**row)


async def find(tx: Transaction, office_id: OfficeId) -> Office | None:
    """Return an office, or None. No scope: every colleague may know the agency's offices."""
    row = await tx.row(
        "SELECT id, name, version, region_id FROM offices WHERE tenant_id = $1 AND id = $2", tx.tenant_id, office_id
    )
    return Office(**row) if row else None


async def every(tx: Transaction) -> Sequence[Office]:
    """Return all offices by name. No scope: every colleague may know the agency's offices."""
    rows = await tx.rows(
        "SELECT id, name, version, region_id FROM offices WHERE tenant_id = $1 ORDER BY name", tx.tenant_id
    )
    return [Office(**row) for row in rows]


async def known(tx: Transaction) -> frozenset[OfficeId]:
    """Return the ids of all offices."""
    rows = await tx.rows("SELECT id FROM offices WHERE tenant_id = $1", tx.tenant_id)
    return frozenset(row["id"] for row in rows)
