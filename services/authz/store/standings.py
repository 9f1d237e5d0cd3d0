"""What decides people's rights, read at one instant."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from itertools import chain
from uuid import UUID

from services.authz.domain.compiling import HeldGrant, Standing
from services.authz.domain.grant import Grant
from services.authz.domain.holder import Holder, HolderKind
from services.authz.domain.mode import RightsMode
from services.authz.domain.reach import Reach
from services.authz.domain.switch import Switch
from services.chassis.database import Row, Transaction
from services.contracts.vocabulary import Ownership, TenantId, UserId, View

_HolderKey = tuple[str, UUID]


async def find(tx: Transaction, user_id: UserId) -> Standing | None:
    """Return what decides a person's rights, or None for somebody unknown. No scope: scopes are made of it."""
    return (await find_all(tx, [user_id])).get(user_id)


async def find_or_nobody(tx: Transaction, user_id: UserId) -> Standing:
    """Return what decides a person's rights: nothing for somebody unknown. No scope: as `find`."""
    return await find(tx, user_id) or Standing(tx.tenant_id, user_id, 0, Ownership.ASSIGNEE, is_active=False)


async def find_all(tx: Transaction, user_ids: Collection[UserId]) -> Mapping[UserId, Standing]:
    """Return what decides the rights of several people, by id. No scope: as `find`.

    One statement, so that nobody's rights are put together from before and after a change; what many hold through
    one group is read once.
    """
    rows = await tx.rows(
        """
        WITH person AS MATERIALIZED (
            SELECT p.tenant_id, p.id, p.state = 'active' AS is_active, p.rights_version, t.ownership, t.rights_mode,
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
        ), belonging AS MATERIALIZED (
            SELECT m.user_id, 'group' AS kind, g.id, g.name, m.expires_at AS member_until
              FROM group_members m
              JOIN permission_groups g ON (g.tenant_id, g.id) = (m.tenant_id, m.group_id)
             WHERE m.tenant_id = $1 AND m.user_id = ANY($2)
            UNION ALL
            SELECT l.user_id, 'template', t.id, t.name, NULL
              FROM template_links l
              JOIN templates t ON (t.tenant_id, t.id) = (l.tenant_id, l.template_id)
             WHERE l.tenant_id = $1 AND l.user_id = ANY($2)
            UNION ALL
            SELECT id, 'user', id, '', NULL FROM person
        ), granted AS MATERIALIZED (
            SELECT r.*
              FROM (SELECT DISTINCT kind, id FROM belonging) AS h
              JOIN grants r ON r.tenant_id = $1 AND (r.holder_kind, r.holder_id) = (h.kind, h.id)
        )
        SELECT p.id AS person_id, p.is_active, p.rights_version, p.ownership, p.rights_mode, p.blocked,
               p.principal, p.secondary, p.region, p.teams, b.kinds, b.ids, b.names, b.untils,
               NULL AS holder_kind, NULL::uuid AS holder_id, NULL::text[] AS keys, NULL::text[] AS reaches,
               NULL::uuid[] AS reach_ids, NULL::text[] AS views, NULL::timestamptz[] AS expiries,
               NULL::uuid[] AS authors, NULL::timestamptz[] AS instants,
               NULL::uuid AS team_id, NULL::uuid[] AS members
          FROM person p
          JOIN (SELECT user_id, array_agg(kind) AS kinds, array_agg(id) AS ids, array_agg(name) AS names,
                       array_agg(member_until) AS untils
                  FROM belonging
                 GROUP BY user_id) AS b ON b.user_id = p.id
        UNION ALL
        SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
               holder_kind, holder_id, array_agg(key), array_agg(reach), array_agg(reach_id), array_agg(view),
               array_agg(expires_at), array_agg(granted_by), array_agg(granted_at), NULL, NULL
          FROM granted
         GROUP BY holder_kind, holder_id
        UNION ALL
        SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
               NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
               named.team_id, ARRAY(SELECT m.user_id FROM team_members m
                                     WHERE m.tenant_id = $1 AND m.team_id = named.team_id)
          FROM (SELECT DISTINCT reach_id AS team_id FROM granted WHERE reach = 'team') AS named
        """,
        tx.tenant_id,
        list(user_ids),
    )
    return assembled(tx.tenant_id, rows)


def assembled(tenant_id: TenantId, rows: Iterable[Row]) -> Mapping[UserId, Standing]:
    """Return what rows of people, with what they belong to, of holders with all their grants, and of teams say.

    No scope: as `find`.
    """
    people, granted, teams = list[Row](), dict[_HolderKey, Row](), dict[UUID, frozenset[UserId]]()
    for row in rows:
        if row["person_id"] is not None:
            people.append(row)
        elif row["team_id"] is not None:
            teams[row["team_id"]] = frozenset(row["members"])
        else:
            granted[row["holder_kind"], row["holder_id"]] = row
    holdings = _Holdings(granted)
    return {row["person_id"]: _standing(tenant_id, row, teams, holdings) for row in people}


class _Holdings:
    """What is held through a holder until a moment: made once, shared by everybody for whom it is the same."""

    def __init__(self, granted: Mapping[_HolderKey, Row]) -> None:
        self._granted = {key: _grants(row) for key, row in granted.items()}
        self._held = dict[tuple[_HolderKey, datetime | None], tuple[HeldGrant, ...]]()

    def through(self, holder: Holder, until: datetime | None) -> tuple[HeldGrant, ...]:
        key = (holder.kind.value, holder.id)
        held = self._held.get((key, until))
        if held is None:
            held = tuple(HeldGrant(grant, holder, until, by, at) for grant, by, at in self._granted.get(key, ()))
            self._held[key, until] = held
        return held


def _grants(row: Row) -> list[tuple[Grant, UserId | None, datetime]]:
    """Return the grants of a holder, each with who gave it and when. No scope: as `find`."""
    columns = (row[each] for each in ("keys", "reaches", "reach_ids", "views", "expiries"))
    return list(zip(map(_grant, *columns), row["authors"], row["instants"], strict=True))


@lru_cache(maxsize=20_000)
def _grant(key: str, reach: str, reach_id: UUID | None, view: str, expires_at: datetime | None) -> Grant:
    """Return a grant, the same one to everybody to whom the same is granted."""
    return Grant(key, Reach(reach), reach_id, View(view), expires_at)


def _standing(tenant_id: TenantId, row: Row, teams: Mapping[UUID, frozenset[UserId]], holdings: _Holdings) -> Standing:
    """Return one person's standing. A team that no grant names is known with at least the person himself."""
    user_id = UserId(row["person_id"])
    belonging = zip(row["kinds"], row["ids"], row["names"], row["untils"], strict=True)
    return Standing(
        tenant_id=tenant_id,
        user_id=user_id,
        version=row["rights_version"],
        ownership=Ownership(row["ownership"]),
        is_active=row["is_active"],
        principal=frozenset(row["principal"]),
        secondary=frozenset(row["secondary"]),
        region=frozenset(row["region"]),
        teams=dict.fromkeys(row["teams"], frozenset({user_id})) | dict(teams),
        held=tuple(
            chain.from_iterable(
                holdings.through(Holder(HolderKind(kind), holder_id, name), until)
                for kind, holder_id, name, until in belonging
            )
        ),
        blocked=frozenset(map(Switch, row["blocked"])),
        mode=RightsMode(row["rights_mode"]),
    )
