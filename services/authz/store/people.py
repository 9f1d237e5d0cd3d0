"""The picture of people."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.authz.domain.grant import Named
from services.authz.domain.person import Person
from services.authz.domain.reach import Reach
from services.chassis.database import Transaction
from services.contracts.vocabulary import UserId, UserState


@dataclass(frozen=True, slots=True)
class Known:
    """A person as far as an answer names him."""

    id: UserId
    display_name: str


async def find(tx: Transaction, user_id: UserId) -> Person | None:
    """Return what is known of a person. No scope: compared with an event, shown to nobody."""
    row = await tx.row(
        """
        SELECT user_version, state, code, display_name, ends_at,
               ARRAY(SELECT office_id FROM person_offices o
                      WHERE (o.tenant_id, o.user_id) = (p.tenant_id, p.id) AND o.kind = 'principal') AS principal,
               ARRAY(SELECT office_id FROM person_offices o
                      WHERE (o.tenant_id, o.user_id) = (p.tenant_id, p.id) AND o.kind = 'secondary') AS secondary
          FROM people p
         WHERE tenant_id = $1 AND id = $2
        """,
        tx.tenant_id,
        user_id,
    )
    if row is None:
        return None
    return Person(
        id=user_id,
        version=row["user_version"],
        state=UserState(row["state"]),
        code=row["code"],
        display_name=row["display_name"],
        principal=frozenset(row["principal"]),
        secondary=frozenset(row["secondary"]),
        ends_at=row["ends_at"],
    )


async def save(tx: Transaction, person: Person) -> None:
    """Replace what is known of a person."""
    await tx.execute(
        """
        INSERT INTO people (tenant_id, id, user_version, state, code, display_name, ends_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (tenant_id, id) DO UPDATE
           SET user_version = excluded.user_version, state = excluded.state, code = excluded.code,
               display_name = excluded.display_name, ends_at = excluded.ends_at
        """,
        tx.tenant_id,
        person.id,
        person.version,
        person.state,
        person.code,
        person.display_name,
        person.ends_at,
    )
    await tx.execute("DELETE FROM person_offices WHERE tenant_id = $1 AND user_id = $2", tx.tenant_id, person.id)
    await tx.execute(
        """
        INSERT INTO person_offices (tenant_id, user_id, office_id, kind)
        SELECT $1::uuid, $2::uuid, office_id, 'principal' FROM unnest($3::uuid[]) AS principal (office_id)
        UNION ALL
        SELECT $1::uuid, $2::uuid, office_id, 'secondary' FROM unnest($4::uuid[]) AS secondary (office_id)
        """,
        tx.tenant_id,
        person.id,
        list(person.principal),
        list(person.secondary),
    )


async def remember(tx: Transaction, user_id: UserId, at: datetime) -> None:
    """Let what decides a person's rights become past, before something else is saved."""
    await tx.execute(
        """
        INSERT INTO people_past (tenant_id, id, state, principal, secondary, valid_from, valid_to)
        SELECT tenant_id, id, state, principal, secondary, valid_from, greatest($3::timestamptz, valid_from)
          FROM people_ever
         WHERE tenant_id = $1 AND id = $2 AND valid_to = 'infinity'
        """,
        tx.tenant_id,
        user_id,
        at,
    )
    await begin(tx, user_id, at)


async def begin(tx: Transaction, user_id: UserId, at: datetime) -> None:
    """Say since when what decides a person's rights is as it is."""
    await tx.execute("UPDATE people SET since = $3 WHERE tenant_id = $1 AND id = $2", tx.tenant_id, user_id, at)


async def everybody(tx: Transaction) -> list[UserId]:
    """Return the ids of all people known. No scope: whom a change concerns, shown to nobody."""
    rows = await tx.rows("SELECT id FROM people WHERE tenant_id = $1", tx.tenant_id)
    return [row["id"] for row in rows]


async def page_of_active(tx: Transaction, *, below: UUID, limit: int) -> Sequence[Known]:
    """Return up to `limit` active people with ids below one, highest first.

    No scope: handlers ask for the permission to see rights, and colleagues' names come with it.
    """
    rows = await tx.rows(
        """
        SELECT id, display_name
          FROM people
         WHERE tenant_id = $1 AND id < $2 AND state = 'active'
         ORDER BY id DESC
         LIMIT $3
        """,
        tx.tenant_id,
        below,
        limit,
    )
    return [Known(row["id"], row["display_name"]) for row in rows]


async def raise_versions(tx: Transaction, user_ids: Iterable[UserId], version: int) -> list[UserId]:
    """Give the snapshots of these people a new version; return the ids of those who are known.

    No scope: says of given ids only that they exist.
    """
    rows = await tx.rows(
        "UPDATE people SET rights_version = $3 WHERE tenant_id = $1 AND id = ANY($2) RETURNING id",
        tx.tenant_id,
        list(user_ids),
        version,
    )
    return sorted(row["id"] for row in rows)


async def versions(tx: Transaction, user_ids: Collection[UserId]) -> tuple[int, Mapping[UserId, int]]:
    """Return the rights version of the agency, 0 if it is unknown, and those of the snapshots of people known."""
    rows = await tx.rows(
        """
        SELECT t.rights_version AS agencys, p.id, p.rights_version AS persons
          FROM tenants t
          LEFT JOIN people p ON p.tenant_id = t.tenant_id AND p.id = ANY($2)
         WHERE t.tenant_id = $1
        """,
        tx.tenant_id,
        list(user_ids),
    )
    agencys: int = rows[0]["agencys"] if rows else 0
    return agencys, {row["id"]: row["persons"] for row in rows if row["id"] is not None}


async def known(tx: Transaction, named: Iterable[Named]) -> frozenset[Named]:
    """Return what of this the agency has. No scope: says of given ids only that they exist."""
    by_reach = dict[Reach, list[UUID]]()
    for each in named:
        by_reach.setdefault(each.reach, []).append(each.id)
    rows = await tx.rows(
        """
        SELECT 'office' AS reach, id FROM offices WHERE tenant_id = $1 AND id = ANY($2)
        UNION ALL
        SELECT 'user', id FROM people WHERE tenant_id = $1 AND id = ANY($3)
        UNION ALL
        SELECT 'team', id FROM teams WHERE tenant_id = $1 AND id = ANY($4) AND NOT removed
        """,
        tx.tenant_id,
        by_reach.get(Reach.OFFICE, []),
        by_reach.get(Reach.USER, []),
        by_reach.get(Reach.TEAM, []),
    )
    return frozenset(Named(Reach(row["reach"]), row["id"]) for row in rows)
