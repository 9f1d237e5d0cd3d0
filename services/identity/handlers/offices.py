"""Offices of the agency."""

from uuid import UUID

from services.chassis import ids
from services.chassis.authz_client import require
from services.chassis.problems import NotFound
from services.chassis.web import Call, Input, Output, Route
from services.contracts.vocabulary import OfficeId, RegionId
from services.identity.deps import Deps
from services.identity.domain.licence import Office
from services.identity.domain.user import MANAGE
from services.identity.handlers.fields import Name
from services.identity.operations import licences
from services.identity.store import offices


class OfficeFields(Input):
    name: Name


class RegionOfOffice(Input):
    region_id: UUID | None


class OfficeShown(Output):
    id: UUID
    name: str
    region_id: UUID | None
    version: int


class OfficesShown(Output):
    items: list[OfficeShown]


async def list_offices(deps: Deps, call: Call) -> OfficesShown:
    """List the agency's offices by name, to everybody who signs in: they are places, and name nobody."""
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        return OfficesShown(items=[_shown(office) for office in await offices.every(tx)])


async def create_office(deps: Deps, call: Call, asked: OfficeFields) -> OfficeShown:
    """Open an office. Needs admin.agents.manage."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    office = Office(ids.uuid7(), asked.name, 1)
    made = await licences.create_office(deps.db, call.caller.tenant_id, office, call.idempotency_key, call.now)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        found = await offices.find(tx, OfficeId(made))
    if found is None:
        raise NotFound
    return _shown(found)


async def change_office(deps: Deps, call: Call, asked: OfficeFields) -> OfficeShown:
    """Rename an office. Needs admin.agents.manage."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    office_id = OfficeId(call.id_in_path("office_id"))
    return _shown(await licences.rename_office(deps.db, call.caller.tenant_id, office_id, asked.name, call.version))


async def move_office(deps: Deps, call: Call, asked: RegionOfOffice) -> OfficeShown:
    """Say in which region an office lies, if in any. Needs admin.agents.manage."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    office_id = OfficeId(call.id_in_path("office_id"))
    region_id = None if asked.region_id is None else RegionId(asked.region_id)
    return _shown(await licences.move_office(deps.db, call.caller.tenant_id, office_id, region_id, call.version))


def _shown(office: Office) -> OfficeShown:
    return OfficeShown(id=office.id, name=office.name, region_id=office.region_id, version=office.version)


ROUTES = (
    Route("GET", "/v1/offices", list_offices, gives=OfficesShown),
    Route("POST", "/v1/offices", create_office, takes=OfficeFields, gives=OfficeShown, status=201, once=True),
    Route("PATCH", "/v1/offices/{office_id}", change_office, takes=OfficeFields, gives=OfficeShown, edits=True),
    Route("PUT", "/v1/offices/{office_id}/region", move_office, takes=RegionOfOffice, gives=OfficeShown, edits=True),
)
