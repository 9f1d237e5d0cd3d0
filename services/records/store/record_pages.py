"""Pages and counts of the records of a section that a caller's list shows."""

from collections.abc import Sequence
from dataclasses import fields
from enum import StrEnum
from functools import cache
from typing import Final, LiteralString, TypeVar

from services.chassis.database import Transaction
from services.contracts.access import AccessSnapshot
from services.records.domain.record import Filter, Record
from services.records.domain.sorting import START, Place
from services.records.store import record_words
from services.records.store.record_rows import RecordRow
from services.records.store.record_words import RARE, Beginning
from services.records.store.scoping import private_reach, reaches
from services.records.store.table import Table

R = TypeVar("R", bound=Record)

# What record rights say to the caller about reading `l`: his own entry, else a deny before an allow.
_SAID: Final[LiteralString] = """(
               SELECT effect
                 FROM record_rights
                WHERE tenant_id = $1 AND record_id = l.id AND record_class = 'read' AND holder_id = ANY ($13::uuid[])
                ORDER BY holder_id = $14::uuid DESC, effect DESC
                LIMIT 1)"""

# One index walk per reach, and one per holder of record rights through what was allowed to it, each stopped after a
# page, so that the cost is the page's and not the table's. The legs carry no WHERE of their own, so that the planner
# merges their indexes in order; LIMIT 1 makes a join a look-up by key.
# Who is denied nothing anywhere is not asked about record by record.
# Only a reach in full has private rows, and only there can the assignee be asked for.
# `AccessSnapshot.decide` is the same rule in Python; tests/matrix keeps the two equal, in every section.
_PAGE: Final[LiteralString] = """
WITH page AS (
    SELECT found.key, found.id
      FROM unnest($5::text[], $6::uuid[], $7::boolean[]) AS reach (kind, id, in_full)
     CROSS JOIN LATERAL (
        SELECT l.key, l.id
          FROM {source} AS l
         WHERE l.tenant_id = $1 AND l.kind = reach.kind AND l.reached = reach.id AND (l.key, l.id) {beyond} ($2, $3)
           AND CASE WHEN reach.in_full
                    THEN (NOT l.is_private OR $8::boolean OR l.office_id = ANY ($9::uuid[])
                          OR l.assignee_id = ANY ($10::uuid[]) OR l.created_by = ANY ($11::uuid[]))
                         AND ($12::uuid IS NULL OR l.assignee_id = $12)
                    ELSE NOT l.is_private AND $12 IS NULL END
           AND (NOT (SELECT EXISTS (
                    SELECT FROM unnest($13::uuid[]) AS holder (id)
                     CROSS JOIN LATERAL (
                        SELECT FROM record_rights
                         WHERE tenant_id = $1 AND holder_id = holder.id AND section = '{section}'
                           AND record_class = 'read' AND effect = 'deny'
                         ORDER BY record_id LIMIT 1) AS denied)) OR {said} IS DISTINCT FROM 'deny')
           AND ($15::uuid IS NULL OR l.office_id = $15)
           AND {worded:reach.in_full}
           {asked}
         ORDER BY l.key {way}, l.id {way}
         LIMIT $4) AS found
     UNION
    SELECT found.key, found.id
      FROM unnest($13::uuid[]) AS holder (id)
     CROSS JOIN LATERAL (
        SELECT {entry_key} AS key, entry.record_id AS id
          FROM record_rights AS entry
         CROSS JOIN LATERAL (SELECT {leg} FROM {table} WHERE tenant_id = $1 AND id = entry.record_id LIMIT 1) AS l
         WHERE entry.tenant_id = $1 AND entry.section = '{section}' AND entry.holder_id = holder.id
           AND entry.record_class = 'read' AND entry.effect = 'allow'
           AND ({entry_key}, entry.record_id) {beyond} ($2, $3)
           AND {said} = 'allow' AND ($12 IS NULL OR l.assignee_id = $12)
           AND ($15 IS NULL OR l.office_id = $15)
           AND {worded:true}
           {asked}
         ORDER BY {entry_key} {way}, entry.record_id {way}
         LIMIT $4) AS found
     ORDER BY key {way}, id {way}
     LIMIT $4
)
"""

