"""What records will do by itself, and what of that has failed."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from services.chassis.authz_client import PermissionMissing
from services.chassis.cursor import Cursor
from services.chassis.database import Transaction
from services.chassis.web import Call, Output, Route
from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import View
from services.records.deps import Deps
from services.records.handlers.hidden_places import READ_AT_MOST, Begin, begin_of
from services.records.handlers.record_life import ScheduleShown
from services.records.handlers.records import PageAsked
from services.records.operations.record_life import LATER
from services.records.store import record_facts, schedules
from services.records.store.sections import TABLES

AT_ONCE: Final = 500
"""Instants and records read by one statement."""
_SECTIONS: Final = [table.section for table in TABLES.values() if table.section.archived is not None]
OPENS: Final = [section.key(action) for section in _SECTIONS for action in ("read", *LATER.values())]
"""The keys of which one is needed."""


class SchedulesQuery(PageAsked):
    failed: bool | None = None
    """Only what has failed, or only what has not."""


class RecordScheduleShown(ScheduleShown):
    section: str
    record_id: UUID


class RecordSchedulesPage(Output):
    items: list[RecordScheduleShown]
    """Two of them, archiving and restoring, may be due for one record at the same time; they count as one."""
    next: str | None


FIRST: Final = Cursor(datetime.min.replace(tzinfo=UTC), UUID(int=0))


async def list_schedules(deps: Deps, call: Call, asked: SchedulesQuery) -> RecordSchedulesPage:
    """List what is set to happen to records that the caller sees in full, the earliest first; a page may be short.

    What has failed waits: have it tried again at the record (`…/archive-schedule/retry`), or set it anew. Needs
    read, archive.schedule or restore.schedule of listings or of inquiries.
    """
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    if not any(map(snapshot.holds, OPENS)):
        raise PermissionMissing(f"This needs one of the permissions {', '.join(OPENS)}.")
    begin = begin_of(asked.cursor, FIRST)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        return await _visible(tx, snapshot, asked, begin)


async def _visible(
    tx: Transaction, snapshot: AccessSnapshot, asked: SchedulesQuery, begin: Begin
) -> RecordSchedulesPage:
    """Return a page of what the caller sees, in order."""
    found = defaultdict[Cursor, list[RecordScheduleShown]](list)
    after, skipping = begin.shown, begin.hidden
    for _ in range(READ_AT_MOST):
        read = await schedules.page(tx, failed=asked.failed, after=after, skipping=skipping, limit=AT_ONCE)
        seen = await _seen(tx, snapshot, {(section, record_id) for record_id, section, _ in read})
        for record_id, section, one in read:
            after = Cursor(one.due_at, record_id)
            if record_id in seen:
                found[after].append(RecordScheduleShown(section=section, record_id=record_id, **asdict(one)))
        places = dict.fromkeys(Cursor(one.due_at, record_id) for record_id, _, one in read)
        for place in places:
            begin = Begin(place) if place in found else begin.passing()
        if len(places) < AT_ONCE or len(found) > asked.limit:
            page, more = list(found)[: asked.limit], len(found) > asked.limit
            return _page(found, page, Begin(page[-1]) if more else None)
        skipping = 0
    return _page(found, list(found), begin)


def _page(
    found: Mapping[Cursor, Sequence[RecordScheduleShown]], places: Iterable[Cursor], following: Begin | None
) -> RecordSchedulesPage:
    items = [one for place in places for one in found[place]]
    return RecordSchedulesPage(items=items, next=None if following is None else str(following))


async def _seen(tx: Transaction, snapshot: AccessSnapshot, asked: Iterable[tuple[str, UUID]]) -> Collection[UUID]:
    """Return those of these records that the caller sees in full."""
    by_section = defaultdict[str, list[UUID]](list)
    for section, record_id in asked:
        by_section[section].append(record_id)
    seen = set[UUID]()
    for section, ids in by_section.items():
        known = await record_facts.find(tx, TABLES[section], [snapshot], ids)
        seen |= {each for each, facts in known.items() if snapshot.decide(f"{section}.read", facts) is View.FULL}
    return seen


ROUTES = (Route("GET", "/v1/schedules", list_schedules, takes=SchedulesQuery, gives=RecordSchedulesPage),)
