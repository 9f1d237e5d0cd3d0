"""What is blocked for single people, whatever they were granted."""

from collections.abc import Collection

from services.authz.domain.signature import Signature
from services.authz.domain.switch import Switch
from services.chassis.database import Transaction
from services.contracts.vocabulary import UserId


async def of(tx: Transaction, user_id: UserId) -> frozenset[Switch]:
    """Return what is blocked for a person. No scope: rights themselves; handlers ask for the permission."""
    rows = await tx.rows(
        "SELECT switch FROM blocked_switches WHERE tenant_id = $1 AND user_id = $2", tx.tenant_id, user_id
    )
    return frozenset(Switch(row["switch"]) for row in rows)


async def block(tx: Transaction, user_id: UserId, switches: Collection[Switch], signature: Signature) -> None:
    """Block what is not blocked yet."""
    await tx.execute(
        """
        INSERT INTO blocked_switches (tenant_id, user_id, switch, blocked_by, blocked_at, reason)
        SELECT $1::uuid, $2::uuid, switch, $4::uuid, $5::timestamptz, $6::text FROM unnest($3::text[]) AS switch
        """,
        tx.tenant_id,
        user_id,
        list(switches),
        signature.by,
        signature.at,
        signature.reason,
    )


async def unblock(tx: Transaction, user_id: UserId, switches: Collection[Switch], signature: Signature) -> None:
    """Block these no longer."""
    await tx.execute(
        """
        WITH gone AS (
            DELETE FROM blocked_switches
             WHERE tenant_id = $1 AND user_id = $2 AND switch = ANY($3)
            RETURNING *)
        INSERT INTO blocked_switches_past (
            tenant_id, user_id, switch, blocked_by, blocked_at, reason, valid_to, ended_by, end_reason)
        SELECT tenant_id, user_id, switch, blocked_by, blocked_at, reason,
               greatest($5::timestamptz, blocked_at), $4::uuid, $6::text
          FROM gone
        """,
        tx.tenant_id,
        user_id,
        list(switches),
        signature.by,
        signature.at,
        signature.reason,
    )
