"""What has expired and still stands among what holds.

No scope anywhere: what time takes away, from whomever; shown to nobody.
"""

from collections.abc import Sequence
from datetime import datetime

from services.chassis.database import Queries, Transaction
from services.contracts.vocabulary import TenantId, UserId


async def tenants_with_expired(queries: Queries, now: datetime) -> Sequence[TenantId]:
    """Return the tenants of which a grant or membership has expired."""
    rows = await queries.rows(
        """
        SELECT tenant_id FROM grants WHERE expires_at <= $1
        UNION
        SELECT tenant_id FROM group_members WHERE expires_at <= $1
        """,
        now,
    )
    return [row["tenant_id"] for row in rows]


async def end_expired(tx: Transaction, now: datetime, limit: int) -> frozenset[UserId]:
    """Let up to `limit` grants and memberships that have expired become past, and return who held them."""
    rows = await tx.rows(
        """
        WITH grants_gone AS (
            DELETE FROM grants
             WHERE tenant_id = $1
               AND seq IN (SELECT seq FROM grants WHERE tenant_id = $1 AND expires_at <= $2 LIMIT $3)
            RETURNING *),
        members_gone AS (
            DELETE FROM group_members
             WHERE tenant_id = $1
               AND (group_id, user_id) IN (
                   SELECT group_id, user_id FROM group_members
                    WHERE tenant_id = $1 AND expires_at <= $2 LIMIT $3)
            RETURNING *),
        grants_kept AS (
            INSERT INTO grants_past (
                tenant_id, seq, holder_kind, holder_id, key, reach, reach_id, view, expires_at, granted_by,
                granted_at, reason, valid_to, end_reason)
            SELECT tenant_id, seq, holder_kind, holder_id, key, reach, reach_id, view, expires_at, granted_by,
                   granted_at, reason, greatest(expires_at, granted_at), 'expired'
              FROM grants_gone),
        members_kept AS (
            INSERT INTO group_members_past (
                tenant_id, group_id, user_id, expires_at, added_by, added_at, reason, valid_to, end_reason)
            SELECT tenant_id, group_id, user_id, expires_at, added_by, added_at, reason,
                   greatest(expires_at, added_at), 'expired'
              FROM members_gone)
        SELECT user_id FROM members_gone
        UNION
        SELECT b.user_id FROM grants_gone g JOIN belongings b USING (tenant_id, holder_kind, holder_id)
        """,
        tx.tenant_id,
        now,
        limit,
    )
    return frozenset(row["user_id"] for row in rows)
