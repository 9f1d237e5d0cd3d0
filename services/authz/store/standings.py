"""What decides people's rights, read at one instant."""

from collections.abc import Collection, Mapping
from uuid import UUID

from services.authz.domain.compiling import HeldGrant, Standing
from services.authz.domain.holder import Holder, HolderKind
from services.authz.domain.mode import RightsMode
from services.authz.domain.switch import Switch
from services.authz.store import grants
from services.chassis.database import Row, Transaction
from services.contracts.vocabulary import Ownership, TenantId, UserId


async def find(tx: Transaction, user_id: UserId) -> Standing | None:
    """Return what decides a person's rights, or None for somebody unknown. No scope: scopes are made of it."""
    return (await find_all(tx, [user_id])).get(user_id)


async def find_or_nobody(tx: Transaction, user_id: UserId) -> Standing:
    """Return what decides a person's rights: nothing for somebody unknown. No scope: as `find`."""
    return await find(tx, user_id) or Standing(tx.tenant_id, user_id, 0, Ownership.ASSIGNEE, is_active=False)


async def find_all(tx: Transaction, user_ids: Collection[UserId]) -> Mapping[UserId, Standing]:
    """Return what decides the rights of several people, by id. No scope: as `find`.

    One statement, so that nobody's rights are put together from before and after a change.
    """
    rows = await tx.rows(
        """
        WITH person AS MATERIALIZED (
            SELECT p.tenant_id, p.id, p.state = 'active' AS is_active, p.rights_version, t.ownership,
                   t.rights_mode,
                   ARRAY(SELECT switch FROM blocked_switches b
                          WHERE (b.tenant_id, b.user_id) = (p.tenant_id, p.id)) AS blocked,
                   ARRAY(SELECT office_id FROM person_offices o
                          WHERE (o.tenant_id, o.user_id) = (p.tenant_id, p.id) AND o.kind = 'principal') AS principal,
                   ARRAY(SELECT office_id FROM person_offices o
                          WHERE (o.tenant_id, o.user_id) = (p.tenant_id, p.id) AND o.kind = 'secondary') AS secondary,
                   ARRAY(SELECT team_id FROM team_members m
                          WHERE (m.tenant_id, m.user_id) = (p.tenant_id, p.id)) AS teams,
                   ARRAY(SELECT near.id
                           FROM person_offices o
                           JOIN offices home ON (home.tenant_id, home.id) = (o.tenant_id, o.office_id)
                           JOIN offices near ON (near.tenant_id, near.region_id) = (home.tenant_id, home.region_id)
                          WHERE (o.tenant_id, o.user_id) = (p.tenant_id, p.id) AND o.kind = 'principal') AS region
              FROM people p
              JOIN tenants t USING (tenant_id)
             WHERE p.tenant_id = $1 AND p.id = ANY($2)
        )
        SELECT person.id, person.is_active, person.rights_version, person.ownership, person.rights_mode, person.blocked,
               person.principal, person.secondary, person.region, person.teams,
               held.holder_kind, held.holder_id, held.holder_name, held.member_until,
               held.key, held.reach, held.reach_id, held.view, held.expires_at, held.granted_by, held.granted_at,
               CASE held.reach
               WHEN 'team' THEN ARRAY(SELECT m.user_id FROM team_members m
                                       WHERE m.tenant_id = $1 AND m.team_id = held.reach_id)
               END AS reached
          FROM person
          LEFT JOIN (
               SELECT m.user_id, m.expires_at AS member_until, 'group' AS holder_kind, g.id AS holder_id,
                      g.name AS holder_name, r.key, r.reach, r.reach_id, r.view, r.expires_at,
                      r.granted_by, r.granted_at
                 FROM group_members m
                 JOIN permission_groups g ON (g.tenant_id, g.id) = (m.tenant_id, m.group_id)
                 JOIN grants r ON (r.tenant_id, r.holder_kind, r.holder_id) = (m.tenant_id, 'group', m.group_id)
                WHERE m.tenant_id = $1 AND m.user_id = ANY($2)
               UNION ALL
               SELECT l.user_id, NULL, 'template', t.id, t.name, r.key, r.reach, r.reach_id, r.view, r.expires_at,
                      r.granted_by, r.granted_at
                 FROM template_links l
                 JOIN templates t ON (t.tenant_id, t.id) = (l.tenant_id, l.template_id)
                 JOIN grants r ON (r.tenant_id, r.holder_kind, r.holder_id) = (l.tenant_id, 'template', l.template_id)
                WHERE l.tenant_id = $1 AND l.user_id = ANY($2)
               UNION ALL
               SELECT r.holder_id, NULL, 'user', r.holder_id, '', r.key, r.reach, r.reach_id, r.view, r.expires_at,
                      r.granted_by, r.granted_at
                 FROM grants r
                WHERE r.tenant_id = $1 AND r.holder_kind = 'user' AND r.holder_id = ANY($2)
               ) AS held ON held.user_id = person.id
        """,
        tx.tenant_id,
        list(user_ids),
    )
    by_person = dict[UserId, list[Row]]()
    for row in rows:
        by_person.setdefault(row["id"], []).append(row)
    return {user_id: _standing(tx.tenant_id, user_id, found) for user_id, found in by_person.items()}


def _standing(tenant_id: TenantId, user_id: UserId, rows: list[Row]) -> Standing:
    person = rows[0]
    return Standing(
        tenant_id=tenant_id,
        user_id=user_id,
        version=person["rights_version"],
        ownership=Ownership(person["ownership"]),
        is_active=person["is_active"],
        principal=frozenset(person["principal"]),
        secondary=frozenset(person["secondary"]),
        region=frozenset(person["region"]),
        teams=_teams(user_id, rows),
        held=tuple(
            HeldGrant(
                grants.from_row(row),
                _holder(row),
                row["member_until"],
                row["granted_by"],
                row["granted_at"],
            )
            for row in rows
            if row["key"] is not None
        ),
        blocked=frozenset(map(Switch, person["blocked"])),
        mode=RightsMode(person["rights_mode"]),
    )


def _teams(user_id: UserId, rows: list[Row]) -> Mapping[UUID, frozenset[UserId]]:
    """Return the teams that grants name with all members, and those that the person is in with at least him."""
    teams = {team_id: frozenset({user_id}) for team_id in rows[0]["teams"]}
    return teams | {row["reach_id"]: frozenset(row["reached"]) for row in rows if row["reached"] is not None}


def _holder(row: Row) -> Holder:
    return Holder(HolderKind(row["holder_kind"]), row["holder_id"], row["holder_name"])
