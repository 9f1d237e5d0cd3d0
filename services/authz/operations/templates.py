"""Templates come, change and go. Whoever was linked to one that goes keeps what it granted (ON-35)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from services.authz.domain.catalogue import Catalogue
from services.authz.domain.grant import Grant
from services.authz.domain.holder import Holder, HolderKind
from services.authz.domain.template import Template
from services.authz.operations.granting import grant_exactly
from services.authz.operations.rights_changes import Author, changing_rights
from services.authz.store import grants, template_links, templates
from services.chassis.database import Database, Transaction
from services.chassis.idempotency import IdempotencyKey, earlier
from services.chassis.problems import Stale


@dataclass(frozen=True, slots=True)
class TemplateTarget:
    """The template to be changed, at the version that the author saw."""

    template_id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class TemplateDone:
    """The template that was changed, and the rights version as of which everybody sees it."""

    template_id: UUID
    rights_version: int


def holder_of(template: Template) -> Holder:
    """Return the template as the holder of its grants."""
    return Holder(HolderKind.TEMPLATE, template.id, template.name)


async def create_template(db: Database, author: Author, template: Template, key: IdempotencyKey | None) -> TemplateDone:
    """Add an empty template, or return that of an earlier request with the key. Raises TemplateNameTaken."""
    async with changing_rights(db, author) as change:
        made = await earlier(change.tx, key, template.id, author.now)
        if made is None:
            await templates.insert(change.tx, template, change.signature)
        return TemplateDone(made or template.id, change.version)


async def rename_template(db: Database, author: Author, target: TemplateTarget, name: str) -> TemplateDone:
    """Rename a template. Raises NotFound, Stale, TemplateNameTaken."""
    async with changing_rights(db, author) as change:
        template = await _at(change.tx, target)
        await templates.rename(change.tx, replace(template, name=name), change.signature)
        return TemplateDone(template.id, change.version)


async def replace_template_grants(
    db: Database, catalogue: Catalogue, author: Author, target: TemplateTarget, wanted: Sequence[Grant]
) -> TemplateDone:
    """Grant exactly this to a template, and so to everybody who is linked to it at this moment.

    Raises NotFound, Stale, Invalid, GrantsMoreThanHeld, LastAdministrator.
    """
    async with changing_rights(db, author) as change:
        template = await _at(change.tx, target)
        linked = await template_links.linked_to(change.tx, template.id)
        await grant_exactly(change, catalogue, holder_of(template), wanted, linked)
        await templates.next_version(change.tx, template.id)
        return TemplateDone(template.id, change.version)


async def remove_template(db: Database, author: Author, target: TemplateTarget) -> TemplateDone:
    """Remove a template; everybody linked to it keeps its grants as grants of his own. Raises NotFound, Stale."""
    async with changing_rights(db, author) as change:
        template = await _at(change.tx, target)
        linked = await template_links.linked_to(change.tx, template.id)
        await template_links.leave(change.tx, template.id, linked, change.signature)
        await grants.end_all(change.tx, holder_of(template), change.signature)
        await templates.delete(change.tx, template.id, change.signature)
        change.concerned.update(linked)
        return TemplateDone(template.id, change.version)


async def _at(tx: Transaction, target: TemplateTarget) -> Template:
    """Return the template at the version that the author saw. Raises NotFound, Stale."""
    template = await templates.get(tx, target.template_id)
    if template.version != target.version:
        raise Stale
    return template
