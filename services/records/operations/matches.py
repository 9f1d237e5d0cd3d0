"""Telling whoever is in charge of a searching client that a listing answers the search."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.chassis import outbox
from services.chassis.authz_client import Access
from services.chassis.database import Database, Transaction
from services.chassis.tokens import Caller
from services.contracts.access import AccessSnapshot
from services.contracts.records_events import MatchFound
from services.contracts.vocabulary import SessionId, UserId
from services.records.domain.record import Record
from services.records.domain.search_criteria import READ, permits
from services.records.store import contacts, inquiries, listings, matches, records
from services.records.store.matches import Request, Searcher
from services.records.store.table import Table

_TABLES: Final[Mapping[str, Table[Record]]] = {"inquiry": inquiries.TABLE, "criteria": contacts.TABLE}
AGAIN_AFTER: Final = timedelta(seconds=30)
AT_LATEST_AFTER: Final = timedelta(hours=1)
_NO_SESSION: Final = SessionId(UUID(int=0))


@dataclass(frozen=True, slots=True)
class _Match:
    searcher: Searcher
    listing_number: str
    searcher_number: str


async def carry_out(db: Database, access: Access, request: Request, now: datetime) -> int:
    """Compare a listing with what is searched for and tell each person in charge who may open both; return how many.

    A page after the other, until the last takes the request off the list. Who may open what is asked before anything
    is written, since authz answers over HTTP. Telling and remembering it are one transaction, so nobody is told twice,
    whoever is killed when. Raises Unavailable.
    """
    count, after = 0, matches.BEGINNING
    while True:
        async with db.single_read(request.tenant_id) as tx:
            found = await matches.untold(tx, request.listing_id, after)
        snapshots = await _snapshots(access, request, found, now)
        async with db.transaction(request.tenant_id) as tx:
            # Locked before the request is, as whoever changes the listing does it.
            held = await records.lock(tx, listings.TABLE, request.listing_id)
            if not (held and await matches.stands(tx, request)):
                return count
            told = await _told(tx, request, found, snapshots)
            first = [each for each in told if await matches.remember(tx, request.listing_id, each.searcher, now)]
            await outbox.add(tx, *(_event(request, each) for each in first))
            if is_last := len(found) < matches.AT_ONCE:
                await matches.take(tx, request)
        count += len(first)
        if is_last:
            return count
        after = found[-1].id


async def put_off(db: Database, request: Request, now: datetime) -> None:
    """Let a request that failed wait, twice as long each time up to an hour, so that others' get their turn.

    After an outage of authz it waits no longer than about as long as that lasted.
    """
    pause = min(AGAIN_AFTER * 2 ** min(request.failures, 10), AT_LATEST_AFTER)
    async with db.single_write(request.tenant_id) as tx:
        await matches.put_off(tx, request, now + pause)


async def _snapshots(
    access: Access, request: Request, found: Sequence[Searcher], now: datetime
) -> Mapping[UserId, AccessSnapshot]:
    callers = [
        Caller(request.tenant_id, person, _NO_SESSION, now + timedelta(minutes=1))
        for person in {searcher.assignee_id for searcher in found}
    ]
    return {caller.user_id: await access.of(caller, now) for caller in callers}


async def _told(
    tx: Transaction, request: Request, found: Sequence[Searcher], snapshots: Mapping[UserId, AccessSnapshot]
) -> Sequence[_Match]:
    """Return the matches of which the person in charge may open both sides."""
    told = list[_Match]()
    for searcher in found:
        snapshot = snapshots[searcher.assignee_id]
        listing = await records.find(tx, listings.TABLE, snapshot, request.listing_id)
        record = await records.find(tx, _TABLES[searcher.kind], snapshot, searcher.record_id)
        if listing and record and _opens(snapshot, listing) and _opens(snapshot, record, searcher.kind):
            told.append(_Match(searcher, listing.number, record.number))
    return told


def _opens(snapshot: AccessSnapshot, record: Record, kind: str = "") -> bool:
    if kind == "criteria" and not permits(snapshot, READ, record.facts()):
        return False
    return snapshot.decide(record.section.key("read"), record.facts()) is not None


def _event(request: Request, match: _Match) -> MatchFound:
    return MatchFound(
        user_id=match.searcher.assignee_id,
        listing_id=request.listing_id,
        listing_number=match.listing_number,
        searcher=match.searcher.kind,
        searcher_id=match.searcher.id,
        searcher_number=match.searcher_number,
    )
