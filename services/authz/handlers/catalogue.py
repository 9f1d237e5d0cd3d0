"""The permission catalogue."""

from collections.abc import Mapping

from pydantic import ConfigDict, Field

from services.authz.deps import Deps
from services.authz.domain.reach import Reach
from services.authz.domain.switch import Switch
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


class PermissionsShown(Output):
    items: list[PermissionShown]


async def list_permissions(deps: Deps, _call: Call) -> PermissionsShown:
    """List every permission there is, with what a grant of it may say."""
    return PermissionsShown(
        items=[
            PermissionShown(
                key=each.key,
                section=each.section,
                record_class=each.record_class,
                scoped=each.scoped,
                reaches=list(each.reaches),
                switch=each.switch,
                offered=each.offered,
                name=each.name,
                description=each.description,
            )
            for each in deps.catalogue.values()
        ]
    )


ROUTES = (Route("GET", "/v1/permissions", list_permissions, gives=PermissionsShown),)
