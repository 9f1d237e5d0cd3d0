"""Taking records out of the system: the rows and the order of the list, written down before the first one leaves."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from services.chassis import clock
from services.chassis.authz_client import PermissionMissing, require
from services.chassis.database import Database
from services.chassis.problems import NotFound
from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import TenantId, View
from services.records.domain.disclosure import Disclosure, Values, WayOut, disclosed
from services.records.domain.record import Filter, Record
from services.records.domain.sorting import place_of
from services.records.operations.records import Act
from services.records.store import disclosures, record_pages, records
from services.records.store.table import Table

AT_ONCE: Final = 500
"""Records read by one statement."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records are to leave, by which way, in which order; at most so many."""

    table: Table[Record]
    way: WayOut
    filter: Filter
    sort: StrEnum
    most: int | None = None

    @property
    def key(self) -> str:
        """Return the permission without which nothing leaves."""
        return self.way.key(self.table.section)


async def take_out(
    db: Database,
    tenant_id: TenantId,
    asked: Selection,
    taken: Disclosure,
    rights: Callable[[], Awaitable[AccessSnapshot]],
) -> AsyncGenerator[Sequence[Values]]:
    """Yield pages of the records that the caller's list shows and that may leave, all as they were at one instant.

    `rights` are asked again for each page, so that who loses them gets no further. Raises PermissionMissing.
    """
    require(await rights(), asked.key)
    async with db.transaction(tenant_id) as tx:
        await disclosures.insert(tx, taken)
    records, complete = 0, False
    try:
        async with aclosing(_pages(db, tenant_id, asked, taken, rights)) as pages:
            async for page in pages:
                records += len(page)
                yield page
        complete = True
    finally:
        async with db.transaction(tenant_id) as tx:
            await disclosures.end(tx, taken.id, records=records, complete=complete, now=clock.now())


async def _pages(
    db: Database,
    tenant_id: TenantId,
    asked: Selection,
    taken: Disclosure,
    rights: Callable[[], Awaitable[AccessSnapshot]],
) -> AsyncGenerator[Sequence[Values]]:
    after, left = None, asked.most
    async with db.transaction(tenant_id, readonly=True) as tx:
        while left is None or left > 0:
            snapshot = await rights()
            require(snapshot, asked.key)
            found = await record_pages.visible_page(
                tx, asked.table, snapshot, asked.filter, sort=asked.sort, after=after, limit=AT_ONCE
            )
            shown = [disclosed(each, snapshot, asked.way, with_identity=taken.with_identity) for each in found]
            leaving = [values for values in shown if values is not None][:left]
            yield leaving
            if len(found) < AT_ONCE:
                return
            after = place_of(found[-1], asked.sort)
            left = None if left is None else left - len(leaving)


async def leaving_one(db: Database, table: Table[Record], act: Act, way: WayOut, *, with_identity: bool) -> Values:
    """Return the fields of one record that may leave; whoever lets them writes it down.

    Raises NotFound, PermissionMissing.
    """
    section, snapshot = table.section, act.snapshot
    async with db.single_read(snapshot.tenant_id) as tx:
        record = await records.find(tx, table, snapshot, act.record_id)
    if record is None or snapshot.decide(section.key("read"), record.facts()) is None:
        raise NotFound
    values = disclosed(record, snapshot, way, with_identity=with_identity, shown_by="read")
    if values is None:
        raise PermissionMissing(f"This needs the permission {way.key(section)}.")
    if with_identity and snapshot.decide(way.identity_key(section), record.facts()) is not View.FULL:
        raise PermissionMissing(f"This needs the permission {way.identity_key(section)}.")
    return values


async def write_down_one(db: Database, act: Act, taken: Disclosure) -> None:
    """Write down that one record leaves."""
    async with db.transaction(act.snapshot.tenant_id) as tx:
        await disclosures.insert(tx, replace(taken, asked=json.dumps({"id": str(act.record_id)})))
        await disclosures.end(tx, taken.id, records=1, complete=True, now=taken.begun_at)
