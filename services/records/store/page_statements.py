"""The statements that find pages and counts of records: literals, put together from the parts that a list needs."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final, LiteralString

from services.records.domain.record import Record
from services.records.store.table import Table

# What record rights say to the caller about reading `l`: his own entry, else a deny before an allow.
_SAID: Final[LiteralString] = """(
               SELECT effect
                 FROM record_rights
                WHERE tenant_id = $1 AND record_id = l.id AND record_class = 'read' AND holder_id = ANY ($13::uuid[])
                ORDER BY holder_id = $14::uuid DESC, effect DESC
                LIMIT 1)"""

# One index walk per reach, and one per holder of record rights through what was allowed to it, each stopped after a
# page, so that the cost is the page's and not the table's. What is in the archive is walked apart, or not at all.
# The legs carry no WHERE of their own, so that the planner merges their indexes in order; LIMIT 1 makes a join a
# look-up by key.
# Who is denied nothing anywhere is not asked about record by record.
# Only a reach in full has private rows, and only there can the assignee be asked for.
# `AccessSnapshot.decide` is the same rule in Python; tests/matrix keeps the two equal, in every section.
_PAGE: Final[LiteralString] = """
WITH page AS (
    SELECT found.key, found.id, found.ctid
      FROM unnest($5::text[], $6::uuid[], $7::boolean[]) AS reach (kind, id, in_full)
     CROSS JOIN unnest($18::boolean[]) AS archive (is_asked)
     CROSS JOIN LATERAL (
        SELECT l.key, l.id, l.ctid
          FROM ({source}
          ) AS l (kind, reached)
         WHERE l.tenant_id = $1 AND l.kind = reach.kind AND l.reached = reach.id
           AND l.is_archived = archive.is_asked AND (l.key, l.id) {beyond} ($2, $3)
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
           {asked:reach.in_full}
         ORDER BY l.key {way}, l.id {way}
         LIMIT $4) AS found
     UNION
    SELECT found.key, found.id, found.ctid
      FROM unnest($13::uuid[]) AS holder (id)
     CROSS JOIN LATERAL (
        SELECT {entry_key} AS key, entry.record_id AS id, l.ctid
          FROM record_rights AS entry
         CROSS JOIN LATERAL (SELECT {leg} FROM {table} WHERE tenant_id = $1 AND id = entry.record_id LIMIT 1) AS l
         WHERE entry.tenant_id = $1 AND entry.section = '{section}' AND entry.holder_id = holder.id
           AND entry.record_class = 'read' AND entry.effect = 'allow'
           AND ({entry_key}, entry.record_id) {beyond} ($2, $3)
           AND {said} = 'allow' AND ($12 IS NULL OR l.assignee_id = $12)
           AND ($15 IS NULL OR l.office_id = $15)
           AND {worded:true}
           {asked:true}
         ORDER BY {entry_key} {way}, entry.record_id {way}
         LIMIT $4) AS found
     ORDER BY key {way}, id {way}
     LIMIT $4
)
"""

# Where the rows of a reach come from: from its index, or, when few records have a word, from those that have it.
# A source has two walks at least: a union is merged in the order of its indexes, while a single walk might be sorted.
_BY_PLACE: Final[LiteralString] = """
            SELECT 'whole', tenant_id, {leg} FROM {table}
            UNION ALL
            SELECT 'office', office_id, {leg} FROM {table}"""
_BY_PERSON: Final[LiteralString] = """
            SELECT 'assignee', assignee_id, {leg} FROM {table}
            UNION ALL
            SELECT 'creator', created_by, {leg} FROM {table}"""
_BY_BOTH: Final[LiteralString] = (
    _BY_PLACE
    + """
            UNION ALL"""
    + _BY_PERSON
)
_WITH_A_WORD: Final[LiteralString] = """
            SELECT reach.kind,
                   CASE reach.kind WHEN 'whole' THEN r.tenant_id WHEN 'office' THEN r.office_id
                                   WHEN 'assignee' THEN r.assignee_id ELSE r.created_by END,
                   r.*
              FROM (SELECT DISTINCT record_id
                      FROM record_words
                     WHERE tenant_id = $1 AND section = '{section}' AND word >= {rare_first} AND word < {rare_last}
                   ) AS has
             CROSS JOIN LATERAL (
                SELECT {leg} FROM {table} WHERE tenant_id = $1 AND id = has.record_id LIMIT 1) AS r"""

# Every beginning that is asked for begins a word that the view shows; or none is asked for.
_WORDED: Final[LiteralString] = """($16::text[] IS NULL OR NOT EXISTS (
                    SELECT FROM unnest($16, $17::text[]) AS wanted (first, last)
                     WHERE NOT EXISTS (
                        SELECT FROM record_words AS w
                         WHERE w.tenant_id = $1 AND w.record_id = l.id
                           AND w.word >= wanted.first AND w.word < wanted.last AND (w.is_public OR {in_full}))))"""

_WORDLESS: Final[LiteralString] = "$16::text[] IS NULL AND $17::text[] IS NULL"

_LEG: Final[LiteralString] = (
    "tenant_id, {key} AS key, id, ctid, office_id, assignee_id, created_by, {privacy} AS is_private, "
    "{archive} AS is_archived, {filtered}"
)

# A row of the page is read where it was found: within a statement it does not move.
# Whoever has no record rights in the section is not asked for them record by record.
_SHOWN: Final[LiteralString] = """
SELECT shown.*
  FROM page
 CROSS JOIN LATERAL (
    SELECT {columns},
           CASE WHEN (SELECT EXISTS (
                    SELECT FROM unnest($13) AS holder (id)
                     CROSS JOIN LATERAL (
                        SELECT FROM record_rights
                         WHERE tenant_id = $1 AND holder_id = holder.id AND section = '{section}'
                         ORDER BY record_class, effect, record_id LIMIT 1) AS held))
                THEN ARRAY(SELECT (holder_id, record_class, effect)
                             FROM record_rights
                            WHERE tenant_id = $1 AND record_id = page.id AND holder_id = ANY ($13))
                ELSE '{}' END AS rights
      FROM {table}
     WHERE tenant_id = $1 AND ctid = page.ctid
     LIMIT 1) AS shown
 ORDER BY page.key {way}, page.id {way}
