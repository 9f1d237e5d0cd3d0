"""Counting administrators."""

from collections.abc import Sequence
from datetime import datetime

from services.authz.domain.administrator import ADMINISTRATOR_KEYS
from services.chassis.database import Transaction
from services.contracts.vocabulary import UserId


async def remain(tx: Transaction) -> bool:
    """Say whether the agency has an active administrator who stays one, whatever expires.

    Whoever stood down does not count, nor what ends by itself: time must not take the last one away.
    """
    found: bool = await tx.value(
        """
        SELECT EXISTS (
            SELECT
              FROM grants g
              JOIN belongings b USING (tenant_id, holder_kind, holder_id)
              JOIN people p ON (p.tenant_id, p.id) = (b.tenant_id, b.user_id)
             WHERE g.tenant_id = $1 AND g.key = ANY($2) AND g.reach = 'all' AND g.view = 'full'
               AND g.expires_at IS NULL AND b.until IS NULL
               AND p.state = 'active'
               AND p.ends_at IS NULL
               AND (p.stood_down_at IS NULL OR p.stood_down_at < p.user_version)
             GROUP BY p.id
            HAVING count(DISTINCT g.key) = cardinality($2))
        """,
        tx.tenant_id,
        list(ADMINISTRATOR_KEYS),
    )
    return found


async def every(tx: Transaction, now: datetime) -> Sequence[UserId]:
    """Return who administers the agency at present, also by what ends some day. No scope: peers tell only them.

    Whoever stood down is one until identity tells that he no longer is.
    """
    rows = await tx.rows(
        """
        SELECT p.id
          FROM grants g
          JOIN belongings b USING (tenant_id, holder_kind, holder_id)
          JOIN people p ON (p.tenant_id, p.id) = (b.tenant_id, b.user_id)
         WHERE g.tenant_id = $1 AND g.key = ANY($2) AND g.reach = 'all' AND g.view = 'full'
           AND coalesce(g.expires_at > $3, true) AND coalesce(b.until > $3, true)
           AND p.state = 'active'
         GROUP BY p.id
        HAVING count(DISTINCT g.key) = cardinality($2)
         ORDER BY p.id
        """,
        tx.tenant_id,
        list(ADMINISTRATOR_KEYS),
        now,
    )
    return [row["id"] for row in rows]


async def stand_down(tx: Transaction, user_id: UserId, user_version: int | None) -> None:
    """Count a person no longer, until something newer than `user_version` is told; None stands for what is known.

    Also marks somebody of whom nothing has been told yet.
    """
    await tx.execute(
        """
        INSERT INTO people AS p (tenant_id, id, stood_down_at)
        VALUES ($1, $2, coalesce($3, 0))
        ON CONFLICT (tenant_id, id) DO UPDATE
           SET stood_down_at = greatest(coalesce($3, p.user_version), p.stood_down_at)
        """,
        tx.tenant_id,
        user_id,
        user_version,
    )
