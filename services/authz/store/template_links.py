"""Who is linked to which template.

No scope anywhere: links are the rights themselves, and handlers ask for the permission to see or change them.
"""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from services.authz.domain.signature import Signature
from services.chassis.database import Transaction
from services.contracts.vocabulary import UserId


async def template_of(tx: Transaction, user_id: UserId) -> UUID | None:
    """Return the template that a person is linked to."""
    return (await templates_of(tx, [user_id])).get(user_id)


async def templates_of(tx: Transaction, user_ids: Collection[UserId]) -> Mapping[UserId, UUID]:
    """Return the template to which each of these people is linked who is. No scope: see above."""
    rows = await tx.rows(
        "SELECT user_id, template_id FROM template_links WHERE tenant_id = $1 AND user_id = ANY($2)",
        tx.tenant_id,
        list(user_ids),
    )
    return {row["user_id"]: row["template_id"] for row in rows}


async def some_of(tx: Transaction, template_id: UUID, limit: int) -> Sequence[UserId]:
    """Return up to `limit` people who are linked to a template. No scope: see above."""
    rows = await tx.rows(
        "SELECT user_id FROM template_links WHERE tenant_id = $1 AND template_id = $2 LIMIT $3",
        tx.tenant_id,
        template_id,
        limit,
    )
    return [row["user_id"] for row in rows]


async def link(tx: Transaction, user_id: UserId, template_id: UUID, signature: Signature) -> None:
    """Link a person who is linked to no template."""
    await tx.execute(
        """
        INSERT INTO template_links (tenant_id, user_id, template_id, linked_by, linked_at, reason)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        tx.tenant_id,
        user_id,
        template_id,
        signature.by,
        signature.at,
        signature.reason,
    )


async def leave(tx: Transaction, template_id: UUID, user_ids: Collection[UserId], signature: Signature) -> None:
    """End the links of people to a template, and copy its grants to each of them.

    Of a grant that somebody has himself already, the one that lasts longer stays.
    """
    await _end_shorter(tx, template_id, user_ids, signature)
    await tx.execute(
        """
        INSERT INTO grants (
            tenant_id, holder_kind, holder_id, key, reach, reach_id, view, expires_at, granted_by, granted_at, reason)
        SELECT t.tenant_id, 'user', person.id, t.key, t.reach, t.reach_id, t.view, t.expires_at,
               $4::uuid, $5::timestamptz, $6::text
          FROM grants t, unnest($3::uuid[]) AS person (id)
         WHERE t.tenant_id = $1 AND t.holder_kind = 'template' AND t.holder_id = $2
        ON CONFLICT ON CONSTRAINT grants_once DO NOTHING
        """,
        tx.tenant_id,
        template_id,
        list(user_ids),
        signature.by,
        signature.at,
        signature.reason,
    )
    await tx.execute(
        """
        WITH gone AS (
            DELETE FROM template_links
             WHERE tenant_id = $1 AND template_id = $2 AND user_id = ANY($3)
            RETURNING *)
        INSERT INTO template_links_past (
            tenant_id, user_id, template_id, linked_by, linked_at, reason, valid_to, ended_by, end_reason)
        SELECT tenant_id, user_id, template_id, linked_by, linked_at, reason,
               greatest($5::timestamptz, linked_at), $4::uuid, $6::text
          FROM gone
        """,
        tx.tenant_id,
        template_id,
        list(user_ids),
        signature.by,
        signature.at,
        signature.reason,
    )


async def _end_shorter(tx: Transaction, template_id: UUID, user_ids: Collection[UserId], signature: Signature) -> None:
    """End the own grants of people that a grant of the template outlasts."""
    await tx.execute(
        """
        WITH gone AS (
            DELETE FROM grants g
             USING grants t
             WHERE g.tenant_id = $1 AND g.holder_kind = 'user' AND g.holder_id = ANY($3)
               AND t.tenant_id = $1 AND t.holder_kind = 'template' AND t.holder_id = $2
               AND (g.key, g.reach, g.view) = (t.key, t.reach, t.view)
               AND g.reach_id IS NOT DISTINCT FROM t.reach_id
               AND g.expires_at < coalesce(t.expires_at, 'infinity')
            RETURNING g.*)
        INSERT INTO grants_past (
            tenant_id, seq, holder_kind, holder_id, key, reach, reach_id, view, expires_at, granted_by, granted_at,
            reason, valid_to, ended_by, end_reason)
        SELECT tenant_id, seq, holder_kind, holder_id, key, reach, reach_id, view, expires_at, granted_by, granted_at,
               reason, greatest($5::timestamptz, granted_at), $4::uuid, $6::text
          FROM gone
        """,
        tx.tenant_id,
        template_id,
        list(user_ids),
        signature.by,
        signature.at,
        signature.reason,
    )
