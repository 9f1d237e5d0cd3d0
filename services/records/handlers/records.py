"""Records over HTTP, the same in every section: who may see and change how much of them is decided per record."""

from enum import StrEnum
from typing import Annotated, Any, Final, Protocol

from pydantic import BaseModel, Field

from services.chassis import ids
from services.chassis.answers import Composed
from services.chassis.problems import Invalid, NotFound
from services.chassis.web import Call, Input, Output, Route
from services.contracts.vocabulary import OfficeId, UserId
from services.records.deps import Deps
from services.records.domain.projection import project
from services.records.domain.record import Filter, outside_archive
from services.records.domain.rights import STATUS
from services.records.domain.words import words_asked
from services.records.handlers import cursors
from services.records.handlers.edges import Edge, act
from services.records.handlers.record_models import document_of, fields_of
from services.records.operations import records as operations
from services.records.store import record_pages, records

COUNTED: Final = 1_000


class RecordsFilter(Input):
    """What the list of any section may be asked for."""

    office_id: OfficeId | None = None
    assignee_id: UserId | None = None
    q: Annotated[str, Field(max_length=200)] | None = None
    """Beginnings of words, all of which must occur; accents and case do not matter.

    Searched is what the caller sees in the list but for identity data and private notes, which are never searched.
    """

    def asked(self, kind: "type[RecordsFilter]", statuses: type[StrEnum] | None = None) -> dict[str, Any]:
        """Return what a kind of filter asks for, by its names in the domain. Raises Invalid for `q` without words.

        Where records have statuses and none is asked for, what is in the archive is not asked for either.
        """
        fields = self.model_dump(include=set(kind.model_fields) - {"q"}, exclude_none=True)
        if statuses is not None:
            fields.setdefault(STATUS, outside_archive(statuses))
        return {**fields, "words": () if self.q is None else words_asked(self.q)}


class PageAsked(Input):
    """Where a page begins and how long it is."""

    cursor: Annotated[str, Field(max_length=200)] = ""
    """`next` of the page before, in the same order."""
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class RecordsCount(Output):
    count: int
    capped: bool
    """Whether there are more than were counted."""


class Asked(Protocol):
    """A section's filter as it came in."""

    def filter(self) -> Filter:
        """Return what is asked for."""
        ...


class Paged(Protocol):
    """An order and a page in it."""

    @property
    def sort(self) -> Any: ...
    @property
    def cursor(self) -> str: ...
    @property
    def limit(self) -> int: ...


class Queried(Asked, Paged, Protocol):
    """A filter with an order and a page."""


async def create_record(edge: Edge, deps: Deps, call: Call, asked: BaseModel) -> Composed | None:
    """Take on {a_noun} in one of the agency's offices. Needs {section}.create.

    Without a number it gets the agency's next one, without an assignee the caller is it. What has a permission of
    its own (flags, private note, another assignee, privacy) needs that permission too. Answers without a document
    when the caller may create but not open. An office that was opened a moment ago may still be unknown here
    (`unknown_office`): try again.
    """
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    fields: dict[str, Any] = {
        "number": "",
        "assignee_id": call.caller.user_id,
        **fields_of(asked),
        "id": ids.uuid7(),
        "created_by": call.caller.user_id,
        "created_at": call.now,
        "updated_at": call.now,
    }
    made = await operations.create(deps.db, edge.table, snapshot, edge.table.kind(**fields), call.idempotency_key)
    call.reply_headers["Location"] = f"{edge.every}/{made.id}"
    return edge.opened(made, snapshot)


async def get_record(edge: Edge, deps: Deps, call: Call) -> Composed:
    """Open {a_noun}: a tier that the caller may not see is null as a whole."""
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        found = await records.find(tx, edge.table, snapshot, edge.id_in(call))
    shown = found and edge.opened(found, snapshot)
    if shown is None:
        raise NotFound
    return shown


async def list_records(edge: Edge, deps: Deps, call: Call, asked: Queried) -> Composed:
    """List the {section} that the caller's list shows, latest change first or in another order.

    What is in the archive is listed only when its status is asked for. A record of which only the public view is shown
    never answers to a filter by assignee.
    """
    return await page_of(edge, deps, call, asked.filter(), asked)


async def page_of(edge: Edge, deps: Deps, call: Call, wanted: Filter, asked: Paged) -> Composed:
    """Return a page of the section's records that the caller's list shows and that are wanted."""
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    after = cursors.place(asked.cursor, asked.sort)
    if not (snapshot.holds(edge.table.section.key("list")) or snapshot.principals):
        return Composed({"items": [], "next": None})
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        found = await record_pages.visible_rows(
            tx, edge.table, snapshot, wanted, sort=asked.sort, after=after, limit=asked.limit + 1
        )
    page = found[: asked.limit]
    items = [document_of(shown) for row in page if (shown := project(row, snapshot, "list"))]
    following = cursors.of(page[-1].record, asked.sort) if len(found) > asked.limit else None
    return Composed({"items": items, "next": following})


async def count_records(edge: Edge, deps: Deps, call: Call, asked: Asked) -> RecordsCount:
    """Count the {section} that the caller's list shows, up to 1,000."""
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    if not (snapshot.holds(edge.table.section.key("list")) or snapshot.principals):
        return RecordsCount(count=0, capped=False)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        found = await record_pages.visible_count(tx, edge.table, snapshot, asked.filter(), most=COUNTED + 1)
    return RecordsCount(count=min(found, COUNTED), capped=found > COUNTED)


async def change_record(edge: Edge, deps: Deps, call: Call, asked: BaseModel) -> Composed | None:
    """Change the fields of {a_noun} that are named; null empties one.

    Needs the permission of every field named, or changes nothing. Answers 204 when the caller may no longer open
    the {noun}, because it now lies in another office or with somebody else.
    """
    doing = await act(edge, deps, call, call.version)
    changes = fields_of(asked)
    if not changes:
        raise Invalid("Name at least one field to change.")
    return edge.opened(await operations.change(deps.db, edge.table, doing, changes), doing.snapshot)


def routes(
    edge: Edge, new: type[BaseModel], change: type[BaseModel], query: type[BaseModel], asked: type[BaseModel]
) -> tuple[Route, ...]:
    """Return the routes by which the records of a section are taken on, opened, listed, counted and changed."""
    return (
        Route("POST", edge.every, edge.handler(create_record), takes=new, gives=edge.shown, status=201, once=True),
        Route("GET", edge.every, edge.handler(list_records), takes=query, gives=edge.page),
        Route("GET", f"{edge.every}/count", edge.handler(count_records), takes=asked, gives=RecordsCount),
        Route("GET", edge.one, edge.handler(get_record), gives=edge.shown),
        Route("PATCH", edge.one, edge.handler(change_record), takes=change, gives=edge.shown, edits=True),
    )
