"""What is left of deleted records."""

from services.chassis.database import Transaction
from services.records.domain.record import Record, Tombstone
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
        "DELETE FROM record_history WHERE tenant_id = $1 AND record_id = $2",
        sql_of(table, "DELETE FROM {table} WHERE tenant_id = $1 AND id = $2"),
    ):
        await tx.execute(statement, tx.tenant_id, record.id)
    await tx.execute(
        """
        INSERT INTO tombstones (tenant_id, section, record_id, number, cause, ground, deleted_by, deleted_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        tx.tenant_id,
        table.section.name,
        record.id,
        record.number,
        tombstone.cause,
        tombstone.ground,
        tombstone.by,
        tombstone.at,
    )
