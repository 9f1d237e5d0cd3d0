"""Templates: sets of grants with a live link from people. Whoever changes one needs admin.permissions.manage."""

from datetime import datetime
from uuid import UUID

from services.authz.deps import Deps
from services.authz.domain.holder import Holder, HolderKind
from services.authz.domain.template import Template
from services.authz.handlers.grants import GrantShown, GrantsWanted, Name, Reasoned, author_of, tell_version
from services.authz.handlers.permits import require_sight_of_rights
from services.authz.operations import templates as operations
from services.authz.operations.holders import HolderTarget, replace_grants
from services.authz.store import grants, holders, templates
from services.authz.store.templates import ListedTemplate
from services.chassis import ids
from services.chassis.cursor import Cursor
from services.chassis.pages import PageQuery
from services.chassis.web import Call, Output, Route


class TemplateName(Reasoned):
    name: Name


class TemplateShown(Output):
    id: UUID
    name: str
    grants: list[GrantShown]
    users: list[UUID]
    version: int
    created_at: datetime


class TemplateListed(Output):
    id: UUID
    name: str
    grants: int
    users: int
    version: int
    created_at: datetime


class TemplatesPage(Output):
    items: list[TemplateListed]
    next: str | None


async def list_templates(deps: Deps, call: Call, asked: PageQuery) -> TemplatesPage:
    """List the templates, newest first. Needs admin.permissions.manage or admin.agents.manage."""
    await require_sight_of_rights(deps, call)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        found = await templates.page(tx, after=asked.cursor, limit=asked.limit + 1)
    shown, following = asked.cut(found, lambda each: Cursor(each.template.created_at, each.template.id))
    return TemplatesPage(items=[_listed(each) for each in shown], next=following)


async def get_template(deps: Deps, call: Call) -> TemplateShown:
    """Show a template with its grants and who is linked. Needs admin.permissions.manage or admin.agents.manage."""
    await require_sight_of_rights(deps, call)
    return await _one(deps, call, call.id_in_path("template_id"))


async def create_template(deps: Deps, call: Call, asked: TemplateName) -> TemplateShown:
    """Add a template without grants."""
    template = Template(ids.uuid7(), asked.name, 1, call.now)
    done = await operations.create_template(deps.db, author_of(call, asked), template, call.idempotency_key)
    call.reply_headers["Location"] = f"/v1/templates/{done.id}"
    return await _shown(deps, call, done.id, done.rights_version)


async def rename_template(deps: Deps, call: Call, asked: TemplateName) -> TemplateShown:
    """Rename a template."""
    done = await operations.rename_template(deps.db, author_of(call, asked), _target(call), asked.name)
    return await _changed(deps, call, done)


async def replace_template_grants(deps: Deps, call: Call, asked: GrantsWanted) -> TemplateShown:
    """Grant exactly this to a template, and so to everybody linked to it."""
    wanted = [each.grant() for each in asked.grants]
    done = await replace_grants(deps.db, deps.catalogue, author_of(call, asked), _target(call), wanted)
    return await _changed(deps, call, done)


async def remove_template(deps: Deps, call: Call, asked: Reasoned) -> None:
    """Remove a template; whoever is linked to it keeps its grants as grants of his own (ON-35)."""
    done = await operations.remove_template(deps.db, author_of(call, asked), _target(call))
    tell_version(deps, call, done)


async def _changed(deps: Deps, call: Call, rights_version: int) -> TemplateShown:
    return await _shown(deps, call, call.id_in_path("template_id"), rights_version)


async def _shown(deps: Deps, call: Call, template_id: UUID, rights_version: int) -> TemplateShown:
    tell_version(deps, call, rights_version)
    return await _one(deps, call, template_id)


async def _one(deps: Deps, call: Call, template_id: UUID) -> TemplateShown:
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        template = await templates.get(tx, template_id)
        holder = Holder(HolderKind.TEMPLATE, template_id)
        granted, linked = await grants.of(tx, holder), await holders.people_of(tx, holder)
    return TemplateShown(
        id=template.id,
        name=template.name,
        grants=[GrantShown.of(grant) for grant in granted],
        users=list(linked),
        version=template.version,
        created_at=template.created_at,
    )


def _listed(each: ListedTemplate) -> TemplateListed:
    return TemplateListed(
        id=each.template.id,
        name=each.template.name,
        grants=each.grants,
        users=each.users,
        version=each.template.version,
        created_at=each.template.created_at,
    )


def _target(call: Call) -> HolderTarget:
    return HolderTarget(Holder(HolderKind.TEMPLATE, call.id_in_path("template_id")), call.version)


_TEMPLATE = "/v1/templates/{template_id}"

ROUTES = (
    Route("GET", "/v1/templates", list_templates, takes=PageQuery, gives=TemplatesPage),
    Route("POST", "/v1/templates", create_template, takes=TemplateName, gives=TemplateShown, status=201, once=True),
    Route("GET", _TEMPLATE, get_template, gives=TemplateShown),
    Route("PATCH", _TEMPLATE, rename_template, takes=TemplateName, gives=TemplateShown, edits=True),
    Route("DELETE", _TEMPLATE, remove_template, takes=Reasoned, edits=True),
    Route(
        "PUT",
        "/v1/templates/{template_id}/grants",
        replace_template_grants,
        takes=GrantsWanted,
        gives=TemplateShown,
        edits=True,
    ),
)
