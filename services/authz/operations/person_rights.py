"""What one person holds beside his groups: a template, switches, and why. His own grants: see `holders`."""

from uuid import UUID

from services.authz.domain.compiling import HeldGrant
from services.authz.domain.holder import Holder, HolderKind
from services.authz.domain.switch import Switch, is_cut
from services.authz.operations.holders import HolderTarget, changing_holder
from services.authz.operations.rights_changes import Author
from services.authz.store import blocked_switches, grants, person_rights, standings, template_links, templates
from services.chassis.database import Database
from services.chassis.problems import NotFound
from services.contracts.vocabulary import UserId


async def link_template(db: Database, author: Author, target: HolderTarget, template_id: UUID) -> int:
    """Link a person to a template; the one he leaves stays with him as grants of his own.

    Return the rights version. Raises NotFound, Stale, GrantsMoreThanHeld.
    """
    async with changing_holder(db, author, target) as change:
        user_id = UserId(target.holder.id)
        template = await templates.get(change.tx, template_id)
        present = await template_links.template_of(change.tx, user_id)
        if present != template_id:
            through = Holder(HolderKind.TEMPLATE, template.id, template.name)
            held = [HeldGrant(grant, through) for grant in await grants.of(change.tx, through)]
            await change.check_delegation([user_id], held)
            if present is not None:
                await template_links.leave(change.tx, present, [user_id], change.signature)
            await template_links.link(change.tx, user_id, template_id, change.signature)
            change.concerned.add(user_id)
        return change.version


async def leave_template(db: Database, author: Author, target: HolderTarget) -> int:
    """Take a person from his template, whose grants become his own (ON-35); return the rights version.

    Raises NotFound without one, Stale.
    """
    async with changing_holder(db, author, target) as change:
        user_id = UserId(target.holder.id)
        template_id = await template_links.template_of(change.tx, user_id)
        if template_id is None:
            raise NotFound
        await template_links.leave(change.tx, template_id, [user_id], change.signature)
        change.concerned.add(user_id)
        return change.version


async def set_switches(db: Database, author: Author, target: HolderTarget, blocked: frozenset[Switch]) -> int:
    """Block exactly these for a person; return the rights version. Unblocking gives, so it is measured like granting.

    Raises NotFound, Stale, GrantsMoreThanHeld.
    """
    async with changing_holder(db, author, target) as change:
        user_id = UserId(target.holder.id)
        standing = await standings.find_or_nobody(change.tx, user_id)
        freed = standing.blocked - blocked
        await change.check_delegation([user_id], [held for held in standing.held if is_cut(held.grant.key, freed)])
        await blocked_switches.unblock(change.tx, user_id, freed, change.signature)
        await blocked_switches.block(change.tx, user_id, blocked - standing.blocked, change.signature)
        change.concerned.add(user_id)
        return change.version


async def describe(db: Database, author: Author, target: HolderTarget, description: str) -> int:
    """Keep why a person got his rights (ON-78), and return the rights version. Raises NotFound, Stale."""
    async with changing_holder(db, author, target) as change:
        await person_rights.describe(change.tx, UserId(target.holder.id), description)
        return change.version
