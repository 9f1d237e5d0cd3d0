"""Rows of the audit trail, which are added and never changed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from pydantic import JsonValue
from pydantic_core import to_jsonable_python

from services.chassis.cursor import Cursor
from services.chassis.database import Row, Transaction, json_object
from services.contracts.vocabulary import SessionId, UserId
from services.identity.domain.audit import AuditKind, AuthorKind, Authorship, Change, Facts


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries are wanted; None takes all. `since` is included, `until` is not."""

    subject_id: UUID | None = None
    actor_id: UserId | None = None
    kind: AuditKind | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One change as it was noted."""

    id: UUID
    at: datetime
    kind: str
    subject_id: UUID
    author: AuthorKind
    actor_id: UserId | None
    session_id: SessionId | None
    before: Mapping[str, JsonValue] | None
    after: Mapping[str, JsonValue] | None
    reason: str | None
    address: str | None
    request_id: str | None


async def insert(tx: Transaction, entry_id: UUID, change: Change, by: Authorship) -> None:
    """Add an entry."""
    await tx.execute(
        """
        INSERT INTO audit_entries (
            tenant_id, id, at, kind, subject_id, author, actor_id, session_id, before, after, reason, address,
            request_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::jsonb, $10::text::jsonb, $11, $12, $13)
        """,
        tx.tenant_id,
        entry_id,
        by.at,
        change.kind,
        change.subject_id,
        by.author,
        by.actor_id,
        by.session_id,
        _json(change.before),
        _json(change.after),
        by.reason,
        by.address,
        by.request_id,
    )


async def page(tx: Transaction, wanted: Filter, *, after: Cursor, limit: int) -> Sequence[Entry]:
    """Return up to `limit` entries, newest first; each way of asking walks an index of its own.

    No scope: handlers have checked that the caller manages people, whose changes these are.
    """
    statement, leading = _walk(wanted)
    rows = await tx.rows(
        statement,
        tx.tenant_id,
        leading,
        wanted.actor_id,
        wanted.kind,
        wanted.since,
        wanted.until,
        after.at,
        after.id,
        limit,
    )
    return [_entry(row) for row in rows]


_PAGE: Final[LiteralString] = """
    SELECT id, at, kind, subject_id, author, actor_id, session_id, before::text AS before, after::text AS after, reason,
           address, request_id
      FROM audit_entries
     WHERE tenant_id = $1 AND {narrowed}
       AND ($3::uuid IS NULL OR actor_id = $3) AND ($4::text IS NULL OR kind = $4)
       AND at >= coalesce($5::timestamptz, '-infinity') AND at < coalesce($6::timestamptz, 'infinity')
       AND (at, id) < ($7, $8)
     ORDER BY at DESC, id DESC
     LIMIT $9
"""
_OF_SUBJECT: Final = _PAGE.replace("{narrowed}", "subject_id = $2::uuid")
_BY_ACTOR: Final = _PAGE.replace("{narrowed}", "actor_id = $2::uuid")
_OF_KIND: Final = _PAGE.replace("{narrowed}", "kind = $2::text")
_ALL: Final = _PAGE.replace("{narrowed}", "$2::uuid IS NULL")


def _walk(wanted: Filter) -> tuple[LiteralString, UUID | str | None]:
    """Return the statement whose index starts with what narrows most, and that value."""
    if wanted.subject_id is not None:
        return _OF_SUBJECT, wanted.subject_id
    if wanted.actor_id is not None:
        return _BY_ACTOR, wanted.actor_id
    return (_ALL, None) if wanted.kind is None else (_OF_KIND, wanted.kind)


def _json(facts: Facts | None) -> str | None:
    return None if facts is None else json.dumps(to_jsonable_python(facts))


def _entry(row: Row) -> Entry:
    columns = {name: value for name, value in row.items() if name not in {"author", "before", "after"}}
    return Entry(
        **columns,
        author=AuthorKind(row["author"]),
        before=json_object(row["before"]) if row["before"] else None,
        after=json_object(row["after"]) if row["after"] else None,
    )
