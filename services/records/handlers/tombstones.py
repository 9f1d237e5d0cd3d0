"""What is left of deleted records: that there were some, and who deleted them when and why."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Final
from uuid import UUID

from services.chassis.authz_client import require
from services.chassis.cursor import START, Cursor
from services.chassis.database import Transaction
from services.chassis.web import Call, Output, Route
from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import UserId, View
from services.records.deps import Deps
from services.records.domain.record import Burial, Buried
from services.records.handlers.contacts import EDGE as CONTACT
from services.records.handlers.edges import Edge
from services.records.handlers.hidden_places import READ_AT_MOST, Begin, begin_of
from services.records.handlers.inquiries import EDGE as INQUIRY
from services.records.handlers.listing_models import EDGE as LISTING
from services.records.handlers.records import PageAsked
from services.records.operations.record_life import DELETE
from services.records.store import tombstones

AT_ONCE: Final = 200
"""Tombstones read by one statement."""


class TombstoneShown(Output):
    record_id: UUID
    number: str
    cause: Burial
    ground: str | None
    """The legal ground of an objection."""
    by: UserId
    at: datetime


class TombstonesPage(Output):
    items: list[TombstoneShown]
    next: str | None


async def list_records_tombstones(edge: Edge, deps: Deps, call: Call, asked: PageAsked) -> TombstonesPage:
    """List the {section} that were deleted, the last one first, of those that the caller could have deleted.

    A page may be short. Needs {section}.delete.
    """
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    require(snapshot, edge.table.section.key(DELETE))
    begin = begin_of(asked.cursor, START)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        return await _visible(tx, snapshot, edge, asked.limit, begin)


async def _visible(tx: Transaction, snapshot: AccessSnapshot, edge: Edge, limit: int, begin: Begin) -> TombstonesPage:
    """Return a page of what the caller could have deleted."""
    key, found = edge.table.section.key(DELETE), list[Buried]()
    after, skipping = begin.shown, begin.hidden
    for _ in range(READ_AT_MOST):
        read = await tombstones.page(tx, edge.section, after=after, skipping=skipping, limit=AT_ONCE)
        for one in read:
            after = _place(one)
            if snapshot.decide(key, one.facts) is View.FULL:
                found.append(one)
                begin = Begin(after)
            else:
                begin = begin.passing()
        if len(read) < AT_ONCE or len(found) > limit:
            page = found[:limit]
            return _page(page, Begin(_place(page[-1])) if len(found) > limit else None)
        skipping = 0
    return _page(found, begin)


def _place(one: Buried) -> Cursor:
    return Cursor(one.tombstone.at, one.record_id)


def _page(found: Sequence[Buried], following: Begin | None) -> TombstonesPage:
    items = [TombstoneShown(record_id=one.record_id, number=one.number, **asdict(one.tombstone)) for one in found]
    return TombstonesPage(items=items, next=None if following is None else str(following))


ROUTES = tuple(
    Route(
        "GET",
        f"/v1/tombstones/{edge.section}",
        edge.handler(list_records_tombstones),
        takes=PageAsked,
        gives=TombstonesPage,
    )
    for edge in (LISTING, INQUIRY, CONTACT)
)
