"""Taking listings out of the system: the rows and the order of the list, written down before the first one leaves."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from services.chassis import clock
from services.chassis.authz_client import require
from services.chassis.database import Database
from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import TenantId
from services.records.domain.disclosure import Disclosure, Values, WayOut, disclosed
from services.records.domain.listing import ListingFilter
from services.records.domain.sorting import START, Sort, place_of
from services.records.store import disclosures, listing_pages

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
            yield [values for values in shown if values is not None]
            if len(found) < limit:
                return
            after = place_of(found[-1], asked.sort)
            left = None if left is None else left - len(found)
