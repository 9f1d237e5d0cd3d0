"""Taking listings out of the system: the rows and the order of the list, written down before the first one leaves."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Final

from services.chassis import clock
from services.chassis.authz_client import PermissionMissing, require
from services.chassis.database import Database
from services.chassis.problems import NotFound
from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import ListingId, TenantId, View
from services.records.domain.disclosure import Disclosure, Values, WayOut, disclosed
from services.records.domain.listing import READ, ListingFilter
from services.records.domain.sorting import START, Sort, place_of
from services.records.store import disclosures, listing_pages, listings

AT_ONCE: Final = 500
"""Listings read by one statement."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which listings are to leave, by which way, in which order; at most so many."""

    way: WayOut
    filter: ListingFilter
    sort: Sort
    most: int | None = None


async def take_out(
    db: Database, tenant_id: TenantId, asked: Asked, taken: Disclosure, rights: Callable[[], Awaitable[AccessSnapshot]]
) -> AsyncGenerator[Sequence[Values]]:
    """Yield pages of the listings that the caller's list shows and that may leave, all as they were at one instant.

    `rights` are asked again for each page, so that who loses them gets no further. Raises PermissionMissing.
    """
    require(await rights(), asked.way.key)
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
    db: Database, tenant_id: TenantId, asked: Asked, taken: Disclosure, rights: Callable[[], Awaitable[AccessSnapshot]]
) -> AsyncGenerator[Sequence[Values]]:
    after, left = START[asked.sort], asked.most
    async with db.transaction(tenant_id, readonly=True) as tx:
        while left is None or left > 0:
            snapshot = await rights()
            require(snapshot, asked.way.key)
            limit = AT_ONCE if left is None else min(AT_ONCE, left)
            found = await listing_pages.visible_page(
                tx, snapshot, asked.filter, after=after, limit=limit, sort=asked.sort
            )
            shown = [disclosed(each, snapshot, asked.way, with_identity=taken.with_identity) for each in found]
            leaving = [values for values in shown if values is not None]
            yield leaving
            if len(found) < limit:
                return
            after = place_of(found[-1], asked.sort)
            left = None if left is None else left - len(leaving)


async def take_out_one(
    db: Database, snapshot: AccessSnapshot, listing_id: ListingId, way: WayOut, taken: Disclosure
) -> Values:
    """Return the fields of one listing that may leave, written down. Raises NotFound, PermissionMissing."""
    async with db.transaction(snapshot.tenant_id) as tx:
        listing = await listings.find(tx, snapshot, listing_id)
        if listing is None or snapshot.decide(READ, listing.facts()) is None:
            raise NotFound
        identity = taken.with_identity and snapshot.decide(way.identity_key, listing.facts()) is not View.FULL
        values = disclosed(listing, snapshot, way, with_identity=taken.with_identity, shown_by=READ)
        if values is None or identity:
            raise PermissionMissing(f"This needs the permission {way.identity_key if identity else way.key}.")
        await disclosures.insert(tx, replace(taken, asked=json.dumps({"listing_id": str(listing_id)})))
        await disclosures.end(tx, taken.id, records=1, complete=True, now=taken.begun_at)
    return values
