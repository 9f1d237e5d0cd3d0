"""What the rule of access must know of records, without the records."""

from collections.abc import Collection, Mapping
from typing import Final, LiteralString
from uuid import UUID

from services.chassis.database import Transaction
from services.contracts.access import AccessSnapshot, RecordFacts, RecordRight
from services.contracts.vocabulary import Effect, RecordClass
from services.records.domain.record import Record
from services.records.store.records import sql_of
from services.records.store.table import Table

_FIND: Final[LiteralString] = """
SELECT id, office_id, assignee_id, created_by, {privacy} AS is_private,
       ARRAY(SELECT (holder_id, record_class, effect)
               FROM record_rights
              WHERE tenant_id = $1 AND record_id = r.id AND holder_id = ANY ($3::uuid[])) AS rights
  FROM {table} AS r
 WHERE tenant_id = $1 AND id = ANY ($2::uuid[])
"""


async def find(
    tx: Transaction, table: Table[Record], whose: Collection[AccessSnapshot], ids: Collection[UUID]
) -> Mapping[UUID, RecordFacts]:
    """Return the facts of those of these records that there are, with the record rights that count for these people."""
    if not ids:
        return {}
    rows = await tx.rows(
        sql_of(table, _FIND).replace("{privacy}", table.privacy),
        tx.tenant_id,
        list(ids),
        list({principal for each in whose for principal in each.principals}),
    )
    return {
        row["id"]: RecordFacts(
            row["office_id"],
            row["assignee_id"],
            row["created_by"],
            row["is_private"],
            table.section.name,
            tuple(RecordRight(holder, RecordClass(each), Effect(effect)) for holder, each, effect in row["rights"]),
        )
        for row in rows
    }
