"""Agencies: how they understand rights, and the version and lock of their rights."""

from dataclasses import dataclass
from datetime import datetime

from services.authz.domain.mode import RightsMode
from services.authz.domain.signature import Signature
from services.chassis.database import Transaction
from services.contracts.identity_events import LicenceEvent


@dataclass(frozen=True, slots=True)
class Turn:
    """A change's place among all changes of a tenant's rights: versions and times rise together, strictly."""

    version: int
    at: datetime


async def take_turn(tx: Transaction, now: datetime) -> Turn:
    """Raise the version of the tenant's rights; until the end of the transaction nobody else can.

    Every change of rights begins here, so that all of a tenant's happen one after another. The turn's time is
    `now` unless a change before it, or an event of an earlier time, would come later. No scope: a number and a time.
    """
    row = await tx.row(
        """
        INSERT INTO tenants (tenant_id, rights_version, rights_changed_at)
        VALUES ($1, 1, $2)
        ON CONFLICT (tenant_id) DO UPDATE
           SET rights_version = tenants.rights_version + 1,
               rights_changed_at = greatest(
                   excluded.rights_changed_at, tenants.rights_changed_at + interval '1 microsecond')
        RETURNING rights_version, rights_changed_at
        """,
        tx.tenant_id,
        now,
    )
    if row is None:
        raise LookupError("an upsert always returns its row")
    return Turn(row["rights_version"], row["rights_changed_at"])


async def rights_mode(tx: Transaction) -> RightsMode:
    """Return how the agency manages rights. No scope: a setting."""
    return RightsMode(await tx.value("SELECT rights_mode FROM tenants WHERE tenant_id = $1", tx.tenant_id))


async def set_rights_mode(tx: Transaction, mode: RightsMode, signature: Signature) -> None:
    """Keep how the agency manages rights from now on; how it did before becomes past."""
    await tx.execute(
        """
        WITH before AS (
            INSERT INTO rights_modes_past (
                tenant_id, rights_mode, valid_from, valid_to, set_by, reason, ended_by, end_reason)
            SELECT tenant_id, rights_mode, mode_since, greatest($3::timestamptz, mode_since), mode_by, mode_reason,
                   $4::uuid, $5::text
              FROM tenants
             WHERE tenant_id = $1)
        UPDATE tenants
           SET rights_mode = $2, mode_since = $3, mode_by = $4, mode_reason = $5
         WHERE tenant_id = $1
        """,
        tx.tenant_id,
        mode,
        signature.at,
        signature.by,
        signature.reason,
    )


async def take_on(tx: Transaction) -> bool:
    """Note that an agency was taken on; return False if that was known already."""
    return bool(
        await tx.execute("UPDATE tenants SET taken_on = true WHERE tenant_id = $1 AND NOT taken_on", tx.tenant_id)
    )


async def follow_licence(tx: Transaction, licence: LicenceEvent, at: datetime) -> bool:
    """Keep what an agency chose, unless something newer is known already; say whether its ownership is another now.

    What the ownership was before becomes past.
    """
    row = await tx.row(
        """
        WITH known AS (
            SELECT ownership, ownership_since, greatest($5::timestamptz, ownership_since) AS at
              FROM tenants
             WHERE tenant_id = $1 AND licence_version < $4 AND ownership <> $3),
        before AS (
            INSERT INTO ownerships_past (tenant_id, ownership, valid_from, valid_to)
            SELECT $1, ownership, ownership_since, at FROM known)
        UPDATE tenants
           SET timezone = $2, ownership = $3, licence_version = $4,
               ownership_since = coalesce((SELECT at FROM known), ownership_since)
         WHERE tenant_id = $1 AND licence_version < $4
        RETURNING EXISTS (SELECT FROM known) AS is_other
        """,
        tx.tenant_id,
        licence.timezone,
        licence.ownership,
        licence.version,
        at,
    )
    return row is not None and row["is_other"]
