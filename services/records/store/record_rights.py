"""Record rights as rows beside the records, and every change of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from services.chassis.database import Transaction
from services.contracts.vocabulary import Effect, RecordClass, UserId
from services.records.domain.record_rights import Cause, Entries, Holder, HolderKind, Reason, Slot


@dataclass(frozen=True, slots=True)
class Given:
    """An entry, and who gave it when, by which stamp if one was named."""

    effect: Effect
    by: UserId
    at: datetime
    stamp_id: UUID | None


@dataclass(frozen=True, slots=True)
class Change:
    """One version of a record's entries: why, by whom and when they became so."""

    version: int
    reason: Reason
    entries: Entries
    by: UserId
    at: datetime


async def find(tx: Transaction, record_id: UUID) -> Mapping[Slot, Given]:
    """Return the entries of a record. No scope: whoever asks has decided that the caller reaches the panel."""
    rows = await tx.rows(
        """
        SELECT holder_kind, holder_id, record_class, effect, given_by, given_at,
               (SELECT stamp_id
                  FROM record_right_changes AS made
                 WHERE made.tenant_id = $1 AND made.record_id = $2
                   AND (made.changed_by, made.changed_at) = (given_by, given_at)
                 ORDER BY version DESC
                 LIMIT 1) AS stamp_id
          FROM record_rights
         WHERE tenant_id = $1 AND record_id = $2
         ORDER BY holder_kind, holder_id, record_class
        """,
        tx.tenant_id,
        record_id,
    )
    return {
        (Holder(HolderKind(row["holder_kind"]), row["holder_id"]), RecordClass(row["record_class"])): Given(
            Effect(row["effect"]), row["given_by"], row["given_at"], row["stamp_id"]
        )
        for row in rows
    }


async def version(tx: Transaction, record_id: UUID) -> int:
    """Return how often the entries of a record were changed."""
    return await tx.value(
        "SELECT coalesce(max(version), 0) FROM record_right_changes WHERE tenant_id = $1 AND record_id = $2",
        tx.tenant_id,
        record_id,
    )


async def save(tx: Transaction, section: str, record_id: UUID, updated_at: datetime, change: Change) -> None:
    """Make the entries of a record those of a change, and keep the change. What stays keeps who gave it when."""
    given = [
        (holder.kind.value, holder.id, each.value, effect.value) for (holder, each), effect in change.entries.items()
    ]
    kinds, holders, classes, effects = ([entry[at] for entry in given] for at in range(4))
    await tx.execute(
        """
        DELETE FROM record_rights
         WHERE tenant_id = $1 AND record_id = $2
           AND (holder_kind, holder_id, record_class, effect) NOT IN (
               SELECT * FROM unnest($3::text[], $4::uuid[], $5::text[], $6::text[]))
        """,
        tx.tenant_id,
        record_id,
        kinds,
        holders,
        classes,
        effects,
    )
    await tx.execute(
        """
        INSERT INTO record_rights (tenant_id, section, record_id, holder_kind, holder_id, record_class, effect,
                                   given_by, given_at, record_updated_at)
        SELECT $1, $2, $3, given.*, $8, $9, $10
          FROM unnest($4::text[], $5::uuid[], $6::text[], $7::text[]) AS given
            ON CONFLICT DO NOTHING
        """,
        tx.tenant_id,
        section,
        record_id,
        kinds,
        holders,
        classes,
        effects,
        change.by,
        change.at,
        updated_at,
    )
    await tx.execute(
        """
        INSERT INTO record_right_changes (
            tenant_id, section, record_id, version, cause, stamp_id, entries, changed_by, changed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7::text::jsonb, $8, $9)
        """,
        tx.tenant_id,
        section,
        record_id,
        change.version,
        change.reason.cause,
        change.reason.stamp_id,
        json.dumps([(kind, str(holder), each, effect) for kind, holder, each, effect in given]),
        change.by,
        change.at,
    )


async def changes(tx: Transaction, record_id: UUID) -> Sequence[Change]:
    """Return the last 200 changes of a record's entries, newest first. No scope: as `find`."""
    rows = await tx.rows(
        """
        SELECT version, cause, stamp_id, entries::text AS entries, changed_by, changed_at
          FROM record_right_changes
         WHERE tenant_id = $1 AND record_id = $2
         ORDER BY version DESC
         LIMIT 200
        """,
        tx.tenant_id,
        record_id,
    )
    return [
        Change(
            row["version"],
            Reason(Cause(row["cause"]), row["stamp_id"]),
            _entries(row["entries"]),
            row["changed_by"],
            row["changed_at"],
        )
        for row in rows
    ]


async def entries_at(tx: Transaction, record_id: UUID, version: int) -> Entries | None:
    """Return the entries of a record as they were at a version, or None. No scope: as `find`."""
    if version == 0:
        return {}
    text: str | None = await tx.value(
        "SELECT entries::text FROM record_right_changes WHERE tenant_id = $1 AND record_id = $2 AND version = $3",
        tx.tenant_id,
        record_id,
        version,
    )
    return None if text is None else _entries(text)


async def records_with_entries_of(tx: Transaction, holder_id: UUID) -> Sequence[tuple[str, UUID]]:
    """Return the records that say something to a holder, each after its section. No scope: ids, shown to nobody."""
    rows = await tx.rows(
        """
        SELECT DISTINCT section, record_id
          FROM record_rights
         WHERE tenant_id = $1 AND holder_id = $2
         ORDER BY section, record_id
        """,
        tx.tenant_id,
        holder_id,
    )
    return [(row["section"], row["record_id"]) for row in rows]


def _entries(text: str) -> Entries:
    return {
        (Holder(HolderKind(kind), UUID(holder)), RecordClass(each)): Effect(effect)
        for kind, holder, each, effect in cast("list[tuple[str, str, str, str]]", json.loads(text))
    }
