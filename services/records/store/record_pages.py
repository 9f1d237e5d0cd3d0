"""Pages and counts of the records of a section that a caller's list shows."""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar, cast
from uuid import UUID

from services.chassis.database import Transaction
from services.contracts.access import AccessSnapshot
from services.records.domain.record import Filter, Record
from services.records.domain.sorting import START, Place
from services.records.store import record_words
from services.records.store.page_statements import Needed, count_statement, page_statement
from services.records.store.record_rows import RecordRow
from services.records.store.record_words import RARE, Beginning
from services.records.store.records import CM2_PER_M2
from services.records.store.scoping import OF_A_PERSON, Reach, private_reach, reaches
from services.records.store.table import Table

R = TypeVar("R", bound=Record)


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
    asking = await _asking(tx, table, snapshot, asked)
    if asking is None:
        return []
    needed, given = asking
    place = START[sort] if after is None else after
    rows = await tx.rows(page_statement(table, sort, needed), tx.tenant_id, place.key, place.id, limit, *given)
    return [RecordRow(table, row) for row in rows]


async def visible_count(
    tx: Transaction, table: Table[Record], snapshot: AccessSnapshot, asked: Filter, *, most: int
) -> int:
    """Return how many records the caller's list shows, counted up to `most`."""
    asking = await _asking(tx, table, snapshot, asked)
    if asking is None:
        return 0
    needed, given = asking
    first = START[next(iter(table.orders))]
    return await tx.value(count_statement(table, needed), tx.tenant_id, first.key, first.id, most, *given)


async def _asking(
    tx: Transaction, table: Table[Record], snapshot: AccessSnapshot, asked: Filter
) -> tuple[Needed, Sequence[object]] | None:
    """Return what a list needs of its statement, and the parameters from 5 on; None for a list that shows nothing."""
    walked = reaches(snapshot, table.section, asked)
    if not (walked or snapshot.principals):
        return None
    words, by_word = await _words(tx, table, asked)
    nothing = table.filter()
    parts = [
        at
        for at, part in enumerate(table.parts)
        if any(getattr(asked, name) != getattr(nothing, name) for name in part.names)
    ]
    needed = Needed(
        by_person=any(reach.kind in OF_A_PERSON for reach in walked),
        by_place=any(reach.kind not in OF_A_PERSON for reach in walked),
        by_word=by_word,
        worded=words is not None,
        parts=max(parts, default=0) + 1,
    )
    own = [name for part in table.parts[: needed.parts] for name in part.names]
    return needed, (
        *_scoped(table, snapshot, walked, asked.assignee_id),
        asked.office_id,
        None if words is None else [word.first for word in words],
        None if words is None else [word.last for word in words],
        list(asked.archive),
        *(_as_column(getattr(asked, name)) for name in own),
    )


async def _words(tx: Transaction, table: Table[Record], asked: Filter) -> tuple[Sequence[Beginning] | None, bool]:
    """Return the beginnings of words that are asked for, the rarest first, and whether that one is rare.

    No scope: what a person may see of the rows with a word is the statement's to say.
    """
    if not asked.words:
        return None, False
    words = [Beginning(word) for word in asked.words]
    rare, occurrences = await record_words.rarest(tx, table.section.name, words)
    return [rare, *(word for word in words if word != rare)], occurrences <= RARE


def _scoped(
    table: Table[Record], snapshot: AccessSnapshot, walked: Sequence[Reach], assignee_id: UUID | None
) -> Sequence[object]:
    """Return the parameters 5 to 14: what the caller's list shows."""
    private = private_reach(snapshot, table.section)
    return (
        [reach.kind for reach in walked],
        [reach.id for reach in walked],
        [reach.in_full for reach in walked],
        private.everywhere,
        private.offices,
        private.assignees,
        private.creators,
        assignee_id,
        list(snapshot.principals),
        snapshot.user_id,
    )


def _as_column(asked: object) -> object:
    """Return what is asked for as its columns have it: an area in square centimetres, several as a list."""
    match asked:
        case Decimal():
            return int(asked * CM2_PER_M2)
        case tuple():
            return list(cast("tuple[object, ...]", asked))
        case _:
            return asked
