"""What holders have in common, whichever kind they are: a version, and people whom their grants are for.

No scope anywhere: they are the rights themselves, and handlers ask for the permission to see or change them.
"""

from collections.abc import Mapping
from datetime import datetime

from services.authz.domain.holder import Holder, HolderKind
from services.chassis.database import Transaction
from services.chassis.problems import NotFound
from services.contracts.vocabulary import UserId


async def version_of(tx: Transaction, holder: Holder) -> int:
    """Return the version of a holder; 0 for a person whose own rights nobody has touched yet. Raises NotFound."""
    version: int | None = await tx.value(
        """
        SELECT version FROM permission_groups WHERE $2 = 'group' AND tenant_id = $1 AND id = $3
        UNION ALL
        SELECT version FROM templates WHERE $2 = 'template' AND tenant_id = $1 AND id = $3
        UNION ALL
        SELECT coalesce(r.version, 0)
          FROM people p
          LEFT JOIN person_rights r ON (r.tenant_id, r.user_id) = (p.tenant_id, p.id)
         WHERE $2 = 'user' AND p.tenant_id = $1 AND p.id = $3
        """,
        tx.tenant_id,
        holder.kind,
        holder.id,
    )
    if version is None:
        raise NotFound
    return version


async def next_version(tx: Transaction, holder: Holder) -> None:
    """Raise the version of a holder; nothing happens to one that is no more."""
    match holder.kind:
        case HolderKind.GROUP:
            await tx.execute(
                "UPDATE permission_groups SET version = version + 1 WHERE tenant_id = $1 AND id = $2",
                tx.tenant_id,
                holder.id,
            )
        case HolderKind.TEMPLATE:
            await tx.execute(
                "UPDATE templates SET version = version + 1 WHERE tenant_id = $1 AND id = $2", tx.tenant_id, holder.id
            )
        case HolderKind.USER:
            await tx.execute(
                """
                INSERT INTO person_rights AS p (tenant_id, user_id, version)
                VALUES ($1, $2, 1)
                ON CONFLICT (tenant_id, user_id) DO UPDATE SET version = p.version + 1
                """,
                tx.tenant_id,
                holder.id,
            )


async def people_of(tx: Transaction, holder: Holder) -> Mapping[UserId, datetime | None]:
    """Return whom a holder's grants are for, and until when, by id. No scope: see above."""
    rows = await tx.rows(
        """
        SELECT user_id, until
          FROM belongings
         WHERE tenant_id = $1 AND holder_kind = $2 AND holder_id = $3
         ORDER BY user_id
        """,
        tx.tenant_id,
        holder.kind,
        holder.id,
    )
    return {row["user_id"]: row["until"] for row in rows}
