"""Holders with their grants and members, for imagining them otherwise.

No scope anywhere: they are the rights themselves, and handlers ask for the permission to see them.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from services.authz.domain.holder import Holder, HolderKind
from services.authz.domain.proposing import Holding
from services.authz.store import grants, groups, people, templates
from services.authz.store import holders as holder_store
from services.chassis.database import Transaction
from services.chassis.problems import NotFound
from services.contracts.vocabulary import UserId


async def find_all(tx: Transaction, holders: Collection[tuple[HolderKind, UUID]]) -> Sequence[Holding]:
    """Return holders with grants and members. Raises NotFound if one is unknown. No scope: see above."""
    found = list[Holding]()
    for kind, holder_id in sorted(holders):
        holder = Holder(kind, holder_id, await _name(tx, kind, holder_id))
        granted, members = await grants.of(tx, holder), await holder_store.people_of(tx, holder)
        found.append(Holding(holder, tuple(granted), members))
    return found


async def _name(tx: Transaction, kind: HolderKind, holder_id: UUID) -> str:
    """Return what a holder is called. Raises NotFound. No scope: see above."""
    match kind:
        case HolderKind.GROUP:
            return (await groups.get(tx, holder_id)).name
        case HolderKind.TEMPLATE:
            return (await templates.get(tx, holder_id)).name
        case HolderKind.USER:
            if await people.find(tx, UserId(holder_id)) is None:
                raise NotFound
            return ""
