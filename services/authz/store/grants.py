"""What was granted to permission groups."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from services.authz.domain.grant import Grant
from services.authz.domain.reach import Reach
from services.chassis.database import Row, Transaction
from services.contracts.vocabulary import UserId, View


async def of_group(tx: Transaction, group_id: UUID) -> Sequence[Grant]:
    """Return a group's grants by key and reach. No scope: rights themselves; handlers ask for the permission."""
    rows = await tx.rows(
        """
        SELECT key, reach, reach_id, view, expires_at
          FROM grants
         WHERE tenant_id = $1 AND holder_kind = 'group' AND holder_id = $2
         ORDER BY key, reach, reach_id, view
        """,
        tx.tenant_id,
        group_id,
    )
    return [from_row(row) for row in rows]


async def put(tx: Transaction, group_id: UUID, grants: Iterable[Grant], by: UserId | None, now: datetime) -> None:
    """Grant to a group; a grant that it has already ends when the new one does."""
    await tx.execute_many(
        """
        INSERT INTO grants (
            tenant_id, holder_kind, holder_id, key, reach, reach_id, view, expires_at, granted_by, granted_at)
        VALUES ($1, 'group', $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT ON CONSTRAINT grants_once DO UPDATE
           SET expires_at = excluded.expires_at, granted_by = excluded.granted_by, granted_at = excluded.granted_at
        """,
        [
            (tx.tenant_id, group_id, grant.key, grant.reach, grant.reach_id, grant.view, grant.expires_at, by, now)
            for grant in grants
        ],
    )


async def remove(tx: Transaction, group_id: UUID, grants: Iterable[Grant]) -> None:
    """Take grants from a group, however long they would have lasted."""
    await tx.execute_many(
        """
        DELETE FROM grants
         WHERE tenant_id = $1 AND holder_kind = 'group' AND holder_id = $2
           AND key = $3 AND reach = $4 AND reach_id IS NOT DISTINCT FROM $5 AND view = $6
        """,
        [(tx.tenant_id, group_id, grant.key, grant.reach, grant.reach_id, grant.view) for grant in grants],
    )


def from_row(row: Row) -> Grant:
    """Return the grant that a row of the table holds."""
    return Grant(row["key"], Reach(row["reach"]), row["reach_id"], View(row["view"]), row["expires_at"])
