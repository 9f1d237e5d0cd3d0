"""What single records say to users, teams and offices, and what somebody may do with a record and why."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from services.chassis import clock
from services.chassis.authz_client import PermissionMissing, require
from services.chassis.cursor import START, Cursor
from services.chassis.problems import NotFound
from services.chassis.web import Call, Route
from services.contracts.access import AccessSnapshot, RecordFacts
from services.contracts.vocabulary import UserId
from services.records.deps import Deps
from services.records.domain.record_rights import (
    ADMINISTRATION,
    READ,
    UPDATE,
    Cause,
    Decider,
    Entries,
    Explanation,
    Reason,
    Slot,
    deciding_entries,
    explain,
    gained_and_lost,
    may_look,
    merged,
    named_users,
    reaches_panel,
    rights_of,
)
from services.records.handlers.bulk import Outcomes, each
from services.records.handlers.edges import Edge
from services.records.handlers.record_right_models import (
    AccessQuestion,
    AccessShown,
    AnswerShown,
    ChangeShown,
    ChangesShown,
    Difference,
    EntriesGiven,
    EntriesOrStamp,
    EntriesRemoved,
    EntryShown,
    MassUpdate,
    PreviewAsked,
    PreviewShown,
    RecordRightsShown,
    Restoration,
)
from services.records.handlers.snapshots import snapshots_of
from services.records.operations import record_rights as operations
from services.records.operations.record_rights import Author, Target
from services.records.operations.records import Act
from services.records.store import directory, record_rights, records
from services.records.store.record_rights import Given


@dataclass(frozen=True, slots=True)
class _Panel:
    facts: RecordFacts
    """With every entry, so that they answer for anybody."""
    entries: Mapping[Slot, Given]
    version: int


async def get_record_rights(edge: Edge, deps: Deps, call: Call) -> RecordRightsShown:
    """Show what {a_noun} says to users, teams and offices. Needs record_rights.read or record_rights.update on it.

    With record_rights.update it is shown even where one of the entries keeps the caller from reading the {noun}.
    """
    return _shown(await _panel(edge, deps, call))


async def change_record_rights(edge: Edge, deps: Deps, call: Call, asked: EntriesGiven) -> RecordRightsShown | None:
    """Make the entries of {a_noun} exactly these; whoever is not named inherits. Needs record_rights.update on it.

    Allowing others what one may not do here oneself takes an administrator. Answers 204 when the caller reaches the
    {noun} no longer, because it was one of the entries before that opened it.
    """
    given, target = merged({}, asked.slots()), Target(edge.table, edge.id_in(call), call.version)
    author = await _author(deps, call)
    await operations.change(deps.db, author, target, Reason(Cause.SET), lambda _: given)
    return await _left(edge, deps, author.snapshot, target)


async def apply_record_stamp(edge: Edge, deps: Deps, call: Call, asked: EntriesOrStamp) -> RecordRightsShown | None:
    """Set one of the caller's stamps, or the entries of one, exactly those, whatever stands there (ON-30, ON-31).

    Needs record_rights.update on the {noun}. Answers 204 when the caller reaches it no longer.
    """
    author, target = await _author(deps, call), Target(edge.table, edge.id_in(call))
    require(author.snapshot, UPDATE)
    given, reason = await _exactly(deps, call, asked), Reason(Cause.STAMP, asked.stamp_id)
    await operations.change(deps.db, author, target, reason, lambda _: given)
    return await _left(edge, deps, author.snapshot, target)


async def restore_record_rights(edge: Edge, deps: Deps, call: Call, asked: Restoration) -> RecordRightsShown | None:
    """Make the entries of {a_noun} what they were at an earlier version. Needs record_rights.update on it.

    Answers 204 when the caller reaches the {noun} no longer.
    """
    author, target = await _author(deps, call), Target(edge.table, edge.id_in(call), call.version)
    await operations.restore(deps.db, author, target, asked.version)
    return await _left(edge, deps, author.snapshot, target)


async def list_record_right_changes(edge: Edge, deps: Deps, call: Call) -> ChangesShown:
    """List the last 200 versions of the entries of {a_noun}, newest first. Needs what looking at them needs."""
    snapshot = await _looker(deps, call)
    # One transaction sees one instant: what came after the caller was let in is not in it.
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        record = await records.find(tx, edge.table, snapshot, edge.id_in(call))
        if record is None or not may_look(snapshot, record.facts()):
            raise NotFound
        found = await record_rights.changes(tx, record.id)
    return ChangesShown(items=[ChangeShown.of(change) for change in found])


async def preview_record_rights(edge: Edge, deps: Deps, call: Call, asked: PreviewAsked) -> PreviewShown:
    """Show who would gain and lose what if the entries became exactly these, or those of one of the caller's stamps.

    A page looks at up to 200 people, at those first whose own entries differ, and shows whom it makes a difference to.
    Needs record_rights.update on the {noun}.
    """
    caller = await deps.access.of(call.caller, call.now, call.access_version)
    require(caller, UPDATE)
    panel = await _panel(edge, deps, call)
    if not reaches_panel(caller, panel.facts):
        raise NotFound
    exactly = await _exactly(deps, call, asked)
    after = replace(panel.facts, rights=rights_of(exactly))
    first = named_users({slot: given.effect for slot, given in panel.entries.items()}, exactly)
    place = None if asked.cursor == START else UserId(asked.cursor.id)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        people = await directory.active_people(tx, first=first, after=place, limit=asked.limit + 1)
    page, following = asked.cut(people, lambda person: Cursor(call.now, person))
    items = list[Difference]()
    for snapshot in await snapshots_of(deps, call, page):
        gains, loses = gained_and_lost(snapshot, panel.facts, after)
        if gains or loses:
            items.append(Difference(user_id=snapshot.user_id, gains=list(gains), loses=list(loses)))
    return PreviewShown(complete=following is None, items=items, next=following)


async def update_many_record_rights(edge: Edge, deps: Deps, call: Call, asked: MassUpdate) -> Outcomes:
    """Set or reset single entries on up to 1,000 {section}, where the others stay; or set a stamp, exactly (ON-31).

    Each {noun} is changed, or not, by itself (ON-22). Needs record_rights.update on each.
    """
    changes = asked.slots()
    require((await _author(deps, call)).snapshot, UPDATE)
    stamped = None if asked.stamp_id is None else await _exactly(deps, call, asked)
    reason = Reason(Cause.MASS_UPDATE if stamped is None else Cause.STAMP, asked.stamp_id)

    def make(entries: Entries) -> Entries:
        return merged(entries, changes) if stamped is None else stamped

    async def change(act: Act) -> None:
        target = Target(edge.table, act.record_id)
        await operations.change(deps.db, Author(act.snapshot, act.now), target, reason, make)

    return await each(deps, call, ((one, change) for one in asked.once()))


async def remove_user_record_rights(deps: Deps, call: Call) -> EntriesRemoved:
    """Delete what all records say to one user (ON-15). Needs record_rights.update on all, and an administrator."""
    user_id = UserId(call.id_in_path("user_id"))

    async def authors() -> Author:
        return Author(await deps.access.of(call.caller, clock.now(), call.access_version), call.now)

    return EntriesRemoved(records=await operations.forget_user(deps.db, call.caller.tenant_id, authors, user_id))


async def get_record_access(edge: Edge, deps: Deps, call: Call, asked: AccessQuestion) -> AccessShown:
    """Show what somebody of the agency may do with {a_noun}, and what decided each answer (ON-20).

    Needs record_rights.read or record_rights.update on it. The grant that decided, with its group or template, is
    named to who holds admin.permissions.manage or admin.agents.manage.
    """
    caller, panel = await _looker(deps, call), await _panel(edge, deps, call)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        if not await directory.knows_person(tx, asked.user):
            raise NotFound
    (snapshot,) = await snapshots_of(deps, call, [asked.user])
    sources = await deps.sources.of(call.caller.tenant_id, asked.user, panel.facts)
    named = any(caller.holds(key) for key in ADMINISTRATION)
    answers = explain(snapshot, panel.facts, sources)
    return AccessShown(user_id=asked.user, items=[_answer(snapshot, panel, one, named=named) for one in answers])


def _answer(snapshot: AccessSnapshot, panel: _Panel, one: Explanation, *, named: bool) -> AnswerShown:
    decided = deciding_entries(snapshot, one.record_class, panel.entries)
    return AnswerShown(
        key=one.key,
        view=one.view,
        inherited=one.inherited,
        starred=one.starred,
        decided_by=one.decided_by,
        grant=one.grant if named else None,
        entries=[
            EntryShown.of(slot, panel.entries[slot]) for slot in decided if one.decided_by is Decider.RECORD_RIGHT
        ],
    )


async def _panel(edge: Edge, deps: Deps, call: Call) -> _Panel:
    """Return the entries of the record in the path. Raises PermissionMissing, NotFound."""
    panel = await _reached(edge, deps, await _looker(deps, call), edge.id_in(call))
    if panel is None:
        raise NotFound
    return panel


async def _looker(deps: Deps, call: Call) -> AccessSnapshot:
    """Return what the caller may do, who may look at some record's entries. Raises PermissionMissing."""
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    if not (snapshot.holds(READ) or snapshot.holds(UPDATE)):
        raise PermissionMissing(f"This needs the permission {READ}.")
    return snapshot


