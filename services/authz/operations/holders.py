"""Rewriting what one holder is granted, whichever kind of holder it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.authz.domain.catalogue import Catalogue
from services.authz.domain.grant import Grant
from services.authz.domain.group import check_employee_group
from services.authz.domain.holder import Holder, HolderKind
from services.authz.operations.granting import grant_exactly
from services.authz.operations.rights_changes import Author, RightsChange, changing_rights
from services.authz.store import grants, groups, people, person_rights, template_links, templates
from services.chassis.database import Database, Transaction
from services.chassis.problems import NotFound, Stale
from services.contracts.vocabulary import UserId

Rewriting = Callable[[Sequence[Grant]], Sequence[Grant]]
"""From what a holder is granted to what he shall be granted."""


@dataclass(frozen=True, slots=True)
class HolderTarget:
    """The holder to be changed, at the version that the author saw."""

    holder: Holder
    version: int


async def version_of(tx: Transaction, holder: Holder) -> int:
    """Return the version of a holder. Raises NotFound."""
    match holder.kind:
        case HolderKind.GROUP:
            return (await groups.get(tx, holder.id)).version
        case HolderKind.TEMPLATE:
            return (await templates.get(tx, holder.id)).version
        case HolderKind.USER:
            if await people.find(tx, UserId(holder.id)) is None:
                raise NotFound
            return (await person_rights.get(tx, UserId(holder.id))).version


async def inherited_by(tx: Transaction, holder: Holder) -> Sequence[Grant]:
    """Return what a person gets from his template; other holders inherit nothing."""
    template_id = await template_links.template_of(tx, UserId(holder.id)) if holder.kind is HolderKind.USER else None
    return [] if template_id is None else await grants.of(tx, Holder(HolderKind.TEMPLATE, template_id))


async def rewrite_grants(
    db: Database, catalogue: Catalogue, author: Author, target: HolderTarget, rewriting: Rewriting
) -> int:
    """Grant a holder what the rewriting makes of what he is granted now; return the rights version.

    Raises NotFound, Stale, Invalid, EmployeeGroupAdministers, GrantsMoreThanHeld, LastAdministrator.
    """
    async with changing_rights(db, author) as change:
        holder = target.holder
        if await version_of(change.tx, holder) != target.version:
            raise Stale
        wanted = rewriting(await grants.of(change.tx, holder))
        if holder.kind is HolderKind.GROUP and (await groups.get(change.tx, holder.id)).is_employee_group:
            check_employee_group(wanted)
        await grant_exactly(change, catalogue, holder, wanted, await receivers_of(change.tx, holder))
        await _next_version(change, holder)
        return change.version


async def receivers_of(tx: Transaction, holder: Holder) -> set[UserId]:
    """Return whoever holds what is granted to a holder."""
    match holder.kind:
        case HolderKind.GROUP:
            return {member.user_id for member in await groups.members(tx, holder.id)}
        case HolderKind.TEMPLATE:
            return {*await template_links.linked_to(tx, holder.id)}
        case HolderKind.USER:
            return {UserId(holder.id)}


async def _next_version(change: RightsChange, holder: Holder) -> None:
    match holder.kind:
        case HolderKind.GROUP:
            await groups.next_version(change.tx, holder.id)
        case HolderKind.TEMPLATE:
            await templates.next_version(change.tx, holder.id)
        case HolderKind.USER:
            await person_rights.next_version(change.tx, UserId(holder.id))
