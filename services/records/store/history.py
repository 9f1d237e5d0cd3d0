"""What happened to records, as rows."""

import json
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from services.chassis.database import Transaction, json_object
from services.records.domain.history import Entry


async def add(tx: Transaction, section: str, record_id: UUID, entry: Entry) -> None:
    """Remember a change of a record."""
    await tx.execute(
        """
        INSERT INTO record_history (
            tenant_id, section, record_id, version, action, before, after, changed_by, changed_at)
        VALUES ($1, $2, $3, $4, $5, $6::text::jsonb, $7::text::jsonb, $8, $9)
        """,
        tx.tenant_id,
        section,
        record_id,
        entry.version,
        entry.action,
        _json(entry.before),
        _json(entry.after),
        entry.by,
        entry.at,
    )


async def page(tx: Transaction, record_id: UUID, *, below: int, limit: int) -> Sequence[Entry]:
    """Return up to `limit` entries below a version, newest first.

    No scope: whoever asks has opened the record, and shows as much as of the record.
    """
    rows = await tx.rows(
        """
        SELECT version, action, before::text AS before, after::text AS after, changed_by, changed_at
          FROM record_history
         WHERE tenant_id = $1 AND record_id = $2 AND version < $3
         ORDER BY version DESC
         LIMIT $4
        """,
        tx.tenant_id,
        record_id,
        below,
        limit,
    )
    return [
        Entry(
            row["version"],
            row["action"],
            json_object(row["before"]),
            json_object(row["after"]),
            row["changed_by"],
            row["changed_at"],
        )
        for row in rows
    ]


async def forget(tx: Transaction, record_id: UUID, names: Collection[str]) -> None:
    """Keep of these fields that they changed, not what they were."""
    await tx.execute(
        """
        UPDATE record_history
           SET before = before || (SELECT coalesce(jsonb_object_agg(name, NULL), '{}')
                                     FROM jsonb_object_keys(before) AS name WHERE name = ANY ($3::text[])),
               after = after || (SELECT coalesce(jsonb_object_agg(name, NULL), '{}')
                                   FROM jsonb_object_keys(after) AS name WHERE name = ANY ($3::text[]))
         WHERE tenant_id = $1 AND record_id = $2
        """,
        tx.tenant_id,
        record_id,
        list(names),
    )


def _json(values: Mapping[str, object]) -> str:
    return json.dumps(values, default=str)
