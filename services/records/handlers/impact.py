"""Which records people would gain and lose if their rights were changed; nothing is stored, and nobody is told."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import Field

from services.chassis.authz_client import require
from services.chassis.database import Transaction
from services.chassis.web import Call, Input, Output, Route
from services.contracts.access import AccessSnapshot
from services.contracts.authz_api import SupposedAccess
from services.contracts.vocabulary import UserId
from services.records.deps import Deps
from services.records.domain.impact import deciding_keys, is_gained, is_widened, where_gained
from services.records.domain.projection import project
from services.records.domain.sorting import place_of
from services.records.handlers.edges import Edge
from services.records.store import record_pages, records

MANAGE: Final = "admin.permissions.manage"
COUNTED: Final = 1_000
WALKED: Final = 500
"""Records in one step of a walk."""
STEPS: Final = 20
"""Steps of one walk, which is what a person costs in each direction at most."""
SAMPLED: Final = 10
"""Records among which those are found that the caller may see."""


class ImpactAsked(Input):
    proposal: dict[str, object]
    """What authz's hypotheses take, but for `questions`."""
    action: Annotated[str, Field(max_length=60, pattern=r"^[a-z_]+(\.[a-z_]+)*$")] = "list"
    """What follows the section in the permission that counts: `list` what lists show, `read` what can be opened."""
    limit: Annotated[int, Field(ge=1, le=50)] = 20
    """Of how many people records are looked for."""
    samples: Annotated[int, Field(ge=0, le=SAMPLED)] = 3
    """How many records are shown of what a person gains, and of what he loses."""


class SampleShown(Output):
    id: UUID
    number: str


class RecordsShifted(Output):
    count: int
    capped: bool
    """Whether there may be more than were counted."""
    samples: list[SampleShown]
    """Some of them, as far as the caller may open them."""


class PersonShifted(Output):
    user_id: UserId
    gained: RecordsShifted
    lost: RecordsShifted
    widened: RecordsShifted
    """What is reached before and after, and seen in full only after."""
    narrowed: RecordsShifted
    """What is reached before and after, and seen in full only before."""


class ImpactShown(Output):
    """`items` are people whose reach would differ, by id, as many of `concerned` as were asked for."""

    as_of: datetime
    concerned: int
    complete: bool
    """False when the proposal touches more people than were looked at."""
    items: list[PersonShifted]


@dataclass(slots=True)
class _Found:
    count: int = 0
    capped: bool = False
    first: list[UUID] = field(default_factory=list[UUID])

    def add(self, ids: Sequence[UUID]) -> None:
        """Count further records, and keep the first of all."""
        self.count += len(ids)
        self.first += ids[: SAMPLED - len(self.first)]

    def counted(self, *, cut: bool) -> Self:
        """Return it once the walk is over, which was `cut` if there may be more."""
        self.count, self.capped = min(self.count, COUNTED), cut
        return self


@dataclass(frozen=True, slots=True)
class _Shown:
    """Samples for one caller, each record read once."""

    edge: Edge
    caller: AccessSnapshot
    most: int
    known: dict[UUID, SampleShown | None] = field(default_factory=dict[UUID, SampleShown | None])

    async def of(self, tx: Transaction, found: _Found) -> RecordsShifted:
        samples = list[SampleShown]()
        for record_id in found.first:
            if len(samples) == self.most:
                break
            if record_id not in self.known:
                self.known[record_id] = await self._sample(tx, record_id)
            sample = self.known[record_id]
            samples += [] if sample is None else [sample]
        return RecordsShifted(count=found.count, capped=found.capped, samples=samples)

    async def _sample(self, tx: Transaction, record_id: UUID) -> SampleShown | None:
        record = await records.find(tx, self.edge.table, self.caller, record_id)
        if record is None or project(record, self.caller) is None:
            return None
        return SampleShown(id=record.id, number=record.number)


async def preview_records_impact(edge: Edge, deps: Deps, call: Call, asked: ImpactAsked) -> ImpactShown:
    """Show how many {section} people would gain and lose by a proposed change of rights, with samples.

    Needs admin.permissions.manage. Counts go up to 1,000 a person and direction; one that is full ends the walk.
    """
    caller = await deps.access.of(call.caller, call.now, call.access_version)
    require(caller, MANAGE)
    keys = deciding_keys(edge.table.section, asked.action)
    supposed = await deps.hypotheses.of(call.caller.tenant_id, asked.proposal, keys, asked.limit)
    shown, items = _Shown(edge, caller, asked.samples), list[PersonShifted]()
    for person in supposed.people:
        async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
            items.append(await _shifted(tx, shown, person, asked.action))
    return ImpactShown(as_of=call.now, concerned=supposed.concerned, complete=supposed.complete, items=items)


async def _shifted(tx: Transaction, shown: _Shown, person: SupposedAccess, action: str) -> PersonShifted:
    gained, widened = await _gained(tx, shown.edge, person.before, person.after, action)
    lost, narrowed = await _gained(tx, shown.edge, person.after, person.before, action)
    return PersonShifted(
        user_id=person.before.user_id,
        gained=await shown.of(tx, gained),
        lost=await shown.of(tx, lost),
        widened=await shown.of(tx, widened),
        narrowed=await shown.of(tx, narrowed),
    )


async def _gained(
    tx: Transaction, edge: Edge, before: AccessSnapshot, after: AccessSnapshot, action: str
) -> tuple[_Found, _Found]:
    """Return what is reached after and not before, and what in a wider view, walking the list a bounded way."""
    table, gained, widened, place = edge.table, _Found(), _Found(), None
    walked = where_gained(before, after, table.section, action)
    if walked is None:
        return gained, widened
    key, sort = table.section.key(action), next(iter(table.orders))
    for _ in range(STEPS):
        page = await record_pages.visible_page(tx, table, walked, table.filter(), sort=sort, after=place, limit=WALKED)
        for found, belongs in ((gained, is_gained), (widened, is_widened)):
            found.add([record.id for record in page if belongs(before, after, key, record.facts())])
        full = max(gained.count, widened.count) > COUNTED
        if full or len(page) < WALKED:
            return gained.counted(cut=full), widened.counted(cut=full)
        place = place_of(page[-1], sort)
    return gained.counted(cut=True), widened.counted(cut=True)


def routes(edge: Edge) -> tuple[Route, ...]:
    """Return the route that says what a proposed change of rights does to a section's records."""
    return (
        Route(
            "POST",
            f"{edge.every}/impact",
            edge.handler(preview_records_impact),
            takes=ImpactAsked,
            gives=ImpactShown,
        ),
    )
