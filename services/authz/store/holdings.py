"""Holders with their grants and members, for imagining them otherwise.

No scope anywhere: they are the rights themselves, and handlers ask for the permission to see them.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from services.authz.domain.holder import Holder, HolderKind
from services.authz.domain.proposing import Holding
from services.authz.store import grants, groups, people, template_links, templates
from services.chassis.database import Transaction
from services.chassis.problems import NotFound
from services.contracts.vocabulary import UserId


async def find_all(tx: Transaction, holders: Collection[tuple[HolderKind, UUID]]) -> Sequence[Holding]:
    """Return holders with grants and members. Raises NotFound if one is unknown. No scope: see above."""
    found = list[Holding]()
    for kind, holder_id in sorted(holders):
        name, members = await _members(tx, kind, holder_id)
        holder = Holder(kind, holder_id, name)
        found.append(Holding(holder, tuple(await grants.of(tx, holder)), members))
    return found


async def _members(tx: Transaction, kind: HolderKind, holder_id: UUID) -> tuple[str, Mapping[UserId, datetime | None]]:
    """Return name and members of a holder. No scope: see above."""
    match kind:
        case HolderKind.GROUP:
            group = await groups.get(tx, holder_id)
            return group.name, {each.user_id: each.expires_at for each in await groups.members(tx, holder_id)}
        case HolderKind.TEMPLATE:
            template = await templates.get(tx, holder_id)
            return template.name, dict.fromkeys(await template_links.linked_to(tx, holder_id))
        case HolderKind.USER:
            if await people.find(tx, UserId(holder_id)) is None:
                raise NotFound
            return "", {UserId(holder_id): None}
