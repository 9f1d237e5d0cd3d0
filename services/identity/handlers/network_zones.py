"""Named network zones, such as an office's connection: changed once for all who use them (MG-31)."""

from ipaddress import ip_network
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.chassis import ids
from services.chassis.authz_client import require
from services.chassis.problems import NotFound
from services.chassis.web import Call, Input, Output, Route
from services.identity.deps import Deps
from services.identity.domain.access_policy import NetworkZone
from services.identity.domain.user import MANAGE
from services.identity.handlers.access_policies import author
from services.identity.handlers.fields import Name
from services.identity.handlers.policy_fields import CIDR, ImpactShown, cidrs_shown, impact_shown
from services.identity.operations import access_templates as operations
from services.identity.operations.access_policies import enact
from services.identity.store import network_zones


class ZoneFields(Input):
    name: Name
    cidrs: Annotated[list[CIDR], Field(min_length=1, max_length=50)]


class ZoneChange(ZoneFields):
    dry_run: bool = False
    """Change nothing and count only."""
    confirmed_users: int | None = Field(default=None, ge=0, lt=2**63)
    """How many people the dry run named; needed if it named any."""


class ZoneShown(Output):
    id: UUID
    name: str
    cidrs: list[str]
    version: int


class ZonesShown(Output):
    items: list[ZoneShown]


async def list_zones(deps: Deps, call: Call) -> ZonesShown:
    """List the agency's network zones by name. Needs admin.agents.manage."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        return ZonesShown(items=[_shown(zone) for zone in await network_zones.every(tx)])


async def get_zone(deps: Deps, call: Call) -> ZoneShown:
    """Show a network zone. Needs admin.agents.manage."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    return await _one(deps, call, call.id_in_path("zone_id"))


async def create_zone(deps: Deps, call: Call, asked: ZoneFields) -> ZoneShown:
    """Name some networks. Needs admin.agents.manage."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    zone = NetworkZone(ids.uuid7(), asked.name, tuple(map(ip_network, asked.cidrs)), 1)
    made = await operations.create_zone(deps.db, call.caller.tenant_id, zone, call.idempotency_key, call.now)
    call.reply_headers["Location"] = f"/v1/network-zones/{made}"
    return await _one(deps, call, made)


async def change_zone(deps: Deps, call: Call, asked: ZoneChange) -> ImpactShown:
    """Change a zone for all who use it, whose number is to be confirmed. Needs admin.agents.manage.

    Sessions from networks that are no longer in it end at once.
    """
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    zone = NetworkZone(call.id_in_path("zone_id"), asked.name, tuple(map(ip_network, asked.cidrs)), call.version + 1)
    change = operations.zone_change(zone, author(call), dry_run=asked.dry_run, confirmed_users=asked.confirmed_users)
    impact = await enact(deps.db, deps.administrators, call.caller.tenant_id, change, call.now)
    return impact_shown(impact, call.version, dry_run=asked.dry_run)


async def remove_zone(deps: Deps, call: Call) -> None:
    """Remove a zone that no policy names. Needs admin.agents.manage."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    await operations.remove_zone(deps.db, call.caller.tenant_id, call.id_in_path("zone_id"), call.version)


async def _one(deps: Deps, call: Call, zone_id: UUID) -> ZoneShown:
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        zone = await network_zones.find(tx, zone_id)
    if zone is None:
        raise NotFound
    return _shown(zone)


def _shown(zone: NetworkZone) -> ZoneShown:
    return ZoneShown(id=zone.id, name=zone.name, cidrs=cidrs_shown(zone.networks), version=zone.version)


ROUTES = (
    Route("GET", "/v1/network-zones", list_zones, gives=ZonesShown),
    Route("POST", "/v1/network-zones", create_zone, takes=ZoneFields, gives=ZoneShown, status=201, once=True),
    Route("GET", "/v1/network-zones/{zone_id}", get_zone, gives=ZoneShown),
    Route("PUT", "/v1/network-zones/{zone_id}", change_zone, takes=ZoneChange, gives=ImpactShown, edits=True),
    Route("DELETE", "/v1/network-zones/{zone_id}", remove_zone, edits=True),
)
