"""Changing one holder of grants, whichever kind it is: a group, a template, a person himself."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services.authz.domain.catalogue import Catalogue
from services.authz.domain.compiling import HeldGrant
from services.authz.domain.grant import Grant, check_grants, difference, named_in
from services.authz.domain.group import check_employee_group
from services.authz.domain.holder import Holder, HolderKind
from services.authz.domain.mode import check_mode
from services.authz.operations.rights_changes import Author, RightsChange, changing_rights
from services.authz.store import grants, groups, holders, modules, people, tenants
from services.chassis.database import Database
from services.chassis.problems import NotFound, Stale

Rewriting = Callable[[Sequence[Grant]], Sequence[Grant]]
"""From what a holder is granted to what it shall be granted."""


@dataclass(frozen=True, slots=True)
class HolderTarget:
    """The holder to be changed, at the version that the author saw."""

    holder: Holder
    version: int


@asynccontextmanager
async def changing_holder(
    db: Database, author: Author, target: HolderTarget, or_holding: str = ""
) -> AsyncGenerator[RightsChange]:
    """Open a change of rights, after which the holder is of the next version.

    Raises PermissionMissing, NotFound, Stale, LastAdministrator.
    """
    async with changing_rights(db, author, or_holding) as change:
        await _check_sight(change, target.holder)
        if await holders.version_of(change.tx, target.holder) != target.version:
            raise Stale
        yield change
        await holders.next_version(change.tx, target.holder)


async def _check_sight(change: RightsChange, holder: Holder) -> None:
    """Refuse who only moves members of employee groups any other group, at whatever version. Raises NotFound."""
    if not (change.manages_permissions or (await groups.get(change.tx, holder.id)).is_employee_group):
        raise NotFound


async def replace_grants(
    db: Database, catalogue: Catalogue, author: Author, target: HolderTarget, wanted: Sequence[Grant]
) -> int:
    """Grant exactly this to a holder, and return the rights version; raises what `rewrite_grants` raises."""
    return await rewrite_grants(db, catalogue, author, target, lambda _: wanted)


async def rewrite_grants(
    db: Database, catalogue: Catalogue, author: Author, target: HolderTarget, rewriting: Rewriting
) -> int:
    """Grant a holder what the rewriting makes of what it is granted now; return the rights version.

    What is kept also keeps who gave it, and when. Raises NotFound, Stale, Invalid, EmployeeGroupAdministers,
    GrantsMoreThanHeld, LastAdministrator.
    """
    async with changing_holder(db, author, target) as change:
        holder, before = target.holder, await grants.of(change.tx, target.holder)
        wanted = rewriting(before)
        known = await modules.catalogue(change.tx, catalogue)
        check_grants(wanted, known, await people.known(change.tx, named_in(wanted)))
        if holder.kind is HolderKind.GROUP and (await groups.get(change.tx, holder.id)).is_employee_group:
            check_employee_group(wanted)
        changed = difference(before, wanted)
        given = (*changed.added, *changed.retimed)
        check_mode(wanted, given, await tenants.rights_mode(change.tx))
        receivers = await holders.people_of(change.tx, holder)
        await change.check_delegation(receivers, [HeldGrant(grant, holder) for grant in given])
        if not changed.is_empty:
            change.concerned.update(receivers)
        await grants.end(change.tx, holder, changed.dropped, change.signature)
        await grants.put(change.tx, holder, given, change.signature)
        return change.version
