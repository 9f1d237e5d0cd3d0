"""OpenID AuthZEN Authorization API 1.0 for records that are named by id, and the search for records.

authz evaluates records whose properties are given; here they are known. Whoever asks about others needs
admin.permissions.manage or admin.agents.manage. What is not known is denied or not found, never an error, and no
answer tells it apart from what is denied.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

from services.chassis.authz_client import require
from services.chassis.parsing import checked
from services.chassis.problems import Invalid, Malformed
from services.chassis.refusals import UNTYPED
from services.chassis.web import Call, Route
from services.contracts.access import AccessSnapshot, RecordFacts
from services.contracts.authzen import (
    DECISIONS,
    USER,
    Decision,
    Decisions,
    EvaluationAsked,
    EvaluationsAsked,
    Resource,
    ResourceFound,
    ResourceSearchAsked,
    ResourcesFound,
    Subject,
    uuid_of,
)
from services.contracts.vocabulary import UserId
from services.records.deps import Deps
from services.records.domain.evaluating import evaluate, readers_list
from services.records.domain.record import Record
from services.records.domain.sorting import RecordSort
from services.records.handlers import cursors
from services.records.handlers.hidden_places import READ_AT_MOST
from services.records.handlers.snapshots import snapshots_of
from services.records.store import record_facts, record_pages
from services.records.store.sections import TABLES

MOST_SUBJECTS: Final = 100
READ_AT_ONCE: Final = 200
OVERSEE: Final = ("admin.agents.manage", "admin.permissions.manage")
Snapshots = Mapping[UserId, AccessSnapshot]
Facts = Mapping[tuple[str, UUID], RecordFacts]


async def evaluate_record(deps: Deps, call: Call, asked: EvaluationAsked) -> Decision:
    """Say whether a person may do something on a record."""
    snapshots = await _snapshots(deps, call, [asked.subject])
    return _decision(snapshots, await _facts(deps, call, snapshots, [asked.resource]), asked)


async def evaluate_records(deps: Deps, call: Call, asked: EvaluationsAsked) -> Decision | Decisions:
    """Answer many evaluations, in their order, up to the one at which the asked semantic ends."""
    if not asked.evaluations:
        return await evaluate_record(deps, call, checked(EvaluationAsked, asked.shared()))
    items = asked.items()
    readable = [item for item in items if isinstance(item, EvaluationAsked)]
    snapshots = await _snapshots(deps, call, [item.subject for item in readable])
    facts = await _facts(deps, call, snapshots, [item.resource for item in readable])
    return asked.answered(items, lambda item: _decision(snapshots, facts, item))


async def search_resources(deps: Deps, call: Call, asked: ResourceSearchAsked) -> ResourcesFound:
    """List the records with which a person may do something, the newest first.

    Read from the same walk as the lists, so that what is found is what the list by that permission would show.
    """
    cursor, user_id = asked.position, asked.subject.user_id
    if cursor is None:
        raise Malformed("The token is not one that this search has given.")
    snapshots = await _snapshots(deps, call, [asked.subject])
    snapshot = snapshots.get(user_id) if user_id else None
    if snapshot is None or asked.resource.type not in TABLES:
        return ResourcesFound(results=[], page=asked.shown("", 0))
    found, after = await _search(deps, call, snapshot, asked, cursor)
    return ResourcesFound(
        results=[ResourceFound(type=asked.resource.type, id=str(record.id)) for record in found],
        page=asked.shown(after, len(found)),
    )


async def _search(
    deps: Deps, call: Call, snapshot: AccessSnapshot, asked: ResourceSearchAsked, cursor: str
) -> tuple[Sequence[Record], str]:
    """Return what a page of a search holds, and where the next begins; nowhere at the end. Raises Malformed."""
    table, action = TABLES[asked.resource.type], asked.action.name
    section = table.section.name
    sort = next(sort for sort in table.orders if sort.value == RecordSort.CREATED)
    lister = snapshot if action in {"list", f"{section}.list"} else readers_list(snapshot, section)
    found = list[Record]()
    try:
        after = cursors.place(cursor, sort)
    except Invalid:
        raise Malformed("The token is not one that this search has given.") from None
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        for _ in range(READ_AT_MOST):
            page = await record_pages.visible_page(
                tx, table, lister, table.filter(), sort=sort, after=after, limit=READ_AT_ONCE
            )
            for record in page:
                if len(found) == asked.page.limit:
                    return found, cursor
                if evaluate(snapshot, section, action, record.facts()) is not None:
                    found.append(record)
                cursor = cursors.of(record, sort)
            if len(page) < READ_AT_ONCE:
                return found, ""
            after = cursors.place(cursor, sort)
    return found, cursor


async def _snapshots(deps: Deps, call: Call, subjects: Sequence[Subject]) -> Snapshots:
    """Return what these people may do. Raises PermissionMissing, Malformed."""
    caller = await deps.access.of(call.caller, call.now, call.access_version)
    named = {each.user_id for each in subjects if each.type == USER and each.user_id is not None}
    others = named - {caller.user_id}
    if others and not caller.holds(OVERSEE[0]):
        require(caller, OVERSEE[1])
    if len(others) > MOST_SUBJECTS:
        raise Malformed(f"More than {MOST_SUBJECTS} people are asked about at once.")
    return {caller.user_id: caller, **{each.user_id: each for each in await snapshots_of(deps, call, others)}}


async def _facts(deps: Deps, call: Call, snapshots: Snapshots, resources: Iterable[Resource]) -> Facts:
    """Return what is to be known of those of these records that there are."""
    by_section = defaultdict[str, set[UUID]](set)
    for resource in resources:
        record_id = uuid_of(resource.id)
        if record_id is not None and resource.type in TABLES:
            by_section[resource.type].add(record_id)
    found = dict[tuple[str, UUID], RecordFacts]()
    if by_section:
        async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
            for section, ids in by_section.items():
                known = await record_facts.find(tx, TABLES[section], snapshots.values(), ids)
                found |= {(section, each): facts for each, facts in known.items()}
    return found


def _decision(snapshots: Snapshots, facts: Facts, asked: EvaluationAsked) -> Decision:
    """Return the answer to an evaluation; what is not known is denied as what is."""
    user_id, record_id = asked.subject.user_id, uuid_of(asked.resource.id)
    snapshot = snapshots.get(user_id) if user_id else None
    known = facts.get((asked.resource.type, record_id)) if record_id else None
    view = evaluate(snapshot, asked.resource.type, asked.action.name, known) if snapshot and known else None
    return DECISIONS[view]


ROUTES = (
    Route("POST", "/access/v1/evaluation", evaluate_record, takes=EvaluationAsked, gives=Decision, dialect=UNTYPED),
    Route("POST", "/access/v1/evaluations", evaluate_records, takes=EvaluationsAsked, gives=Decisions, dialect=UNTYPED),
    Route(
        "POST",
        "/access/v1/search/resource",
        search_resources,
        takes=ResourceSearchAsked,
        gives=ResourcesFound,
        dialect=UNTYPED,
    ),
)
