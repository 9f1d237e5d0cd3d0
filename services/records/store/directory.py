"""Offices and people as identity tells of them: enough to refuse an id that is nobody's."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from services.chassis.database import Transaction
from services.contracts.vocabulary import OfficeId, UserId, UserState


async def save_office(tx: Transaction, office_id: OfficeId, version: int) -> None:
    """Keep the newest version of an office; an older one that arrives late changes nothing."""
    await tx.execute(
        """
        INSERT INTO offices AS kept (tenant_id, id, version)
        VALUES ($1, $2, $3)
        ON CONFLICT (tenant_id, id) DO UPDATE SET version = excluded.version WHERE kept.version < excluded.version
        """,
        tx.tenant_id,
        office_id,
        version,
    )


async def save_person(
    tx: Transaction, user_id: UserId, version: int, state: UserState, principal_office_id: OfficeId | None = None
) -> None:
    """Keep the newest version of a person; an older one that arrives late changes nothing."""
    await tx.execute(
        """
        INSERT INTO people AS kept (tenant_id, id, version, state, principal_office_id)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (tenant_id, id) DO UPDATE
           SET version = excluded.version, state = excluded.state, principal_office_id = excluded.principal_office_id
         WHERE kept.version < excluded.version
        """,
        tx.tenant_id,
        user_id,
        version,
        state,
        principal_office_id,
    )


async def knows_office(tx: Transaction, office_id: OfficeId) -> bool:
    """Say whether the tenant has this office."""
    return bool(await tx.value("SELECT true FROM offices WHERE tenant_id = $1 AND id = $2", tx.tenant_id, office_id))


async def may_be_assigned(tx: Transaction, user_id: UserId) -> bool:
    """Say whether the tenant has this person and the person has not gone for good."""
    return bool(
        await tx.value(
            "SELECT true FROM people WHERE tenant_id = $1 AND id = $2 AND state <> 'ghost'", tx.tenant_id, user_id
        )
    )


async def offices_of(tx: Transaction, people: Collection[UserId]) -> Mapping[UserId, OfficeId | None]:
    """Return those of these people who have not gone for good, each with the principal office."""
    rows = await tx.rows(
        "SELECT id, principal_office_id FROM people WHERE tenant_id = $1 AND id = ANY ($2) AND state <> 'ghost'",
        tx.tenant_id,
        list(people),
    )
    return {row["id"]: row["principal_office_id"] for row in rows}


async def place_of(tx: Transaction, user_id: UserId, named: OfficeId | None) -> tuple[OfficeId | None, bool]:
    """Return a person's principal office, if there is one, and whether the tenant has the office that is named.

    Where none is named, whether it has the principal one.
    """
    row = await tx.row(
        """
        SELECT person.principal_office_id AS home,
               EXISTS (SELECT FROM offices
                        WHERE tenant_id = $1 AND id = coalesce($3, person.principal_office_id)) AS known
          FROM (SELECT) AS always
          LEFT JOIN people AS person ON person.tenant_id = $1 AND person.id = $2
        """,
        tx.tenant_id,
        user_id,
        named,
    )
    return (None, False) if row is None else (row["home"], row["known"])


async def office_of(tx: Transaction, user_id: UserId) -> OfficeId | None:
    """Return the principal office of a person, None for who has none or is not known yet."""
    return await tx.value(
        "SELECT principal_office_id FROM people WHERE tenant_id = $1 AND id = $2", tx.tenant_id, user_id
    )


async def knows_person(tx: Transaction, user_id: UserId) -> bool:
    """Say whether the tenant has this person, gone or not."""
    return bool(await tx.value("SELECT true FROM people WHERE tenant_id = $1 AND id = $2", tx.tenant_id, user_id))


async def active_people(
    tx: Transaction, *, first: Collection[UserId], after: UserId | None, limit: int
) -> Sequence[UserId]:
    """Return the ids of active people after one of them: those who go first, then the others, each by id."""
    rows = await tx.rows(
        """
        SELECT id
          FROM people
         WHERE tenant_id = $1 AND state = 'active' AND (id <> ALL ($2::uuid[]), id) > ($3, $4)
         ORDER BY id <> ALL ($2::uuid[]), id
         LIMIT $5
        """,
        tx.tenant_id,
        list(first),
        after is not None and after not in first,
        after or UUID(int=0),
        limit,
    )
    return [UserId(row["id"]) for row in rows]
