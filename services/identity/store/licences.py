"""Rows of agencies."""

from datetime import datetime

from services.chassis.database import Queries, Transaction, UniqueViolation
from services.chassis.problems import Stale
from services.contracts.vocabulary import Ownership, TenantId
from services.identity.domain.licence import Licence, LicenceCodeTaken


async def tenant_of(queries: Queries, licence_code: str) -> TenantId | None:
    """Return the tenant that a licence code names, or None. No scope: nobody has signed in yet."""
    return await queries.value("SELECT tenant_id FROM licence_codes WHERE licence_code = upper($1)", licence_code)


async def insert(tx: Transaction, licence: Licence, now: datetime) -> None:
    """Add an agency. Raises LicenceCodeTaken."""
    try:
        await tx.execute(
            "INSERT INTO licence_codes (licence_code, tenant_id) VALUES ($1, $2)",
            licence.licence_code,
            tx.tenant_id,
        )
    except UniqueViolation:
        raise LicenceCodeTaken from None
    await tx.execute(
        """
        INSERT INTO licences (
            tenant_id, licence_code, name, timezone, locale, ownership, seats_bought, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        tx.tenant_id,
        licence.licence_code,
        licence.name,
        licence.timezone,
        licence.locale,
        licence.ownership,
        licence.seats_bought,
        now,
    )


async def save(tx: Transaction, licence: Licence) -> None:
    """Write a changed agency, whose version is one above the stored one. Raises Stale, LicenceCodeTaken."""
    try:
        await tx.execute(
            "UPDATE licence_codes SET licence_code = $2 WHERE tenant_id = $1", tx.tenant_id, licence.licence_code
        )
    except UniqueViolation:
        raise LicenceCodeTaken from None
    saved = await tx.execute(
        """
        UPDATE licences
           SET licence_code = $2, name = $3, timezone = $4, locale = $5, ownership = $6, seats_bought = $7, version = $8
         WHERE tenant_id = $1 AND version = $8 - 1
        """,
        tx.tenant_id,
        licence.licence_code,
        licence.name,
        licence.timezone,
        licence.locale,
        licence.ownership,
        licence.seats_bought,
        licence.version,
    )
    if not saved:
        raise Stale


async def hold(tx: Transaction) -> None:
    """Keep the licence and access policies as they are until the transaction ends; take this before any other lock."""
    await tx.execute("SELECT FROM licences WHERE tenant_id = $1 FOR KEY SHARE", tx.tenant_id)


async def get(tx: Transaction, *, lock: bool = False) -> Licence:
    """Return the tenant's agency; `lock` lets one transaction at a time count its seats. No scope: one row a tenant."""
    row = (
        await tx.row(
            """
            SELECT tenant_id, licence_code, name, timezone, locale, ownership, seats_bought, version
              FROM licences WHERE tenant_id = $1 FOR UPDATE
            """,
            tx.tenant_id,
        )
        if lock
        else await tx.row(
            """
            SELECT tenant_id, licence_code, name, timezone, locale, ownership, seats_bought, version
              FROM licences WHERE tenant_id = $1
            """,
            tx.tenant_id,
        )
    )
    if row is None:
        raise LookupError("a tenant without a licence")
    columns = {name: value for name, value in row.items() if name != "ownership"}
    return Licence(**columns, ownership=Ownership(row["ownership"]))
