"""What decided people's rights at an instant of the past."""

from collections.abc import Sequence
from datetime import datetime

from services.authz.domain.compiling import Standing
from services.authz.store import standings
from services.chassis.database import Row, Transaction
from services.contracts.vocabulary import UserId


async def find(tx: Transaction, user_id: UserId, at: datetime) -> Standing | None:
    """Return what decided a person's rights at an instant, or None for somebody unknown then.

    Whose own a record is, and the simple or extended mode, are read as they are now: they have no past.
    No scope: as `standings.find`.
    """
    rows = await _rows(tx, user_id, at)
    return standings.standing_of(tx.tenant_id, user_id, rows) if rows else None


async def _rows(tx: Transaction, user_id: UserId, at: datetime) -> Sequence[Row]:
    """Return a person's rights as `standings` reads them, one row per grant. No scope: as above."""
    return await tx.rows(
        """
        WITH person AS MATERIALIZED (
            SELECT p.tenant_id, p.id, p.state = 'active' AS is_active, t.rights_version, t.ownership, t.rights_mode,
                   p.principal, p.secondary,
                   ARRAY(SELECT switch FROM blocked_switches_ever b
                          WHERE (b.tenant_id, b.user_id) = (p.tenant_id, p.id)
                            AND b.valid_from <= $3 AND $3 < b.valid_to) AS blocked,
                   ARRAY(SELECT near.id
                           FROM offices_ever home
                           JOIN offices_ever near
                             ON (near.tenant_id, near.region_id) = (home.tenant_id, home.region_id)
                          WHERE home.tenant_id = p.tenant_id AND home.id = ANY(p.principal)
                            AND home.valid_from <= $3 AND $3 < home.valid_to
                            AND near.valid_from <= $3 AND $3 < near.valid_to) AS region
              FROM people_ever p
              JOIN tenants t USING (tenant_id)
             WHERE p.tenant_id = $1 AND p.id = $2 AND p.valid_from <= $3 AND $3 < p.valid_to
        ), holder AS (
            SELECT 'group' AS kind, m.group_id AS id, g.name, m.expires_at AS member_until
              FROM group_members_ever m
              JOIN permission_groups_ever g ON (g.tenant_id, g.id) = (m.tenant_id, m.group_id)
             WHERE m.tenant_id = $1 AND m.user_id = $2 AND m.valid_from <= $3 AND $3 < m.valid_to
               AND g.valid_from <= $3 AND $3 < g.valid_to
            UNION ALL
            SELECT 'template', l.template_id, t.name, NULL
              FROM template_links_ever l
              JOIN templates_ever t ON (t.tenant_id, t.id) = (l.tenant_id, l.template_id)
             WHERE l.tenant_id = $1 AND l.user_id = $2 AND l.valid_from <= $3 AND $3 < l.valid_to
               AND t.valid_from <= $3 AND $3 < t.valid_to
            UNION ALL
            SELECT 'user', $2, '', NULL
        )
        SELECT person.*, holder.kind AS holder_kind, holder.id AS holder_id, holder.name AS holder_name,
               holder.member_until, r.key, r.reach, r.reach_id, r.view, r.expires_at,
               r.granted_by, r.valid_from AS granted_at
          FROM person
         CROSS JOIN holder
          LEFT JOIN grants_ever r
            ON r.tenant_id = $1 AND (r.holder_kind, r.holder_id) = (holder.kind, holder.id)
           AND r.valid_from <= $3 AND $3 < r.valid_to
        """,
        tx.tenant_id,
        user_id,
        at,
    )
