"""What the rule of access must know of listings, without the listings."""

from collections.abc import Collection, Mapping
from uuid import UUID

from services.chassis.database import Transaction
from services.contracts.access import AccessSnapshot, RecordFacts, RecordRight
from services.contracts.vocabulary import Effect, RecordClass


async def find(tx: Transaction, snapshot: AccessSnapshot, ids: Collection[UUID]) -> Mapping[UUID, RecordFacts]:
    """Return the facts of those of these listings that there are, with the record rights that count for somebody."""
    if not ids:
        return {}
    rows = await tx.rows(
        """
        SELECT id, office_id, assignee_id, created_by, is_private,
               ARRAY(SELECT (holder_id, record_class, effect)
                       FROM record_rights
                      WHERE tenant_id = $1 AND record_id = l.id AND holder_id = ANY ($3::uuid[])) AS rights
          FROM listings AS l
         WHERE tenant_id = $1 AND id = ANY ($2::uuid[])
        """,
        tx.tenant_id,
        list(ids),
        list(snapshot.principals),
    )
    return {
        row["id"]: RecordFacts(
            row["office_id"],
            row["assignee_id"],
            row["created_by"],
            row["is_private"],
            "listings",
            tuple(RecordRight(holder, RecordClass(each), Effect(effect)) for holder, each, effect in row["rights"]),
        )
        for row in rows
    }
