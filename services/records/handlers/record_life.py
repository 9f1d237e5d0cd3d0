"""What may be done with one record of any section besides changing its fields, and what happened to it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import JsonValue, StringConstraints

from services.chassis.answers import Composed
from services.chassis.cursor import START, Cursor
from services.chassis.database import Transaction
from services.chassis.pages import PageQuery
from services.chassis.problems import NotFound
from services.chassis.web import Call, Input, Output, Route
from services.contracts.access import AccessSnapshot
from services.contracts.instants import Instant
from services.contracts.vocabulary import UserId, View
from services.records.deps import Deps
from services.records.domain.history import Entry, shown
from services.records.domain.projection import Projection, project
from services.records.domain.record import Record
from services.records.handlers.edges import Edge, act
from services.records.handlers.hidden_places import READ_AT_MOST
from services.records.operations import record_life as operations
from services.records.store import history, records, schedules
from services.records.store.schedules import Action

AT_ONCE: Final = 200
"""Entries of a history read by one statement."""


class ScheduleGiven(Input):
    at: Instant
    """When; what is past happens at once, and needs archive.now or restore.now as well."""


class Objection(Input):
    ground: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    """The legal ground. It is kept: no personal data here."""


class ScheduleShown(Output):
    action: Action
    due_at: datetime
    by: UserId
    failed_at: datetime | None
    failure: str | None
    """Code of the problem because of which it could not be carried out; it waits to be retried or set anew."""


class SchedulesShown(Output):
    items: list[ScheduleShown]


class FieldChange(Output):
    field: str
    before: JsonValue
    after: JsonValue


class HistoryEntry(Output):
    """One version of the record: the changed fields that the caller may see."""

    version: int
    action: str
    by: UserId
    at: datetime
    changes: list[FieldChange]


class HistoryPage(Output):
    items: Sequence[HistoryEntry]
    next: str | None


async def archive_record(edge: Edge, deps: Deps, call: Call) -> Composed | None:
    """Move {a_noun} to the archive. Needs {section}.archive.now."""
    doing = await act(edge, deps, call, call.version)
    return edge.opened(await operations.move(deps.db, edge.table, doing, Action.ARCHIVE), doing.snapshot)


async def restore_record(edge: Edge, deps: Deps, call: Call) -> Composed | None:
    """Take {a_noun} out of the archive. Needs {section}.restore.now."""
    doing = await act(edge, deps, call, call.version)
    return edge.opened(await operations.move(deps.db, edge.table, doing, Action.RESTORE), doing.snapshot)


async def schedule_record_archive(edge: Edge, deps: Deps, call: Call, asked: ScheduleGiven) -> None:
    """Set when {a_noun} moves to the archive. Needs {section}.archive.schedule."""
    await operations.schedule(deps.db, edge.table, await act(edge, deps, call), Action.ARCHIVE, asked.at)


async def schedule_record_restore(edge: Edge, deps: Deps, call: Call, asked: ScheduleGiven) -> None:
    """Set when {a_noun} comes back from the archive. Needs {section}.restore.schedule."""
    await operations.schedule(deps.db, edge.table, await act(edge, deps, call), Action.RESTORE, asked.at)


async def remove_record_archive_schedule(edge: Edge, deps: Deps, call: Call) -> None:
    """Let {a_noun} stay out of the archive. Needs {section}.archive.schedule."""
    await operations.schedule(deps.db, edge.table, await act(edge, deps, call), Action.ARCHIVE, None)


async def remove_record_restore_schedule(edge: Edge, deps: Deps, call: Call) -> None:
    """Let {a_noun} stay in the archive. Needs {section}.restore.schedule."""
    await operations.schedule(deps.db, edge.table, await act(edge, deps, call), Action.RESTORE, None)


async def list_record_schedules(edge: Edge, deps: Deps, call: Call) -> SchedulesShown:
    """List what will happen to {a_noun} by itself. Needs the {noun} in full view."""
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        record, _ = await in_full(edge, tx, snapshot, edge.id_in(call))
        found = await schedules.of_record(tx, record.id)
    return SchedulesShown(items=[ScheduleShown.model_validate(asdict(one)) for one in found])


async def retry_record_archive(edge: Edge, deps: Deps, call: Call) -> None:
    """Have the archiving of {a_noun} that failed tried again. Needs {section}.archive.schedule."""
    await operations.retry(deps.db, edge.table, await act(edge, deps, call), Action.ARCHIVE)


async def retry_record_restore(edge: Edge, deps: Deps, call: Call) -> None:
    """Have the restoring of {a_noun} that failed tried again. Needs {section}.restore.schedule."""
    await operations.retry(deps.db, edge.table, await act(edge, deps, call), Action.RESTORE)


async def delete_record(edge: Edge, deps: Deps, call: Call) -> None:
    """Delete {a_noun} for good, its history and record rights with it. Needs {section}.delete."""
    await operations.delete(deps.db, edge.table, await act(edge, deps, call, call.version))


async def file_record_objection(edge: Edge, deps: Deps, call: Call, asked: Objection) -> None:
    """Delete {a_noun} for good since somebody objects to the processing of his data. Needs admin.objection.update.

    What is left is the number, the time, who did it and the legal ground. With a contact, its inquiries and their
    history lose their identity data, notes and documents; with an inquiry, its contact goes too unless another
    inquiry, an appointment, its roles, a contract or a law need it, or the caller could not file the objection there.
    """
    await operations.file_objection(deps.db, edge.table, await act(edge, deps, call), asked.ground)


async def list_record_history(edge: Edge, deps: Deps, call: Call, asked: PageQuery) -> HistoryPage:
    """List what happened to {a_noun}, newest first. Needs the {noun} in full view.

    A change of which the caller may see no field is left out, and a page may be short because of them.
    """
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    # One transaction sees one instant: what came after the caller was let in is not in it.
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        record, projection = await in_full(edge, tx, snapshot, edge.id_in(call))
        return await _visible(tx, record, projection, asked)


async def _visible(tx: Transaction, record: Record, projection: Projection, asked: PageQuery) -> HistoryPage:
    """Return a page of the entries of which the caller sees something.

    Its end is nothing that is hidden, unless it ends early; then it is a version, of which it tells nothing else.
    """
    found = list[HistoryEntry]()
    below = 2**62 if asked.cursor == START else min(asked.cursor.id.int, 2**62)
    for _ in range(READ_AT_MOST):
        read = await history.page(tx, record.id, below=below, limit=AT_ONCE)
        found += [entry for one in read if (entry := _entry(one, record, projection)) is not None]
        if len(read) < AT_ONCE or len(found) > asked.limit:
            page, following = asked.cut(found, lambda one: _after(one.version))
            return HistoryPage(items=page, next=following)
        below = read[-1].version
    return HistoryPage(items=found, next=str(_after(below)))


def _after(version: int) -> Cursor:
    """Return where the page begins that follows a version."""
    return Cursor(START.at, UUID(int=version))


def _entry(found: Entry, record: Record, projection: Projection) -> HistoryEntry | None:
    names = shown(found, record.section, projection.tiers)
    if found.after and not names:
        return None
    before: Mapping[str, Any] = found.before
    after: Mapping[str, Any] = found.after
    return HistoryEntry(
        version=found.version,
        action=found.action,
        by=found.by,
        at=found.at,
        changes=[FieldChange(field=name, before=before.get(name), after=after[name]) for name in names],
    )


async def in_full(edge: Edge, tx: Transaction, snapshot: AccessSnapshot, record_id: UUID) -> tuple[Record, Projection]:
    """Return a record and what the caller sees of it. Raises NotFound where that is not the full view."""
    found = await records.find(tx, edge.table, snapshot, record_id)
    projection = found and project(found, snapshot)
    if found is None or projection is None or projection.view is not View.FULL:
        raise NotFound
    return found, projection


def routes(edge: Edge) -> tuple[Route, ...]:
    """Return the routes by which a record is deleted and its history read."""
    return (
        Route("DELETE", edge.one, edge.handler(delete_record), edits=True),
        Route("POST", f"{edge.one}/objection", edge.handler(file_record_objection), takes=Objection),
        Route("GET", f"{edge.one}/history", edge.handler(list_record_history), takes=PageQuery, gives=HistoryPage),
    )


def archive_routes(edge: Edge) -> tuple[Route, ...]:
    """Return the routes by which a record goes into the archive and comes back, at once and by date."""
    archive, restore = f"{edge.one}/archive-schedule", f"{edge.one}/restore-schedule"
    return (
        Route("POST", f"{edge.one}/archive", edge.handler(archive_record), gives=edge.shown, edits=True),
        Route("POST", f"{edge.one}/restore", edge.handler(restore_record), gives=edge.shown, edits=True),
        Route("PUT", archive, edge.handler(schedule_record_archive), takes=ScheduleGiven),
        Route("DELETE", archive, edge.handler(remove_record_archive_schedule)),
        Route("PUT", restore, edge.handler(schedule_record_restore), takes=ScheduleGiven),
        Route("DELETE", restore, edge.handler(remove_record_restore_schedule)),
        Route("POST", f"{archive}/retry", edge.handler(retry_record_archive)),
        Route("POST", f"{restore}/retry", edge.handler(retry_record_restore)),
        Route("GET", f"{edge.one}/schedules", edge.handler(list_record_schedules), gives=SchedulesShown),
    )
