"""The journal of rights, which the database writes by itself.

No scope anywhere: rights themselves; handlers ask for the permission to see them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, LiteralString
from uuid import UUID

from pydantic import JsonValue

from services.authz.domain.holder import HolderKind
from services.chassis.cursor import Cursor
from services.chassis.database import Row, Transaction, json_object
from services.contracts.authz_events import ChangedRights
from services.contracts.vocabulary import UserId


@dataclass(frozen=True, slots=True)
class Entry:
    """One right that began (`before` None), ended (`after` None), or lasts otherwise than before.

    Without a holder it is the agency's way to manage rights.
    """

    seq: int
    at: datetime
    version: int
    author_id: UserId | None
    reason: str | None
    kind: str
    holder_kind: HolderKind | None
    holder_id: UUID | None
    user_id: UserId | None
    key: str | None
    before: dict[str, JsonValue] | None
    after: dict[str, JsonValue] | None

    @property
    def cursor(self) -> Cursor:
        """Return where the page after this entry begins."""
        return Cursor(self.at, UUID(int=self.seq))


@dataclass(frozen=True, slots=True)
class Filter:
    """What is looked for; None matches everything. `since` is included, `until` is not."""

    user_id: UUID | None = None
    holder_id: UUID | None = None
    author_id: UUID | None = None
    key: str | None = None
    since: datetime | None = None
    until: datetime | None = None


_EVER: Final = datetime.min.replace(tzinfo=UTC)
_FOUND: Final[LiteralString] = """
    SELECT seq, at, version, author_id, reason, kind, holder_kind, holder_id, user_id, key,
           before::text AS before, after::text AS after
      FROM rights_changes
     WHERE tenant_id = $1 AND (at, seq) < ($2, $3) AND at >= $4
"""
_NEWEST: Final[LiteralString] = " ORDER BY at DESC, seq DESC LIMIT $9"


def _statement(asked: Filter) -> LiteralString:
    """Return the statement that finds what is asked for.

    In a plan that must do for all values, `$5 IS NULL OR user_id = $5` is no index condition and passes for rare: the
    whole journal would be read and sorted. Therefore only what is asked for is compared.
    """
    return (
        _FOUND
        + (" AND $5::uuid IS NULL" if asked.user_id is None else " AND user_id = $5")
        + (" AND $6::uuid IS NULL" if asked.holder_id is None else " AND holder_id = $6")
        + (" AND $7::text IS NULL" if asked.key is None else " AND key = $7")
        + (" AND $8::uuid IS NULL" if asked.author_id is None else " AND author_id = $8")
        + _NEWEST
    )


async def page(tx: Transaction, asked: Filter, *, after: Cursor, limit: int) -> Sequence[Entry]:
    """Return up to `limit` entries, newest first. No scope: see above."""
    place = after.at, min(after.id.int, 2**63 - 1)
    before = place if asked.until is None else min(place, (asked.until, 0))
    rows = await tx.rows(
        _statement(asked),
        tx.tenant_id,
        *before,
        asked.since or _EVER,
        asked.user_id,
        asked.holder_id,
        asked.key,
        asked.author_id,
        limit,
    )
    return [_entry(row) for row in rows]


async def of_version(tx: Transaction, version: int) -> Sequence[ChangedRights]:
    """Return what a change changed of holders, by holder and person.

    No scope: told to services, which show it to nobody.
    """
    rows = await tx.rows(
        """
        SELECT kind, holder_kind, holder_id, user_id, author_id, reason, at,
               array_agg(DISTINCT key ORDER BY key) FILTER (WHERE key IS NOT NULL) AS keys
          FROM rights_changes
         WHERE tenant_id = $1 AND version = $2 AND holder_id IS NOT NULL
         GROUP BY kind, holder_kind, holder_id, user_id, author_id, reason, at
         ORDER BY min(seq)
        """,
        tx.tenant_id,
        version,
    )
    return [
        ChangedRights(
            kind=row["kind"],
            holder_kind=row["holder_kind"],
            holder_id=row["holder_id"],
            user_id=row["user_id"],
            author_id=row["author_id"],
            keys=tuple(row["keys"] or ()),
        )
        for row in rows
    ]


def _entry(row: Row) -> Entry:
    return Entry(
        seq=row["seq"],
        at=row["at"],
        version=row["version"],
        author_id=row["author_id"],
        reason=row["reason"],
        kind=row["kind"],
        holder_kind=HolderKind(row["holder_kind"]) if row["holder_kind"] else None,
        holder_id=row["holder_id"],
        user_id=row["user_id"],
        key=row["key"],
        before=json_object(row["before"]) if row["before"] else None,
        after=json_object(row["after"]) if row["after"] else None,
    )
