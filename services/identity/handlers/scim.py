"""SCIM 2.0 (RFC 7644): an agency's directory provisions its people and teams."""

from services.chassis.web import Call
from services.identity.adapters import scim_messages
from services.identity.adapters.scim_messages import AnyResource, Document, written
from services.identity.adapters.scim_resources import Group, User
from services.identity.deps import Deps
from services.identity.handlers.scim_people import PEOPLE
from services.identity.handlers.scim_protocol import (
    Kind,
    ScimAnswer,
    ScimDocument,
    ScimSearchQuery,
    base_of,
    scim_route,
    version_meant,
    version_of,
)
from services.identity.handlers.scim_teams import TEAMS
from services.identity.operations.provisioning import Provisioning


async def search_scim(deps: Deps, _call: Call, to: Provisioning, asked: ScimDocument) -> ScimAnswer:
    """Search people and teams together; an attribute that only one kind has is none of the other's."""
    request = scim_messages.search(User | Group, asked.members)
    people = await PEOPLE.search(to, request, base_of(deps))
    teams = await TEAMS.search(to, request, base_of(deps))
    return ScimAnswer(scim_messages.page(request, [*people, *teams]))


async def list_scim_users(deps: Deps, _call: Call, to: Provisioning, asked: ScimSearchQuery) -> ScimAnswer:
    """Search people: filter, sortBy, startIndex, count up to 200, attributes (RFC 7644, section 3.4.2)."""
    return await _list(PEOPLE, deps, to, asked.given)


async def search_scim_users(deps: Deps, _call: Call, to: Provisioning, asked: ScimDocument) -> ScimAnswer:
    """Search people by a message instead of a query (RFC 7644, section 3.4.3)."""
    return await _list(PEOPLE, deps, to, asked.members)


async def create_scim_user(deps: Deps, call: Call, to: Provisioning, asked: ScimDocument) -> ScimAnswer:
    """Add a colleague, who gets a mail to activate the account; one who was deleted comes back."""
    return await _create(PEOPLE, deps, call, to, asked)


async def get_scim_user(deps: Deps, call: Call, to: Provisioning, asked: ScimSearchQuery) -> ScimAnswer:
    """Show a colleague."""
    return await _get(PEOPLE, deps, call, to, asked)


async def replace_scim_user(deps: Deps, call: Call, to: Provisioning, asked: ScimDocument) -> ScimAnswer:
    """Replace what a directory keeps of a colleague; `active` stays if it is not given."""
    await PEOPLE.replace(to, call.id_in_path("resource_id"), version_meant(call), asked.members)
    return await _shown(PEOPLE, deps, call, to)


async def change_scim_user(deps: Deps, call: Call, to: Provisioning, asked: ScimDocument) -> ScimAnswer:
    """Change a colleague by operations, all or none (RFC 7644, section 3.5.2). active=false suspends."""
    await PEOPLE.change(to, call.id_in_path("resource_id"), version_meant(call), asked.members)
    return await _shown(PEOPLE, deps, call, to)


async def remove_scim_user(_deps: Deps, call: Call, to: Provisioning) -> None:
    """Delete a colleague, who is a ghost from then on: no sign-in, no seat; code and authorship stay."""
    await PEOPLE.remove(to, call.id_in_path("resource_id"), version_meant(call))


async def list_scim_groups(deps: Deps, _call: Call, to: Provisioning, asked: ScimSearchQuery) -> ScimAnswer:
    """Search teams: filter, sortBy, startIndex, count up to 200, attributes (RFC 7644, section 3.4.2)."""
    return await _list(TEAMS, deps, to, asked.given)


async def search_scim_groups(deps: Deps, _call: Call, to: Provisioning, asked: ScimDocument) -> ScimAnswer:
    """Search teams by a message instead of a query (RFC 7644, section 3.4.3)."""
    return await _list(TEAMS, deps, to, asked.members)


