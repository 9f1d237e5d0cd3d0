"""Templates come, change and go. Whoever was linked to one that goes keeps what it granted (ON-35)."""

from dataclasses import replace

from services.authz.domain.template import Template
from services.authz.operations.holders import HolderTarget, changing_holder
from services.authz.operations.rights_changes import Author, Created, changing_rights
from services.authz.store import grants, holders, template_links, templates
from services.chassis.database import Database
from services.chassis.idempotency import IdempotencyKey, earlier


async def create_template(db: Database, author: Author, template: Template, key: IdempotencyKey | None) -> Created:
    """Add an empty template, or return that of an earlier request with the key. Raises TemplateNameTaken."""
    async with changing_rights(db, author) as change:
        made = await earlier(change.tx, key, template.id, author.now)
        if made is None:
            await templates.insert(change.tx, template, change.signature)
        return Created(made or template.id, change.version)


async def rename_template(db: Database, author: Author, target: HolderTarget, name: str) -> int:
    """Rename a template, and return the rights version. Raises NotFound, Stale, TemplateNameTaken."""
    async with changing_holder(db, author, target) as change:
        template = await templates.get(change.tx, target.holder.id)
        await templates.rename(change.tx, replace(template, name=name), change.signature)
        return change.version


async def remove_template(db: Database, author: Author, target: HolderTarget) -> int:
    """Remove a template; everybody linked to it keeps its grants as his own. Return the rights version.

    Raises NotFound, Stale.
    """
    async with changing_holder(db, author, target) as change:
        linked = await holders.people_of(change.tx, target.holder)
        await template_links.leave(change.tx, target.holder.id, linked.keys(), change.signature)
        await grants.end_all(change.tx, target.holder, change.signature)
        await templates.delete(change.tx, target.holder.id, change.signature)
        change.concerned.update(linked)
        return change.version
