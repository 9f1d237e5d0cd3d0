"""Regions of the agency's offices."""

from uuid import UUID

from services.chassis import ids
from services.chassis.authz_client import require
from services.chassis.problems import NotFound
from services.chassis.web import Call, Input, Output, Route
from services.contracts.vocabulary import RegionId
from services.identity.deps import Deps
from services.identity.domain.organisation import Region
from services.identity.domain.user import MANAGE
from services.identity.handlers.fields import Name
from services.identity.operations import organisation
from services.identity.store import regions


class RegionFields(Input):
    name: Name


class RegionShown(Output):
    id: UUID
    name: str
    version: int


class RegionsShown(Output):
    items: list[RegionShown]


async def list_regions(deps: Deps, call: Call) -> RegionsShown:
    """List the agency's regions by name; each office says in which it lies."""
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        return RegionsShown(items=[_shown(region) for region in await regions.every(tx)])


async def create_region(deps: Deps, call: Call, asked: RegionFields) -> RegionShown:
    """Make a region. Needs admin.agents.manage."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    region = Region(RegionId(ids.uuid7()), asked.name, 1)
    made = await organisation.create_region(deps.db, call.caller.tenant_id, region, call.idempotency_key, call.now)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        found = await regions.find(tx, RegionId(made))
    if found is None:
        raise NotFound
    return _shown(found)


async def change_region(deps: Deps, call: Call, asked: RegionFields) -> RegionShown:
    """Rename a region. Needs admin.agents.manage."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    region = Region(RegionId(call.id_in_path("region_id")), asked.name, call.version + 1)
    await organisation.change_region(deps.db, call.caller.tenant_id, region)
    return _shown(region)


async def remove_region(deps: Deps, call: Call) -> None:
    """Remove a region in which no office lies. Needs admin.agents.manage."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    region_id = RegionId(call.id_in_path("region_id"))
    await organisation.remove_region(deps.db, call.caller.tenant_id, region_id, call.version)


def _shown(region: Region) -> RegionShown:
    return RegionShown(id=region.id, name=region.name, version=region.version)


ROUTES = (
    Route("GET", "/v1/regions", list_regions, gives=RegionsShown),
    Route("POST", "/v1/regions", create_region, takes=RegionFields, gives=RegionShown, status=201, once=True),
    Route("PATCH", "/v1/regions/{region_id}", change_region, takes=RegionFields, gives=RegionShown, edits=True),
    Route("DELETE", "/v1/regions/{region_id}", remove_region, edits=True),
)