async def _reached(edge: Edge, deps: Deps, snapshot: AccessSnapshot, record_id: UUID) -> _Panel | None:
    async with deps.db.transaction(snapshot.tenant_id, readonly=True) as tx:
        found = await records.find(tx, edge.table, snapshot, record_id)
        if found is None or not may_look(snapshot, found.facts()):
            return None
        entries = await record_rights.find(tx, found.id)
        version = await record_rights.version(tx, found.id)
    rights = rights_of({slot: given.effect for slot, given in entries.items()})
    return _Panel(replace(found.facts(), rights=rights), entries, version)


async def _left(edge: Edge, deps: Deps, snapshot: AccessSnapshot, target: Target) -> RecordRightsShown | None:
    """Return what the entries are now, or None where the change itself took them out of the caller's reach."""
    panel = await _reached(edge, deps, snapshot, target.record_id)
    return None if panel is None else _shown(panel)


def _shown(panel: _Panel) -> RecordRightsShown:
    return RecordRightsShown(
        version=panel.version, entries=[EntryShown.of(slot, given) for slot, given in panel.entries.items()]
    )


async def _exactly(deps: Deps, call: Call, asked: EntriesOrStamp) -> Entries:
    """Return the entries that are given, or those of the stamp. Raises Invalid, UnknownStamp, Unavailable."""
    if asked.stamp_id is None:
        return merged({}, asked.slots())
    return await deps.stamps.entries(call.caller, asked.stamp_id)