"""

_COUNTED: Final[LiteralString] = "SELECT count(*) FROM page"


@dataclass(frozen=True, slots=True)
class Needed:
    """What a list needs of its statement: what stands in it costs time to set up, even where it is never reached."""

    by_person: bool
    """Whether a reach takes what is somebody's own."""
    by_place: bool
    """Whether one takes what lies in an office or anywhere."""
    by_word: bool
    """Whether the rows come from the index of a rare word instead."""
    worded: bool
    """Whether words are asked for."""
    parts: int
    """How many parts of the section's own filter."""


@cache
def page_statement(table: Table[Record], sort: StrEnum, needed: Needed) -> LiteralString:
    """Return what finds a page of a section in an order."""
    return _in_order(_PAGE + _SHOWN, table, sort, needed)


@cache
def count_statement(table: Table[Record], needed: Needed) -> LiteralString:
    """Return what counts the records of a section's list."""
    return _in_order(_PAGE + _COUNTED, table, next(iter(table.orders)), needed)


def _in_order(sql: LiteralString, table: Table[Record], sort: StrEnum, needed: Needed) -> LiteralString:
    """Return the statement for a section in one order.

    What was allowed is kept in the order of changes; in others it is sorted.
    """
    falling = sort.startswith("-")
    entry_key: LiteralString = "entry.record_updated_at" if sort.value == "-updated_at" else "l.key"
    worded, asked = _WORDED if needed.worded else _WORDLESS, table.asked(needed.parts)
    return (
        sql.replace("{source}", _source(needed))
        .replace("{said}", _SAID)
        .replace("{worded:reach.in_full}", worded.replace("{in_full}", "reach.in_full"))
        .replace("{worded:true}", worded.replace("{in_full}", "true"))
        # The rarest beginning is asked for first.
        .replace("{rare_first}", "($16::text[])[1]")
        .replace("{rare_last}", "($17::text[])[1]")
        .replace("{asked:reach.in_full}", asked.replace("{in_full}", "reach.in_full"))
        .replace("{asked:true}", asked.replace("{in_full}", "true"))
        .replace("{leg}", _LEG)
        .replace("{privacy}", table.privacy)
        .replace("{archive}", table.archive)
        .replace("{filtered}", table.filtered)
        .replace("{entry_key}", entry_key)
        .replace("{key}", table.orders[sort])
        .replace("{table}", table.name)
        .replace("{columns}", table.columns)
        .replace("{section}", table.name)
        .replace("{beyond}", "<" if falling else ">")
        .replace("{way}", "DESC" if falling else "ASC")
    )


def _source(needed: Needed) -> LiteralString:
    """Return where the rows of the reaches come from."""
    if needed.by_word:
        return _WITH_A_WORD
    if needed.by_person:
        return _BY_BOTH if needed.by_place else _BY_PERSON
    return _BY_PLACE
