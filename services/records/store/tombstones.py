"""What is left of deleted records."""

from collections.abc import Sequence

from services.chassis.cursor import Cursor
from services.chassis.database import Transaction
from services.contracts.access import RecordFacts
from services.records.domain.record import Burial, Buried, Record, Tombstone
from services.records.store.records import sql_of
from services.records.store.table import Table


async def bury(tx: Transaction, table: Table[Record], record: Record, tombstone: Tombstone) -> None:
    """Delete a record that nothing refers to any more; left are its number, and who deleted it when and why."""
    for statement in (
        "DELETE FROM record_schedules WHERE tenant_id = $1 AND record_id = $2",
        """
        DELETE FROM matches
         WHERE tenant_id = $1
           AND searcher_id IN (SELECT $2 UNION ALL
                               SELECT id FROM search_criteria WHERE tenant_id = $1 AND contact_id = $2)
        """,
        "DELETE FROM record_words WHERE tenant_id = $1 AND record_id = $2",
        "DELETE FROM record_rights WHERE tenant_id = $1 AND record_id = $2",
        "DELETE FROM record_right_changes WHERE tenant_id = $1 AND record_id = $2",
        "DELETE FROM record_documents WHERE tenant_id = $1 AND record_id = $2",
        "DELETE FROM attachment_history WHERE tenant_id = $1 AND record_id = $2",
        "DELETE FROM record_history WHERE tenant_id = $1 AND record_id = $2",
        sql_of(table, "DELETE FROM {table} WHERE tenant_id = $1 AND id = $2"),
    ):
        await tx.execute(statement, tx.tenant_id, record.id)
    facts = record.facts()
    await tx.execute(
        """
        INSERT INTO tombstones (tenant_id, section, record_id, number, cause, ground, deleted_by, deleted_at,
                                office_id, assignee_id, created_by, is_private)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        """,
        tx.tenant_id,
        table.section.name,
        record.id,
        record.number,
        tombstone.cause,
        tombstone.ground,
        tombstone.by,
        tombstone.at,
        facts.office_id,
        facts.assignee_id,
        facts.created_by,
        facts.is_private,
    )


async def page(tx: Transaction, section: str, *, after: Cursor, skipping: int, limit: int) -> Sequence[Buried]:
    """Return up to `limit` deleted records of a section, `skipping` so many, the last one first.

    No scope: the rule decides on each.
    """
    rows = await tx.rows(
        """
        SELECT record_id, number, cause, ground, deleted_by, deleted_at, office_id, assignee_id, created_by, is_private
          FROM tombstones
         WHERE tenant_id = $1 AND section = $2 AND (deleted_at, record_id) < ($3, $4)
         ORDER BY deleted_at DESC, record_id DESC
        OFFSET $5
         LIMIT $6
        """,
        tx.tenant_id,
        section,
        after.at,
        after.id,
        skipping,
        limit,
    )
    return [
        Buried(
            row["record_id"],
            row["number"],
            RecordFacts(row["office_id"], row["assignee_id"], row["created_by"], row["is_private"], section),
            Tombstone(Burial(row["cause"]), row["ground"], row["deleted_by"], row["deleted_at"]),
        )
        for row in rows
    ]
