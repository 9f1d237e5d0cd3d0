"""SCIM 2.0: what a client can learn of this provider before it starts (RFC 7644, section 4)."""

from typing import Any, Final

from scim2_models import (
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    ETag,
    Filter,
    Meta,
    Pagination,
    Patch,
    Resource,
    ResourceType,
    ServiceProviderConfig,
    Sort,
)

from services.chassis.problems import Forbidden, NotFound
from services.chassis.web import Call
from services.identity.adapters.scim_messages import LIST, MOST_SHOWN, SHOWN, refused_message, written
from services.identity.adapters.scim_resources import Group, User
from services.identity.deps import Deps
from services.identity.handlers.scim_bulk import MOST_BYTES, MOST_OPERATIONS
from services.identity.handlers.scim_protocol import ScimAnswer, ScimSearchQuery, base_of, scim_route
from services.identity.operations.provisioning import Provisioning

MODELS: Final[tuple[type[Resource[Any]], ...]] = (User, Group)


async def get_scim_config(deps: Deps, _call: Call, _to: Provisioning, _asked: ScimSearchQuery) -> ScimAnswer:
    """Say which parts of SCIM are supported."""
    config = ServiceProviderConfig(
        meta=Meta(resource_type="ServiceProviderConfig", location=f"{base_of(deps)}/ServiceProviderConfig"),
        patch=Patch(supported=True),
        bulk=Bulk(supported=True, max_operations=MOST_OPERATIONS, max_payload_size=MOST_BYTES),
        filter=Filter(supported=True, max_results=MOST_SHOWN),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=True),
        etag=ETag(supported=True),
        pagination=Pagination(cursor=False, index=True, default_page_size=SHOWN, max_page_size=MOST_SHOWN),
        authentication_schemes=[
            AuthenticationScheme(
                type=AuthenticationScheme.Type.oauthbearertoken,
                name="Machine token",
                description="A token of scope scim, which an administrator of the agency makes, in the bearer scheme.",
                primary=True,
            )
        ],
    )
    return ScimAnswer(written(config))


async def list_scim_resource_types(deps: Deps, _call: Call, _to: Provisioning, asked: ScimSearchQuery) -> ScimAnswer:
    """List the kinds of resources."""
    return _list(asked, [_resource_type(model, deps) for model in MODELS])


async def get_scim_resource_type(deps: Deps, call: Call, _to: Provisioning, _asked: ScimSearchQuery) -> ScimAnswer:
    """Show a kind of resource."""
    return _one(call.path["name"], {model.__name__: _resource_type(model, deps) for model in MODELS})


async def list_scim_schemas(deps: Deps, _call: Call, _to: Provisioning, asked: ScimSearchQuery) -> ScimAnswer:
    """List the schemas: exactly the attributes that are kept."""
    return _list(asked, [_schema(model, deps) for model in MODELS])


async def get_scim_schema(deps: Deps, call: Call, _to: Provisioning, _asked: ScimSearchQuery) -> ScimAnswer:
    """Show a schema."""
    return _one(call.path["name"], {str(model.__schema__): _schema(model, deps) for model in MODELS})


async def get_scim_me(_deps: Deps, _call: Call, _to: Provisioning, _asked: ScimSearchQuery) -> ScimAnswer:
    """Say that there is no person behind a machine's token (RFC 7644, section 3.11)."""
    return ScimAnswer(refused_message(501, "A machine token provisions; it is nobody's own."))


async def get_scim_nothing(_deps: Deps, _call: Call, _to: Provisioning, _asked: ScimSearchQuery) -> ScimAnswer:
    """Say that there is no such endpoint, in SCIM's words."""
    raise NotFound


class DiscoveryNotFiltered(Forbidden):
    """RFC 7644, section 4: a filter on these endpoints is refused, since they answer everybody alike."""

    code = "discovery_not_filtered"
    title = "Descriptions of the service cannot be filtered."


def _list(asked: ScimSearchQuery, found: list[Resource[Any]]) -> ScimAnswer:
    if asked.filter is not None:
        raise DiscoveryNotFiltered
    return ScimAnswer(
        {
            "schemas": [LIST],
            "totalResults": len(found),
            "startIndex": 1,
            "itemsPerPage": len(found),
            "Resources": [written(one) for one in found],
        }
    )


def _one(name: str, found: dict[str, Resource[Any]]) -> ScimAnswer:
    if name not in found:
        raise NotFound
    return ScimAnswer(written(found[name]))


def _resource_type(model: type[Resource[Any]], deps: Deps) -> ResourceType:
    described = ResourceType.from_resource(model)
    described.description = model.__doc__
    described.meta = Meta(resource_type="ResourceType", location=f"{base_of(deps)}/ResourceTypes/{model.__name__}")
    return described


def _schema(model: type[Resource[Any]], deps: Deps) -> Resource[Any]:
    described = model.to_schema()
    described.meta = Meta(resource_type="Schema", location=f"{base_of(deps)}/Schemas/{model.__schema__}")
    return described


ROUTES = (
    scim_route("GET", "ServiceProviderConfig", get_scim_config),
    scim_route("GET", "ResourceTypes", list_scim_resource_types),
    scim_route("GET", "ResourceTypes/{name}", get_scim_resource_type),
    scim_route("GET", "Schemas", list_scim_schemas),
    scim_route("GET", "Schemas/{name}", get_scim_schema),
    scim_route("GET", "Me", get_scim_me, status=501),
    scim_route("GET", "{endpoint}", get_scim_nothing),
)