# Where the rows of a reach come from: from its index, or, when few records have a word, from those that have it.
_WALKED: Final[LiteralString] = """(
            SELECT 'whole' AS kind, tenant_id AS reached, {leg} FROM {table}
            UNION ALL
            SELECT 'office', office_id, {leg} FROM {table}
            UNION ALL
            SELECT 'assignee', assignee_id, {leg} FROM {table}
            UNION ALL
            SELECT 'creator', created_by, {leg} FROM {table}
          )"""
_WITH_A_WORD: Final[LiteralString] = """(
            SELECT reach.kind,
                   CASE reach.kind WHEN 'whole' THEN r.tenant_id WHEN 'office' THEN r.office_id
                                   WHEN 'assignee' THEN r.assignee_id ELSE r.created_by END AS reached,
                   r.*
              FROM (SELECT DISTINCT record_id
                      FROM record_words
                     WHERE tenant_id = $1 AND section = '{section}' AND word >= {rare_first} AND word < {rare_last}
                   ) AS has
             CROSS JOIN LATERAL (
                SELECT {leg} FROM {table} WHERE tenant_id = $1 AND id = has.record_id LIMIT 1) AS r
          )"""

# Every beginning that is asked for begins a word that the view shows.
_WORDED: Final[LiteralString] = """($16::text[] IS NULL OR NOT EXISTS (
                    SELECT FROM unnest($16, $17::text[]) AS wanted (first, last)
                     WHERE NOT EXISTS (
                        SELECT FROM record_words AS w
                         WHERE w.tenant_id = $1 AND w.record_id = l.id
                           AND w.word >= wanted.first AND w.word < wanted.last AND (w.is_public OR {in_full}))))"""

_LEG: Final[LiteralString] = (
    "tenant_id, {key} AS key, id, office_id, assignee_id, created_by, {privacy} AS is_private, {filtered}"
)

_SHOWN: Final[LiteralString] = """
SELECT shown.*
  FROM page
 CROSS JOIN LATERAL (
    SELECT {columns},
           ARRAY(SELECT (holder_id, record_class, effect)
                   FROM record_rights
                  WHERE tenant_id = $1 AND record_id = page.id AND holder_id = ANY ($13)) AS rights
      FROM {table}
     WHERE tenant_id = $1 AND id = page.id
     LIMIT 1) AS shown
 ORDER BY page.key {way}, page.id {way}
"""

_COUNTED: Final[LiteralString] = "SELECT count(*) FROM page"


@cache
def _page_in(table: Table[Record], sort: StrEnum, source: LiteralString) -> LiteralString:
    return _in_order(_PAGE + _SHOWN, table, sort, source)


@cache
def _count_of(table: Table[Record], source: LiteralString) -> LiteralString:
    return _in_order(_PAGE + _COUNTED, table, next(iter(table.orders)), source)


def _in_order(sql: LiteralString, table: Table[Record], sort: StrEnum, source: LiteralString) -> LiteralString:
    """Return the statement for a section in one order, its rows from a source.

    What was allowed is kept in the order of changes; in others it is sorted.
    """
    falling = sort.startswith("-")
    entry_key: LiteralString = "entry.record_updated_at" if sort.value == "-updated_at" else "l.key"
    return (
        sql.replace("{source}", source)
        .replace("{said}", _SAID)
        .replace("{worded:reach.in_full}", _WORDED.replace("{in_full}", "reach.in_full"))
        .replace("{worded:true}", _WORDED.replace("{in_full}", "true"))
        # The rarest beginning is asked for first.
        .replace("{rare_first}", "($16::text[])[1]")
        .replace("{rare_last}", "($17::text[])[1]")
        .replace("{asked}", table.asked)
        .replace("{leg}", _LEG)
        .replace("{privacy}", table.privacy)
        .replace("{filtered}", table.filtered)
        .replace("{entry_key}", entry_key)
        .replace("{key}", table.orders[sort])
        .replace("{table}", table.name)
        .replace("{columns}", table.columns)
        .replace("{section}", table.name)
        .replace("{beyond}", "<" if falling else ">")
        .replace("{way}", "DESC" if falling else "ASC")
    )


