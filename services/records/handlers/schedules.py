"""What records will do by itself, and what of that has failed."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from services.chassis.cursor import START, Cursor
from services.chassis.database import Transaction
from services.chassis.pages import PageQuery
from services.chassis.web import Call, Output, Route
from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import View
from services.records.deps import Deps
from services.records.handlers.record_life import ScheduleShown
from services.records.store import record_facts, schedules
from services.records.store.sections import TABLES

AT_ONCE: Final = 500
"""Instants and records read by one statement."""
_Place = tuple[datetime, UUID]
_BEGINNING: Final[_Place] = (datetime.min.replace(tzinfo=UTC), UUID(int=0))


class SchedulesQuery(PageQuery):
    failed: bool | None = None
    """Only what has failed, or only what has not."""


class RecordScheduleShown(ScheduleShown):
    section: str
    record_id: UUID


class RecordSchedulesPage(Output):
    items: list[RecordScheduleShown]
    """Two of them, archiving and restoring, may be due for one record at the same time; they count as one."""
    next: str | None


async def list_schedules(deps: Deps, call: Call, asked: SchedulesQuery) -> RecordSchedulesPage:
    """List what is set to happen to records that the caller sees in full, the earliest first.

    What has failed waits: have it tried again at the record (`…/archive-schedule/retry`), or set it anew.
    """
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        found = await _visible(tx, snapshot, asked)
    page, following = asked.cut(list(found), lambda place: Cursor(*place))
    return RecordSchedulesPage(items=[one for place in page for one in found[place]], next=following)


async def _visible(
    tx: Transaction, snapshot: AccessSnapshot, asked: SchedulesQuery
) -> Mapping[_Place, Sequence[RecordScheduleShown]]:
    """Return what the caller sees, in order: more than a page of it, unless that is all.

    The page is cut from it only then, so that its end is nothing that is hidden.
    """
    found = defaultdict[_Place, list[RecordScheduleShown]](list)
    after = _BEGINNING if asked.cursor == START else (asked.cursor.at, asked.cursor.id)
    while len(found) <= asked.limit:
        read = await schedules.page(tx, failed=asked.failed, after=after, limit=AT_ONCE)
        seen = await _seen(tx, snapshot, {(section, record_id) for record_id, section, _ in read})
        for record_id, section, one in read:
            after = one.due_at, record_id
            if record_id in seen:
                found[after].append(RecordScheduleShown(section=section, record_id=record_id, **asdict(one)))
        if len(read) < AT_ONCE:
            break
    return found


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
