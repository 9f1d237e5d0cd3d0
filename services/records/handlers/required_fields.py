"""Which fields must be filled in, section by section (IMO-77)."""

from typing import Annotated

from pydantic import Field

from services.chassis.web import Call, Input, Output, Route
from services.records.deps import Deps
from services.records.domain.required import RuleSet, Stage, choosable
from services.records.handlers.edges import Edge
from services.records.handlers.inquiries import EDGE as INQUIRY
from services.records.handlers.listing_models import EDGE as LISTING
from services.records.operations import required_fields as operations
from services.records.store import required_fields

Names = Annotated[frozenset[Annotated[str, Field(max_length=63)]], Field(max_length=100)]


class RequiredFieldsGiven(Input):
    """Names of fields by stage; those of `create` are wanted of whatever is taken on."""

    create: Names = frozenset()
    publication: Names = frozenset()
    """Wanted of what is offered: from `coming_soon` to `reserved`. Only listings are."""
    archive: Names = frozenset()


class RequiredFieldsShown(Output):
    version: int
    create: list[str]
    publication: list[str]
    archive: list[str]
    choosable: list[str]
    """All that could be wanted."""


async def get_required_record_fields(edge: Edge, deps: Deps, call: Call) -> RequiredFieldsShown:
    """Say which fields of {section} must be filled in. Anybody may know."""
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        return _shown(edge, await required_fields.find(tx, edge.section))


async def set_required_record_fields(
    edge: Edge, deps: Deps, call: Call, asked: RequiredFieldsGiven
) -> RequiredFieldsShown:
    """Choose which fields of {section} must be filled in. Needs admin.required_fields.update.

    From then on no {noun} is taken on, offered or archived without them, and none of them can be emptied. What lacks
    one already may still be changed otherwise. Whoever is refused learns that the field is empty, also where he may
    not read it: an agency that minds wants no identity data of those who cannot fill them in.
    """
    given = {stage: frozenset[str](getattr(asked, stage)) for stage in Stage}
    made = RuleSet(call.version + 1, {stage: names for stage, names in given.items() if names})
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    return _shown(edge, await operations.choose(deps.db, snapshot, edge.table, made, call.now))


def _shown(edge: Edge, found: RuleSet) -> RequiredFieldsShown:
    return RequiredFieldsShown(
        version=found.version,
        choosable=sorted(choosable(edge.table.kind)),
        **{stage.value: sorted(found.rules.get(stage, ())) for stage in Stage},
    )


def _routes(edge: Edge) -> tuple[Route, ...]:
    path = f"/v1/required-fields/{edge.section}"
    shown, given = RequiredFieldsShown, RequiredFieldsGiven
    return (
        Route("GET", path, edge.handler(get_required_record_fields), gives=shown),
        Route("PUT", path, edge.handler(set_required_record_fields), takes=given, gives=shown, edits=True),
    )


ROUTES = (*_routes(LISTING), *_routes(INQUIRY))
