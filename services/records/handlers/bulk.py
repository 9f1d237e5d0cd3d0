"""The same thing done to up to 1,000 records of a section: each is decided on, and done or not, by itself."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from services.chassis import clock
from services.chassis.problems import Problem
from services.chassis.web import Call, Input, Output, Route
from services.contracts.vocabulary import UserId
from services.records.deps import Deps
from services.records.handlers.edges import Edge
from services.records.operations import record_life
from services.records.operations.record_life import BULK_DELETE
from services.records.operations.records import Act

MOST: Final = 1000


class BulkDelete(Input):
    ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST)]

    def once(self) -> Iterable[UUID]:
        """Return each record that is named, once."""
        return dict.fromkeys(self.ids)


class BulkReassign(BulkDelete):
    assignee_id: UserId


class Outcome(Output):
    id: UUID
    code: str
    """`done`, or the code of the problem with this one."""


class Outcomes(Output):
    items: list[Outcome]


async def delete_records(edge: Edge, deps: Deps, call: Call, asked: BulkDelete) -> Outcomes:
    """Delete {section} for good. Needs {section}.bulk.delete on each."""
    return await each(
        deps,
        call,
        ((one, lambda act: record_life.delete(deps.db, edge.table, act, BULK_DELETE)) for one in asked.once()),
    )


async def reassign_records(edge: Edge, deps: Deps, call: Call, asked: BulkReassign) -> Outcomes:
    """Hand {section} to somebody. Needs {section}.bulk.reassign on each."""
    return await each(
        deps,
        call,
        ((one, lambda act: record_life.reassign(deps.db, edge.table, act, asked.assignee_id)) for one in asked.once()),
    )


async def each(deps: Deps, call: Call, wanted: Iterable[tuple[UUID, Callable[[Act], Awaitable[object]]]]) -> Outcomes:
    """Do one thing after the other and return what became of each.

    Rights are asked again for each, so that who loses them meanwhile gets no further. Raises Unavailable.
    """
    await deps.access.of(call.caller, call.now, call.access_version)
    items = list[Outcome]()
    for record_id, do in wanted:
        try:
            snapshot = await deps.access.of(call.caller, clock.now(), call.access_version)
            await do(Act(snapshot, record_id, call.now))
            items.append(Outcome(id=record_id, code="done"))
        except Problem as problem:
            items.append(Outcome(id=record_id, code=problem.code))
    return Outcomes(items=items)


def routes(edge: Edge) -> tuple[Route, ...]:
    """Return the routes by which many records of a section are deleted or handed over."""
    return (
        Route("POST", f"{edge.every}/bulk-delete", edge.handler(delete_records), takes=BulkDelete, gives=Outcomes),
        Route(
            "POST", f"{edge.every}/bulk-reassign", edge.handler(reassign_records), takes=BulkReassign, gives=Outcomes
        ),
    )
