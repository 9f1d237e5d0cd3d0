"""Access templates: named policies that people are given."""

from uuid import UUID

from services.chassis import ids
from services.chassis.authz_client import require
from services.chassis.problems import NotFound
from services.chassis.web import Call, Output, Route
from services.identity.deps import Deps
from services.identity.domain.access_policy import AccessTemplate
from services.identity.domain.user import MANAGE
from services.identity.handlers.access_policies import author
from services.identity.handlers.fields import Name
from services.identity.handlers.policy_fields import (
    EndingPolicyFields,
    EndingPolicyShown,
    ImpactShown,
    hours_shown,
    impact_shown,
    networks_shown,
)
from services.identity.operations import access_templates as operations
from services.identity.operations.access_policies import enact
from services.identity.store import access_templates


class TemplateFields(EndingPolicyFields):
    name: Name


class TemplateShown(EndingPolicyShown):
    id: UUID
    name: str


class TemplatesShown(Output):
    items: list[TemplateShown]


async def list_templates(deps: Deps, call: Call) -> TemplatesShown:
    """List the agency's access templates by name. Needs admin.agents.manage."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        return TemplatesShown(items=[_shown(template) for template in await access_templates.every(tx)])


async def get_template(deps: Deps, call: Call) -> TemplateShown:
    """Show an access template. Needs admin.agents.manage."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    return await _one(deps, call, call.id_in_path("template_id"))


async def create_template(deps: Deps, call: Call, asked: TemplateFields) -> TemplateShown:
    """Make an access template. Needs admin.agents.manage."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    template = AccessTemplate(ids.uuid7(), asked.name, asked.stated(1))
    made = await operations.create_template(deps.db, call.caller.tenant_id, template, call.idempotency_key, call.now)
    call.reply_headers["Location"] = f"/v1/access-templates/{made}"
    return await _one(deps, call, made)


async def change_template(deps: Deps, call: Call, asked: TemplateFields) -> ImpactShown:
    """Change an access template for all who have it. Needs admin.agents.manage."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    template = AccessTemplate(call.id_in_path("template_id"), asked.name, asked.stated(call.version + 1))
    change = operations.template_change(template, author(call), dry_run=asked.dry_run)
    impact = await enact(deps.db, deps.administrators, call.caller.tenant_id, change, call.now)
    return impact_shown(impact, call.version, dry_run=asked.dry_run)


async def remove_template(deps: Deps, call: Call) -> None:
    """Remove an access template that nobody has. Needs admin.agents.manage."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    await operations.remove_template(deps.db, call.caller.tenant_id, call.id_in_path("template_id"), call.version)


async def _one(deps: Deps, call: Call, template_id: UUID) -> TemplateShown:
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        template = await access_templates.find(tx, template_id)
    if template is None:
        raise NotFound
    return _shown(template)


def _shown(template: AccessTemplate) -> TemplateShown:
    stated = template.stated
    return TemplateShown(
        id=template.id,
        name=template.name,
        hours=hours_shown(stated.policy.hours),
        networks=networks_shown(stated),
        ends_at=stated.policy.ends_at,
        second_factor_required=stated.policy.second_factor,
        version=stated.version,
    )


ROUTES = (
    Route("GET", "/v1/access-templates", list_templates, gives=TemplatesShown),
    Route(
        "POST",
        "/v1/access-templates",
        create_template,
        takes=TemplateFields,
        gives=TemplateShown,
        status=201,
        once=True,
    ),
    Route("GET", "/v1/access-templates/{template_id}", get_template, gives=TemplateShown),
    Route(
        "PUT",
        "/v1/access-templates/{template_id}",
        change_template,
        takes=TemplateFields,
        gives=ImpactShown,
        edits=True,
    ),
    Route("DELETE", "/v1/access-templates/{template_id}", remove_template, edits=True),
)
