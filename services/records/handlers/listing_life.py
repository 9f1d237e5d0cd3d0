"""What may be done with one listing besides changing its fields, and what happened to it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, Field, JsonValue, StringConstraints

from services.chassis import ids
from services.chassis.authz_client import PermissionMissing
from services.chassis.cursor import START, Cursor, CursorParam
from services.chassis.problems import Invalid, NotFound
from services.chassis.web import Call, Input, Output, Route
from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import ListingId, UserId, View
from services.records.deps import Deps
from services.records.domain.history import Entry, shown
from services.records.domain.listing import READ, Listing, Projection, Tier, project
from services.records.handlers.listing_models import IdentityGiven, ListingShown
from services.records.handlers.listings import opened
from services.records.operations import listing_life as operations
from services.records.operations import listings as creation
from services.records.operations.listing_life import Act
from services.records.store import history, listings, schedules
from services.records.store.schedules import Action


class ScheduleGiven(Input):
    at: AwareDatetime
    """When; what is past happens at once."""


class Objection(Input):
    ground: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    """The legal ground. It is kept: no personal data here."""


class ScheduleShown(Output):
    action: Action
    due_at: datetime
    by: UserId


class SchedulesShown(Output):
    items: list[ScheduleShown]


class FieldChange(Output):
    field: str
    before: JsonValue
    after: JsonValue


class EntryShown(Output):
    """One version of the listing: the changed fields that the caller may see."""

    version: int
    action: str
    by: UserId
    at: datetime
    changes: list[FieldChange]


class HistoryPage(Output):
    items: list[EntryShown]
    next: str | None


class HistoryQuery(Input):
    cursor: CursorParam = START
    limit: Annotated[int, Field(ge=1, le=200)] = 50


async def archive_listing(deps: Deps, call: Call) -> ListingShown | None:
    """Move a listing to the archive. Needs listings.archive.now."""
    act = await _act(deps, call, call.version)
    return opened(await operations.move(deps.db, act, Action.ARCHIVE), act.snapshot)


async def restore_listing(deps: Deps, call: Call) -> ListingShown | None:
    """Take a listing out of the archive, as a draft. Needs listings.restore.now."""
    act = await _act(deps, call, call.version)
    return opened(await operations.move(deps.db, act, Action.RESTORE), act.snapshot)


async def schedule_archive(deps: Deps, call: Call, asked: ScheduleGiven) -> None:
    """Set when a listing moves to the archive. Needs listings.archive.schedule."""
    await operations.schedule(deps.db, await _act(deps, call), Action.ARCHIVE, asked.at)


async def schedule_restore(deps: Deps, call: Call, asked: ScheduleGiven) -> None:
    """Set when a listing comes back from the archive. Needs listings.restore.schedule."""
    await operations.schedule(deps.db, await _act(deps, call), Action.RESTORE, asked.at)


async def remove_archive_schedule(deps: Deps, call: Call) -> None:
    """Let a listing stay out of the archive. Needs listings.archive.schedule."""
    await operations.schedule(deps.db, await _act(deps, call), Action.ARCHIVE, None)


async def remove_restore_schedule(deps: Deps, call: Call) -> None:
    """Let a listing stay in the archive. Needs listings.restore.schedule."""
    await operations.schedule(deps.db, await _act(deps, call), Action.RESTORE, None)


async def list_schedules(deps: Deps, call: Call) -> SchedulesShown:
    """List what will happen to a listing by itself. Needs the listing in full view."""
    listing, _ = await _in_full(deps, call)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        found = await schedules.of_listing(tx, listing.id)
    return SchedulesShown(items=[ScheduleShown(action=one.action, due_at=one.due_at, by=one.by) for one in found])


async def delete_listing(deps: Deps, call: Call) -> None:
    """Delete a listing for good, its history and record rights with it. Needs listings.delete."""
    await operations.delete(deps.db, await _act(deps, call, call.version))


async def file_objection(deps: Deps, call: Call, asked: Objection) -> None:
    """Delete a listing for good since somebody objects to the processing of his data. Needs admin.objection.update.

    What is left is the number, the time, who did it and the legal ground.
    """
    await operations.file_objection(deps.db, await _act(deps, call), asked.ground)


async def bump_listing(deps: Deps, call: Call) -> ListingShown | None:
    """Bring a listing to the top of the lists. Needs listings.copy."""
    act = await _act(deps, call)
    return opened(await operations.bump(deps.db, act), act.snapshot)


async def fill_identity(deps: Deps, call: Call, asked: IdentityGiven) -> ListingShown | None:
    """Fill identity fields that are empty: all of those named, or none. Needs listings.identity.fill.

    409 names those that are filled; what they hold is not told.
    """
    given = {name: value for name, value in asked.model_dump(exclude_unset=True).items() if value is not None}
    if not given:
        raise Invalid("Name at least one field to fill.")
    act = await _act(deps, call)
    return opened(await operations.fill(deps.db, act, given), act.snapshot)


async def copy_listing(deps: Deps, call: Call) -> ListingShown | None:
    """Take on a copy of what the caller sees of a listing, as a draft of his own. Needs listings.copy and .create.

    Flags and the private note are not copied; a copy of a private listing is private, which needs its permission.
    """
    listing, projection = await _in_full(deps, call)
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    if snapshot.decide(operations.COPY, listing.facts()) is not View.FULL:
        raise PermissionMissing(f"This needs the permission {operations.COPY}.")
    fields: dict[str, Any] = {
        **_copied(projection),
        "id": ids.uuid7(),
        "number": "",
        "is_private": listing.is_private,
        "assignee_id": call.caller.user_id,
        "created_by": call.caller.user_id,
        "created_at": call.now,
        "updated_at": call.now,
    }
    made = await creation.create_listing(deps.db, snapshot, Listing(**fields), call.idempotency_key)
    call.reply_headers["Location"] = f"/v1/listings/{made.id}"
    return opened(made, snapshot)


async def list_history(deps: Deps, call: Call, asked: HistoryQuery) -> HistoryPage:
    """List what happened to a listing, newest first. Needs the listing in full view.

    A change of which the caller may see no field is left out.
    """
    listing, projection = await _in_full(deps, call)
    below = 2**62 if asked.cursor == START else min(asked.cursor.id.int, 2**62)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        found = await history.page(tx, listing.id, below=below, limit=asked.limit + 1)
    page = found[: asked.limit]
    more = len(found) > asked.limit
    return HistoryPage(
        items=[entry for one in page if (entry := _entry(one, projection)) is not None],
        next=str(Cursor(page[-1].at, UUID(int=page[-1].version))) if more else None,
    )


def _entry(found: Entry, projection: Projection) -> EntryShown | None:
    names = shown(found, projection.tiers)
    if found.after and not names:
        return None
    before: Mapping[str, Any] = found.before
    after: Mapping[str, Any] = found.after
    return EntryShown(
        version=found.version,
        action=found.action,
        by=found.by,
        at=found.at,
        changes=[FieldChange(field=name, before=before.get(name), after=after[name]) for name in names],
    )


def _copied(projection: Projection) -> dict[str, Any]:
    never = {"id", "number", "version", "created_at", "updated_at", "standard_status"}
    seen = {**projection.tiers[Tier.PUBLIC], **projection.tiers.get(Tier.IDENTITY, {})}
    return {name: value for name, value in seen.items() if name not in never}


async def _in_full(deps: Deps, call: Call) -> tuple[Listing, Projection]:
    """Return a listing and what the caller sees of it. Raises NotFound where that is not the full view."""
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        found = await listings.find(tx, snapshot, ListingId(call.id_in_path("listing_id")))
    projection = found and project(found, snapshot, READ)
    if found is None or projection is None or projection.view is not View.FULL:
        raise NotFound
    return found, projection


async def _act(deps: Deps, call: Call, version: int | None = None) -> Act:
    snapshot: AccessSnapshot = await deps.access.of(call.caller, call.now, call.access_version)
    return Act(snapshot, ListingId(call.id_in_path("listing_id")), call.now, version)


_LISTING = "/v1/listings/{listing_id}"

ROUTES = (
    Route("DELETE", _LISTING, delete_listing, edits=True),
    Route("POST", f"{_LISTING}/archive", archive_listing, gives=ListingShown, edits=True),
    Route("POST", f"{_LISTING}/restore", restore_listing, gives=ListingShown, edits=True),
    Route("PUT", f"{_LISTING}/archive-schedule", schedule_archive, takes=ScheduleGiven),
    Route("DELETE", f"{_LISTING}/archive-schedule", remove_archive_schedule),
    Route("PUT", f"{_LISTING}/restore-schedule", schedule_restore, takes=ScheduleGiven),
    Route("DELETE", f"{_LISTING}/restore-schedule", remove_restore_schedule),
    Route("GET", f"{_LISTING}/schedules", list_schedules, gives=SchedulesShown),
    Route("POST", f"{_LISTING}/objection", file_objection, takes=Objection),
    Route("POST", f"{_LISTING}/bump", bump_listing, gives=ListingShown),
    Route("POST", f"{_LISTING}/copy", copy_listing, gives=ListingShown, status=201),
    Route("POST", f"{_LISTING}/identity/fill", fill_identity, takes=IdentityGiven, gives=ListingShown),
    Route("GET", f"{_LISTING}/history", list_history, takes=HistoryQuery, gives=HistoryPage),
)
