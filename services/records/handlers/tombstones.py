"""What is left of deleted records: that there were some, and who deleted them when and why."""

from dataclasses import asdict
from datetime import datetime
from typing import Final
from uuid import UUID

from services.chassis.authz_client import require
from services.chassis.cursor import Cursor
from services.chassis.database import Transaction
from services.chassis.pages import PageQuery
from services.chassis.web import Call, Output, Route
from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import UserId, View
from services.records.deps import Deps
from services.records.domain.record import Burial, Buried
from services.records.handlers.contacts import EDGE as CONTACT
from services.records.handlers.edges import Edge
from services.records.handlers.inquiries import EDGE as INQUIRY
from services.records.handlers.listing_models import EDGE as LISTING
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


async def list_records_tombstones(edge: Edge, deps: Deps, call: Call, asked: PageQuery) -> TombstonesPage:
    """List the {section} that were deleted, the last one first, of those that the caller could have deleted.

    Needs {section}.delete.
    """
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    require(snapshot, edge.table.section.key(DELETE))
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        found = await _visible(tx, snapshot, edge, asked)
    page, following = asked.cut(found, lambda one: Cursor(one.tombstone.at, one.record_id))
    items = [TombstoneShown(record_id=one.record_id, number=one.number, **asdict(one.tombstone)) for one in page]
    return TombstonesPage(items=items, next=following)


async def _visible(tx: Transaction, snapshot: AccessSnapshot, edge: Edge, asked: PageQuery) -> list[Buried]:
    """Return what the caller could have deleted: more than a page of it, unless that is all."""
    key, after, found = edge.table.section.key(DELETE), asked.cursor, list[Buried]()
    while len(found) <= asked.limit:
        read = await tombstones.page(tx, edge.section, after=after, limit=AT_ONCE)
        found += [one for one in read if snapshot.decide(key, one.facts) is View.FULL]
        if len(read) < AT_ONCE:
            break
        after = Cursor(read[-1].tombstone.at, read[-1].record_id)
    return found


ROUTES = tuple(
    Route(
        "GET",
        f"/v1/tombstones/{edge.section}",
        edge.handler(list_records_tombstones),
        takes=PageQuery,
        gives=TombstonesPage,
    )
    for edge in (LISTING, INQUIRY, CONTACT)
)