async def visible_page(
    tx: Transaction,
    table: Table[R],
    snapshot: AccessSnapshot,
    asked: Filter,
    *,
    sort: StrEnum,
    after: Place | None = None,
    limit: int,
) -> Sequence[R]:
    """Return up to `limit` records that the caller's list shows, in an order, after a place or from the beginning."""
    rows = await visible_rows(tx, table, snapshot, asked, sort=sort, after=after, limit=limit)
    return [row.record for row in rows]


async def visible_rows(
    tx: Transaction,
    table: Table[R],
    snapshot: AccessSnapshot,
    asked: Filter,
    *,
    sort: StrEnum,
    after: Place | None = None,
    limit: int,
) -> Sequence[RecordRow[R]]:
    """Return the rows of the records that `visible_page` returns."""
    if _shows_nothing(table, snapshot, asked):
        return []
    source, words = await _source(tx, table, asked)
    place = START[sort] if after is None else after
    given = (*_bounds(tx, place, limit), *_scoped(table, snapshot, asked), *_asked(asked, words))
    rows = await tx.rows(_page_in(table, sort, source), *given)
    return [RecordRow(table, row) for row in rows]


async def visible_count(
    tx: Transaction, table: Table[Record], snapshot: AccessSnapshot, asked: Filter, *, most: int
) -> int:
    """Return how many records the caller's list shows, counted up to `most`."""
    if _shows_nothing(table, snapshot, asked):
        return 0
    source, words = await _source(tx, table, asked)
    first = START[next(iter(table.orders))]
    given = (*_bounds(tx, first, most), *_scoped(table, snapshot, asked), *_asked(asked, words))
    return await tx.value(_count_of(table, source), *given)


async def _source(
    tx: Transaction, table: Table[Record], asked: Filter
) -> tuple[LiteralString, Sequence[Beginning] | None]:
    """Return where the rows come from, and the beginnings of words that are asked for, the rarest first.

    No scope: what a person may see of those rows is the statement's to say.
    """
    if not asked.words:
        return _WALKED, None
    words = [Beginning(word) for word in asked.words]
    rare, occurrences = await record_words.rarest(tx, table.section.name, words)
    source = _WITH_A_WORD if occurrences <= RARE else _WALKED
    return source, [rare, *(word for word in words if word != rare)]


def _shows_nothing(table: Table[Record], snapshot: AccessSnapshot, asked: Filter) -> bool:
    return not (snapshot.principals or reaches(snapshot, table.section, asked))


def _bounds(tx: Transaction, after: Place, limit: int) -> Sequence[object]:
    """Return the parameters 1 to 4: whose records, and which page of them."""
    return (tx.tenant_id, after.key, after.id, limit)


def _scoped(table: Table[Record], snapshot: AccessSnapshot, asked: Filter) -> Sequence[object]:
    """Return the parameters 5 to 14: what the caller's list shows."""
    walked, private = reaches(snapshot, table.section, asked), private_reach(snapshot, table.section)
    return (
        [reach.kind for reach in walked],
        [reach.id for reach in walked],
        [reach.in_full for reach in walked],
        private.everywhere,
        private.offices,
        private.assignees,
        private.creators,
        asked.assignee_id,
        list(snapshot.principals),
        snapshot.user_id,
    )


def _asked(asked: Filter, words: Sequence[Beginning] | None) -> Sequence[object]:
    """Return the parameters from 15 on: office, words, and the section's own filter in its order."""
    shared = {field.name for field in fields(Filter)}
    return (
        asked.office_id,
        None if words is None else [word.first for word in words],
        None if words is None else [word.last for word in words],
        *(getattr(asked, field.name) for field in fields(asked) if field.name not in shared),
    )
