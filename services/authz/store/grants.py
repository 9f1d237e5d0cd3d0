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
    given = list(grants)
    await tx.execute(
        """
        INSERT INTO grants (
            tenant_id, holder_kind, holder_id, key, reach, reach_id, view, expires_at, granted_by, granted_at)
        SELECT $1::uuid, 'group', $2::uuid, given.*, $8::uuid, $9::timestamptz
          FROM unnest($3::text[], $4::text[], $5::uuid[], $6::text[], $7::timestamptz[]) AS given
        ON CONFLICT ON CONSTRAINT grants_once DO UPDATE
           SET expires_at = excluded.expires_at, granted_by = excluded.granted_by, granted_at = excluded.granted_at
        """,
        tx.tenant_id,
        group_id,
        [grant.key for grant in given],
        [grant.reach for grant in given],
        [grant.reach_id for grant in given],
        [grant.view for grant in given],
        [grant.expires_at for grant in given],
        by,
        now,
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
