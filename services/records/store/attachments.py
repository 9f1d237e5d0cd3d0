"""What happened to attachments of records, as rows."""

import json
from collections.abc import Collection, Sequence
from uuid import UUID

from services.chassis.cursor import Cursor
from services.chassis.database import Row, Transaction, json_object
from services.contracts.access import AccessSnapshot
from services.records.domain.attachment import Action, Attachment, Change, Kind


async def add(tx: Transaction, attachment: Attachment, change: Change) -> None:
    """Remember a change of an attachment; what became private is private with all that happened to it before."""
    await tx.execute(
        """
        WITH hidden AS (
            UPDATE attachment_history
               SET private_of = $5
             WHERE tenant_id = $1 AND record_id = $2 AND attachment_id = $4 AND $5::uuid IS NOT NULL)
        INSERT INTO attachment_history (
            tenant_id, record_id, kind, attachment_id, private_of, action, before, after, changed_by, changed_at, id)
        VALUES ($1, $2, $3, $4, $5, $6, $7::text::jsonb, $8::text::jsonb, $9, $10, $11)
        """,
        tx.tenant_id,
        attachment.record_id,
        attachment.kind,
        attachment.id,
        attachment.private_of,
        change.action,
        json.dumps(change.before, default=str),
        json.dumps(change.after, default=str),
        change.by,
        change.at,
        change.id,
    )


async def page(
    tx: Transaction,
    snapshot: AccessSnapshot,
    record_id: UUID,
    kinds: Collection[Kind],
    *,
    private: bool,
    after: Cursor,
    limit: int,
) -> Sequence[Change]:
    """Return up to `limit` changes of these kinds, newest first.

    Of those of private documents, without `private`, the caller's own; whoever asks has opened the record.
    """
    rows = await tx.rows(
        """
        SELECT id, kind, attachment_id, action, before::text AS before, after::text AS after, changed_by, changed_at
          FROM attachment_history
         WHERE tenant_id = $1 AND record_id = $2 AND (changed_at, id) < ($3, $4) AND kind = ANY ($5::text[])
           AND ($6 OR private_of IS NULL OR private_of = $7)
         ORDER BY changed_at DESC, id DESC
         LIMIT $8
        """,
        tx.tenant_id,
        record_id,
        after.at,
        after.id,
        list(kinds),
        private,
        snapshot.user_id,
        limit,
    )
    return [_change(row) for row in rows]


async def forget(tx: Transaction, record_id: UUID) -> None:
    """Keep of what was attached to a record that it changed, by whom and when, not what it was."""
    await tx.execute(
        "UPDATE attachment_history SET before = '{}', after = '{}' WHERE tenant_id = $1 AND record_id = $2",
        tx.tenant_id,
        record_id,
    )


def _change(row: Row) -> Change:
    return Change(
        row["id"],
        Kind(row["kind"]),
        row["attachment_id"],
        Action(row["action"]),
        json_object(row["before"]),
        json_object(row["after"]),
        row["changed_by"],
        row["changed_at"],
    )
