"""What decided people's rights at an instant of the past."""

from datetime import datetime

from services.authz.domain.compiling import Standing
from services.authz.store import standings
from services.chassis.database import Transaction
from services.contracts.vocabulary import UserId


async def find(tx: Transaction, user_id: UserId, at: datetime) -> Standing | None:
    """Return what decided a person's rights at an instant, or None for somebody unknown then.

    No scope: as `standings.find`.
    """
    rows = await tx.rows(
        """
        WITH person AS MATERIALIZED (
            SELECT p.tenant_id, p.id, p.state = 'active' AS is_active, t.rights_version, w.ownership, m.rights_mode,
                   p.principal, p.secondary,
                   ARRAY(SELECT team_id FROM team_members_ever m
                          WHERE (m.tenant_id, m.user_id) = (p.tenant_id, p.id)
                            AND m.valid_from <= $3 AND $3 < m.valid_to) AS teams,
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
              JOIN rights_modes_ever m USING (tenant_id)
              JOIN ownerships_ever w USING (tenant_id)
             WHERE p.tenant_id = $1 AND p.id = $2 AND p.valid_from <= $3 AND $3 < p.valid_to
               AND m.valid_from <= $3 AND $3 < m.valid_to
               AND w.valid_from <= $3 AND $3 < w.valid_to
        ), belonging AS MATERIALIZED (
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
            SELECT 'user', id, '', NULL FROM person
        ), granted AS MATERIALIZED (
            SELECT r.*
              FROM belonging h
              JOIN grants_ever r ON r.tenant_id = $1 AND (r.holder_kind, r.holder_id) = (h.kind, h.id)
             WHERE r.valid_from <= $3 AND $3 < r.valid_to
        )
        SELECT p.id AS person_id, p.is_active, p.rights_version, p.ownership, p.rights_mode, p.blocked,
               p.principal, p.secondary, p.region, p.teams, b.kinds, b.ids, b.names, b.untils,
               NULL AS holder_kind, NULL::uuid AS holder_id, NULL::text[] AS keys, NULL::text[] AS reaches,
               NULL::uuid[] AS reach_ids, NULL::text[] AS views, NULL::timestamptz[] AS expiries,
               NULL::uuid[] AS authors, NULL::timestamptz[] AS instants,
               NULL::uuid AS team_id, NULL::uuid[] AS members
          FROM person p
         CROSS JOIN (SELECT array_agg(kind) AS kinds, array_agg(id) AS ids, array_agg(name) AS names,
                            array_agg(member_until) AS untils
                       FROM belonging) AS b
        UNION ALL
        SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
               holder_kind, holder_id, array_agg(key), array_agg(reach), array_agg(reach_id), array_agg(view),
               array_agg(expires_at), array_agg(granted_by), array_agg(valid_from), NULL, NULL
          FROM granted
         GROUP BY holder_kind, holder_id
        UNION ALL
        SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
               NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
               named.team_id, ARRAY(SELECT m.user_id FROM team_members_ever m
                                     WHERE m.tenant_id = $1 AND m.team_id = named.team_id
                                       AND m.valid_from <= $3 AND $3 < m.valid_to)
          FROM (SELECT DISTINCT reach_id AS team_id FROM granted WHERE reach = 'team') AS named
        """,
        tx.tenant_id,
        user_id,
        at,
    )
    return standings.assembled(tx.tenant_id, rows).get(user_id)
