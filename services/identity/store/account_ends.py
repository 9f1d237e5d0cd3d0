"""Rows of people whose access has ended, or soon will."""

from collections.abc import Sequence
from datetime import datetime

from services.chassis.database import Queries, Transaction
from services.contracts.vocabulary import TenantId, UserId


async def due(queries: Queries, now: datetime) -> Sequence[tuple[TenantId, UserId]]:
    """Return up to 500 people of all tenants whose access has ended and whose account has not, longest ago first."""
    rows = await queries.rows(
        """
        WITH ended AS (
            SELECT tenant_id, holder_id, level FROM access_policies WHERE ends_at <= $1),
        concerned AS (
            SELECT tenant_id, holder_id AS user_id FROM ended WHERE level = 'user'
             UNION
            SELECT m.tenant_id, m.user_id
              FROM ended e
              JOIN access_template_members m ON (m.tenant_id, m.template_id) = (e.tenant_id, e.holder_id)
             WHERE e.level = 'template')
        SELECT u.tenant_id, u.id
          FROM concerned c
          JOIN users u ON (u.tenant_id, u.id) = (c.tenant_id, c.user_id)
          LEFT JOIN access_policies own ON (own.tenant_id, own.holder_id) = (u.tenant_id, u.id)
          LEFT JOIN access_template_members m ON (m.tenant_id, m.user_id) = (u.tenant_id, u.id)
          LEFT JOIN access_policies t ON (t.tenant_id, t.holder_id) = (m.tenant_id, m.template_id)
         WHERE coalesce(own.ends_at, t.ends_at) <= $1
           AND (u.state = 'active' OR (u.kind = 'external_technician' AND u.state <> 'ghost'))
         ORDER BY coalesce(own.ends_at, t.ends_at)
         LIMIT 500
        """,
        now,
    )
    return [(row["tenant_id"], row["id"]) for row in rows]


async def to_remind_of(queries: Queries, now: datetime, before: datetime) -> Sequence[tuple[TenantId, UserId]]:
    """Return the technicians of all tenants whose visit ends by `before`, and of whom nobody has been reminded."""
    rows = await queries.rows(
        """
        SELECT u.tenant_id, u.id
          FROM users u
          JOIN access_policies p ON (p.tenant_id, p.holder_id) = (u.tenant_id, u.id)
         WHERE u.kind = 'external_technician' AND u.state <> 'ghost'
           AND p.ends_at > $1 AND p.ends_at <= $2 AND u.reminded_of IS DISTINCT FROM p.ends_at
         LIMIT 500
        """,
        now,
        before,
    )
    return [(row["tenant_id"], row["id"]) for row in rows]


async def mark_reminded(tx: Transaction, user_id: UserId, ends_at: datetime) -> bool:
    """Note that somebody is reminded of this end; say whether this is the first time."""
    return bool(
        await tx.execute(
            """
            UPDATE users SET reminded_of = $3
             WHERE tenant_id = $1 AND id = $2 AND reminded_of IS DISTINCT FROM $3::timestamptz
            """,
            tx.tenant_id,
            user_id,
            ends_at,
        )
    )