async def create_scim_group(deps: Deps, call: Call, to: Provisioning, asked: ScimDocument) -> ScimAnswer:
    """Make a team. Members who are nobody here are left out."""
    return await _create(TEAMS, deps, call, to, asked)


async def get_scim_group(deps: Deps, call: Call, to: Provisioning, asked: ScimSearchQuery) -> ScimAnswer:
    """Show a team."""
    return await _get(TEAMS, deps, call, to, asked)


async def replace_scim_group(deps: Deps, call: Call, to: Provisioning, asked: ScimDocument) -> ScimAnswer:
    """Replace a team's name and members. Members who are nobody here are left out."""
    await TEAMS.replace(to, call.id_in_path("resource_id"), version_meant(call), asked.members)
    return await _shown(TEAMS, deps, call, to)


async def change_scim_group(deps: Deps, call: Call, to: Provisioning, asked: ScimDocument) -> ScimAnswer:
    """Change a team by operations, all or none (RFC 7644, section 3.5.2)."""
    await TEAMS.change(to, call.id_in_path("resource_id"), version_meant(call), asked.members)
    return await _shown(TEAMS, deps, call, to)


async def remove_scim_group(_deps: Deps, call: Call, to: Provisioning) -> None:
    """Remove a team; its members stay."""
    await TEAMS.remove(to, call.id_in_path("resource_id"), version_meant(call))


async def _list(kind: Kind[AnyResource], deps: Deps, to: Provisioning, asked: Document) -> ScimAnswer:
    request = scim_messages.search(kind.model, asked)
    return ScimAnswer(scim_messages.page(request, await kind.search(to, request, base_of(deps))))


async def _get(kind: Kind[AnyResource], deps: Deps, call: Call, to: Provisioning, asked: ScimSearchQuery) -> ScimAnswer:
    """Return a resource, always whole: what others write, such as a team's name, does not raise its version."""
    request = scim_messages.search(kind.model, asked.given)
    resource = await kind.find(to, call.id_in_path("resource_id"), base_of(deps))
    call.reply_headers["ETag"] = f'W/"{version_of(resource)}"'
    return ScimAnswer(written(resource, request))


async def _create(kind: Kind[AnyResource], deps: Deps, call: Call, to: Provisioning, asked: ScimDocument) -> ScimAnswer:
    resource = await kind.find(to, await kind.add(to, asked.members), base_of(deps))
    call.reply_headers["Location"] = f"{base_of(deps)}/{kind.endpoint}/{resource.id}"
    call.reply_headers["ETag"] = f'W/"{version_of(resource)}"'
    return ScimAnswer(written(resource))


async def _shown(kind: Kind[AnyResource], deps: Deps, call: Call, to: Provisioning) -> ScimAnswer:
    resource = await kind.find(to, call.id_in_path("resource_id"), base_of(deps))
    call.reply_headers["ETag"] = f'W/"{version_of(resource)}"'
    return ScimAnswer(written(resource))


ROUTES = (
    scim_route("POST", ".search", search_scim),
    scim_route("GET", "Users", list_scim_users),
    scim_route("POST", "Users/.search", search_scim_users),
    scim_route("POST", "Users", create_scim_user, status=201),
    scim_route("GET", "Users/{resource_id}", get_scim_user),
    scim_route("PUT", "Users/{resource_id}", replace_scim_user),
    scim_route("PATCH", "Users/{resource_id}", change_scim_user),
    scim_route("DELETE", "Users/{resource_id}", remove_scim_user),
    scim_route("GET", "Groups", list_scim_groups),
    scim_route("POST", "Groups/.search", search_scim_groups),
    scim_route("POST", "Groups", create_scim_group, status=201),
    scim_route("GET", "Groups/{resource_id}", get_scim_group),
    scim_route("PUT", "Groups/{resource_id}", replace_scim_group),
    scim_route("PATCH", "Groups/{resource_id}", change_scim_group),
    scim_route("DELETE", "Groups/{resource_id}", remove_scim_group),
)
