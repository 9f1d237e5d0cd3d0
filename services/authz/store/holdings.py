"""Holders with their grants and members, for imagining them otherwise.

No scope anywhere: they are the rights themselves, and handlers ask for the permission to see them.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from services.authz.domain.grant import Grant
from services.authz.domain.holder import Holder, HolderKind
from services.authz.domain.proposing import Holding
from services.authz.store import grants
from services.chassis.database import Transaction
from services.chassis.problems import NotFound
from services.contracts.vocabulary import UserId


async def find_all(tx: Transaction, holders: Collection[tuple[HolderKind, UUID]]) -> Sequence[Holding]:
    """Return holders with grants and members, in three statements however many they are.

    Raises NotFound if one is unknown. No scope: see above.
    """
    wanted = sorted(holders)
    kinds, ids = [kind for kind, _ in wanted], [holder_id for _, holder_id in wanted]
    names = await _names(tx, kinds, ids)
    if len(names) < len(wanted):
        raise NotFound
    granted, members = await _grants(tx, kinds, ids), await _members(tx, kinds, ids)
    return [Holding(Holder(*each, names[each]), tuple(granted.get(each, ())), members.get(each, {})) for each in wanted]


async def _names(
    tx: Transaction, kinds: Sequence[HolderKind], ids: Sequence[UUID]
) -> dict[tuple[HolderKind, UUID], str]:
    """Return what those of the holders are called that there are. No scope: see above."""
    rows = await tx.rows(
        """
        WITH asked AS (SELECT * FROM unnest($2::text[], $3::uuid[]) AS asked (kind, id))
        SELECT kind, id, name FROM permission_groups JOIN asked USING (id) WHERE tenant_id = $1 AND kind = 'group'
        UNION ALL
        SELECT kind, id, name FROM templates JOIN asked USING (id) WHERE tenant_id = $1 AND kind = 'template'
        UNION ALL
        SELECT kind, id, '' FROM people JOIN asked USING (id) WHERE tenant_id = $1 AND kind = 'user'
        """,
        tx.tenant_id,
        kinds,
        ids,
    )
    return {(HolderKind(row["kind"]), row["id"]): row["name"] for row in rows}


async def _grants(
    tx: Transaction, kinds: Sequence[HolderKind], ids: Sequence[UUID]
) -> dict[tuple[HolderKind, UUID], list[Grant]]:
    """Return what is granted to each of the holders, as `grants.of`. No scope: see above."""
    rows = await tx.rows(
        """
        SELECT holder_kind, holder_id, key, reach, reach_id, view, expires_at
          FROM unnest($2::text[], $3::uuid[]) AS asked (holder_kind, holder_id)
          JOIN grants USING (holder_kind, holder_id)
         WHERE tenant_id = $1
         ORDER BY key, reach, reach_id, view
        """,
        tx.tenant_id,
        kinds,
        ids,
    )
    found = defaultdict[tuple[HolderKind, UUID], list[Grant]](list)
    for row in rows:
        found[HolderKind(row["holder_kind"]), row["holder_id"]].append(grants.from_row(row))
    return found


async def _members(
    tx: Transaction, kinds: Sequence[HolderKind], ids: Sequence[UUID]
) -> dict[tuple[HolderKind, UUID], dict[UserId, datetime | None]]:
    """Return whom the grants of each of the holders are for, as `holders.people_of`. No scope: see above."""
    rows = await tx.rows(
        """
        SELECT holder_kind, holder_id, user_id, until
          FROM unnest($2::text[], $3::uuid[]) AS asked (holder_kind, holder_id)
          JOIN belongings USING (holder_kind, holder_id)
         WHERE tenant_id = $1
         ORDER BY user_id
        """,
        tx.tenant_id,
        kinds,
        ids,
    )
    found = defaultdict[tuple[HolderKind, UUID], dict[UserId, datetime | None]](dict)
    for row in rows:
        found[HolderKind(row["holder_kind"]), row["holder_id"]][row["user_id"]] = row["until"]
    return found
