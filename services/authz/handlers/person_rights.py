"""What one person holds beside his groups: own and extended rights, a template, switches, and why."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.authz.deps import Deps
from services.authz.domain.holder import Holder, HolderKind
from services.authz.domain.mode import RightsMode
from services.authz.domain.switch import Switch
from services.authz.handlers.grants import GrantShown, GrantsWanted, Reasoned, author_of, tell_version
from services.authz.handlers.permits import require_sight_of_rights
from services.authz.operations import person_rights as operations
from services.authz.operations import settings
from services.authz.operations.holders import HolderTarget, replace_grants
from services.authz.operations.rights_changes import Author
from services.authz.store import blocked_switches, grants, people, person_rights, template_links, tenants
from services.chassis.problems import NotFound
from services.chassis.web import Call, Input, Output, Route
from services.contracts.vocabulary import UserId


class TemplateWanted(Reasoned):
    template_id: UUID


class SwitchesWanted(Reasoned):
    blocked: Annotated[frozenset[Switch], Field(max_length=len(Switch))]


class DescriptionWanted(Input):
    description: Annotated[str, Field(max_length=4_000)]


class RightsModeWanted(Reasoned):
    rights_mode: RightsMode


class PersonRightsShown(Output):
    user_id: UUID
    grants: list[GrantShown]
    template_id: UUID | None
    blocked: list[Switch]
    description: str
    version: int


class RightsSettings(Output):
    rights_mode: RightsMode


async def get_person_rights(deps: Deps, call: Call) -> PersonRightsShown:
    """Show what a person holds beside his groups. Needs admin.permissions.manage or admin.agents.manage."""
    await require_sight_of_rights(deps, call)
    return await _one(deps, call)


async def replace_own_grants(deps: Deps, call: Call, asked: GrantsWanted) -> PersonRightsShown:
    """Grant exactly this to a person himself. Grants at `user` and `team` are his extended rights."""
    wanted = [each.grant() for each in asked.grants]
    return await _shown(
        deps,
        call,
        await replace_grants(deps.db, deps.catalogue, author_of(call, asked), _target(call), wanted),
    )


async def link_template(deps: Deps, call: Call, asked: TemplateWanted) -> PersonRightsShown:
    """Link a person to a template; what the one before granted becomes his own."""
    done = await operations.link_template(deps.db, author_of(call, asked), _target(call), asked.template_id)
    return await _shown(deps, call, done)


async def leave_template(deps: Deps, call: Call, asked: Reasoned) -> PersonRightsShown:
    """Take a person from his template, whose grants become his own (ON-35)."""
    return await _shown(deps, call, await operations.leave_template(deps.db, author_of(call, asked), _target(call)))


async def set_switches(deps: Deps, call: Call, asked: SwitchesWanted) -> PersonRightsShown:
    """Block exactly these for a person, whatever was granted to him (MG-18..23)."""
    done = await operations.set_switches(deps.db, author_of(call, asked), _target(call), asked.blocked)
    return await _shown(deps, call, done)


async def describe_rights(deps: Deps, call: Call, asked: DescriptionWanted) -> PersonRightsShown:
    """Say why a person has these rights (ON-78)."""
    author = Author(call.caller, call.now)
    done = await operations.describe(deps.db, author, _target(call), asked.description)
    return await _shown(deps, call, done)


async def get_settings(deps: Deps, call: Call) -> RightsSettings:
    """Show how the agency manages rights."""
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        return RightsSettings(rights_mode=await tenants.rights_mode(tx))


async def set_rights_mode(deps: Deps, call: Call, asked: RightsModeWanted) -> RightsSettings:
    """Manage rights in the simple or the extended way (ON-9). Needs admin.settings.update as well."""
    done = await settings.set_rights_mode(deps.db, author_of(call, asked), asked.rights_mode)
    tell_version(deps, call, done)
    return RightsSettings(rights_mode=asked.rights_mode)


async def _shown(deps: Deps, call: Call, rights_version: int) -> PersonRightsShown:
    tell_version(deps, call, rights_version)
    return await _one(deps, call)


async def _one(deps: Deps, call: Call) -> PersonRightsShown:
    user_id = UserId(call.id_in_path("user_id"))
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        if await people.find(tx, user_id) is None:
            raise NotFound
        card = await person_rights.get(tx, user_id)
        own = await grants.of(tx, Holder(HolderKind.USER, user_id))
        template_id, blocked = await template_links.template_of(tx, user_id), await blocked_switches.of(tx, user_id)
    return PersonRightsShown(
        user_id=user_id,
        grants=[GrantShown.of(grant) for grant in own],
        template_id=template_id,
        blocked=sorted(blocked),
        description=card.description,
        version=card.version,
    )


def _target(call: Call) -> HolderTarget:
    return HolderTarget(Holder(HolderKind.USER, call.id_in_path("user_id")), call.version)


_PERSON = "/v1/users/{user_id}"

ROUTES = (
    Route("GET", f"{_PERSON}/rights", get_person_rights, gives=PersonRightsShown),
    Route("PUT", f"{_PERSON}/grants", replace_own_grants, takes=GrantsWanted, gives=PersonRightsShown, edits=True),
    Route("PUT", f"{_PERSON}/template", link_template, takes=TemplateWanted, gives=PersonRightsShown, edits=True),
    Route("DELETE", f"{_PERSON}/template", leave_template, takes=Reasoned, gives=PersonRightsShown, edits=True),
    Route("PUT", f"{_PERSON}/switches", set_switches, takes=SwitchesWanted, gives=PersonRightsShown, edits=True),
    Route(
        "PUT", f"{_PERSON}/description", describe_rights, takes=DescriptionWanted, gives=PersonRightsShown, edits=True
    ),
    Route("GET", "/v1/settings", get_settings, gives=RightsSettings),
    Route("PUT", "/v1/settings", set_rights_mode, takes=RightsModeWanted, gives=RightsSettings),
)
