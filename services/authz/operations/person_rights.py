"""What one person holds beside his groups: own grants, a template, switches, and why."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from services.authz.domain.catalogue import Catalogue
from services.authz.domain.compiling import HeldGrant
from services.authz.domain.grant import Grant
from services.authz.domain.holder import Holder, HolderKind
from services.authz.domain.switch import Switch, is_cut
from services.authz.operations.granting import grant_exactly
from services.authz.operations.rights_changes import Author, RightsChange, changing_rights
from services.authz.operations.templates import holder_of
from services.authz.store import blocked_switches, grants, people, person_rights, standings, template_links, templates
from services.chassis.database import Database
from services.chassis.problems import NotFound, Stale
from services.contracts.vocabulary import UserId


@dataclass(frozen=True, slots=True)
class PersonTarget:
    """The person whose own rights are to be changed, at the version that the author saw."""

    user_id: UserId
    version: int


async def replace_own_grants(
    db: Database, catalogue: Catalogue, author: Author, target: PersonTarget, wanted: Sequence[Grant]
) -> int:
    """Grant exactly this to a person himself; those at `user` and `team` are his extended rights (ON-11..14).

    Raises NotFound, Stale, Invalid, GrantsMoreThanHeld, LastAdministrator.
    """
    async with _changing_person(db, author, target) as change:
        holder = Holder(HolderKind.USER, target.user_id)
        await grant_exactly(change, catalogue, holder, wanted, {target.user_id})
        return change.version


async def link_template(db: Database, author: Author, target: PersonTarget, template_id: UUID) -> int:
    """Link a person to a template; the one he leaves stays with him as grants of his own.

    Raises NotFound, Stale, GrantsMoreThanHeld.
    """
    async with _changing_person(db, author, target) as change:
        template = await templates.get(change.tx, template_id)
        present = await template_links.template_of(change.tx, target.user_id)
        if present == template_id:
            return change.version
        held = [HeldGrant(grant, holder_of(template)) for grant in await grants.of(change.tx, holder_of(template))]
        await change.check_delegation([target.user_id], held)
        if present is not None:
            await template_links.leave(change.tx, present, [target.user_id], change.signature)
        await template_links.link(change.tx, target.user_id, template_id, change.signature)
        change.concerned.add(target.user_id)
        return change.version


async def leave_template(db: Database, author: Author, target: PersonTarget) -> int:
    """Take a person from his template; its grants become his own (ON-35). Raises NotFound without one, Stale."""
    async with _changing_person(db, author, target) as change:
        template_id = await template_links.template_of(change.tx, target.user_id)
        if template_id is None:
            raise NotFound
        await template_links.leave(change.tx, template_id, [target.user_id], change.signature)
        change.concerned.add(target.user_id)
        return change.version


async def set_switches(db: Database, author: Author, target: PersonTarget, blocked: frozenset[Switch]) -> int:
    """Block exactly these for a person. Unblocking gives, so it is measured like granting.

    Raises NotFound, Stale, GrantsMoreThanHeld.
    """
    async with _changing_person(db, author, target) as change:
        standing = await standings.find_or_nobody(change.tx, target.user_id)
        freed = standing.blocked - blocked
        await change.check_delegation([target.user_id], [h for h in standing.held if is_cut(h.grant.key, freed)])
        await blocked_switches.unblock(change.tx, target.user_id, freed, change.signature)
        await blocked_switches.block(change.tx, target.user_id, blocked - standing.blocked, change.signature)
        change.concerned.add(target.user_id)
        return change.version


async def describe(db: Database, author: Author, target: PersonTarget, description: str) -> int:
    """Keep why a person got his rights (ON-78). Raises NotFound, Stale."""
    async with _changing_person(db, author, target) as change:
        await person_rights.describe(change.tx, target.user_id, description)
        return change.version


@asynccontextmanager
async def _changing_person(db: Database, author: Author, target: PersonTarget) -> AsyncGenerator[RightsChange]:
    async with changing_rights(db, author) as change:
        if await people.find(change.tx, target.user_id) is None:
            raise NotFound
        if (await person_rights.get(change.tx, target.user_id)).version != target.version:
            raise Stale
        await person_rights.next_version(change.tx, target.user_id)
        yield change
