"""Templates come, change and go. Whoever was linked to one that goes keeps what it granted (ON-35)."""

from dataclasses import replace
from typing import Final

from services.authz.domain.template import Template
from services.authz.operations.holders import HolderTarget, changing_holder
from services.authz.operations.rights_changes import Author, Created, changing_rights
from services.authz.store import grants, template_links, templates
from services.chassis.database import Database
from services.chassis.idempotency import IdempotencyKey, earlier

GIVEN_AT_ONCE: Final = 5_000
"""Grants that one change writes: it takes a fraction of a statement's five seconds, and so does its event."""


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

    People leave it by and by, in changes of their own, since each of them is granted all that it grants; where
    another change comes in between, those who have left have left. Raises NotFound, Stale.
    """
    while True:
        async with changing_holder(db, author, target) as change:
            granted = await grants.of(change.tx, target.holder)
            at_once = max(1, GIVEN_AT_ONCE // max(1, len(granted)))
            leaving = await template_links.some_of(change.tx, target.holder.id, at_once)
            await template_links.leave(change.tx, target.holder.id, leaving, change.signature)
            change.concerned.update(leaving)
            if len(leaving) < at_once:
                await grants.end(change.tx, target.holder, granted, change.signature)
                await templates.delete(change.tx, target.holder.id, change.signature)
                return change.version
        target = replace(target, version=target.version + 1)
