"""The permission catalogue."""

from collections.abc import Mapping

from pydantic import ConfigDict, Field

from services.authz.deps import Deps
from services.authz.domain.catalogue import Catalogue, Permission
from services.authz.domain.reach import Reach
from services.authz.domain.switch import Switch
from services.authz.store import modules
from services.chassis.web import Call, Output, Route
from services.contracts.vocabulary import RecordClass


class PermissionShown(Output):
    model_config = ConfigDict(serialize_by_alias=True)

    key: str
    section: str
    record_class: RecordClass = Field(serialization_alias="class")
    scoped: bool
    reaches: list[Reach]
    switch: Switch | None
    offered: Mapping[str, int]
    name: Mapping[str, str]
    description: Mapping[str, str]
    module: str | None
    """The module that it belongs to; null: the core."""


class PermissionsShown(Output):
    items: list[PermissionShown]


async def list_permissions(deps: Deps, call: Call) -> PermissionsShown:
    """List every permission there is, those of the agency's modules last, with what a grant of it may say."""
    known = await catalogue_of(deps, call)
    return PermissionsShown(items=[permission_shown(each) for each in known.values()])


async def catalogue_of(deps: Deps, call: Call) -> Catalogue:
    """Return every permission that the caller's agency knows, those of its modules last."""
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        return await modules.catalogue(tx, deps.catalogue)


def permission_shown(each: Permission) -> PermissionShown:
    """Return how a permission is shown."""
    return PermissionShown(
        key=each.key,
        section=each.section,
        record_class=each.record_class,
        scoped=each.scoped,
        reaches=list(each.reaches),
        switch=each.switch,
        offered=each.offered,
        name=each.name,
        description=each.description,
        module=each.module,
    )


ROUTES = (Route("GET", "/v1/permissions", list_permissions, gives=PermissionsShown),)