async def _author(deps: Deps, call: Call) -> Author:
    return Author(await deps.access.of(call.caller, call.now, call.access_version), call.now)


def routes(edge: Edge) -> tuple[Route, ...]:
    """Return the routes by which a section's records are opened and closed one by one."""
    rights, shown, given = f"{edge.one}/record-rights", RecordRightsShown, EntriesOrStamp
    restore = edge.handler(restore_record_rights)
    update_many = edge.handler(update_many_record_rights)
    return (
        Route("GET", rights, edge.handler(get_record_rights), gives=shown),
        Route("PUT", rights, edge.handler(change_record_rights), takes=EntriesGiven, gives=shown, edits=True),
        Route("POST", f"{rights}/stamp", edge.handler(apply_record_stamp), takes=given, gives=shown),
        Route("POST", f"{rights}/restore", restore, takes=Restoration, gives=shown, edits=True),
        Route("POST", f"{rights}/preview", edge.handler(preview_record_rights), takes=PreviewAsked, gives=PreviewShown),
        Route("GET", f"{rights}/changes", edge.handler(list_record_right_changes), gives=ChangesShown),
        Route("GET", f"{edge.one}/access", edge.handler(get_record_access), takes=AccessQuestion, gives=AccessShown),
        Route("POST", f"{edge.every}/bulk-record-rights", update_many, takes=MassUpdate, gives=Outcomes),
    )


ROUTES = (Route("DELETE", "/v1/users/{user_id}/record-rights", remove_user_record_rights, gives=EntriesRemoved),)
