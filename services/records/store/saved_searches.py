"""Saved searches as rows: each person sees and changes the own ones only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from services.chassis.database import Transaction, UniqueViolation
from services.chassis.problems import Conflict, FieldError, NotFound
from services.contracts.vocabulary import UserId

MOST: Final = 200
"""Searches of one person, all in one list."""


class NameTaken(Conflict):
    code = "name_taken"
    title = "Another of your searches has this name."


class TooManySearches(Conflict):
    code = "too_many_searches"
    title = "You have 200 searches; delete one first."


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A filter of a section's list as JSON text, and an order, under a name."""

    id: UUID
    name: str
    filter: str
    sort: str
    created_at: datetime
    section: str = "listings"
    version: int = 1


async def insert(tx: Transaction, user_id: UserId, search: SavedSearch) -> None:
    """Save a search. Raises NameTaken, TooManySearches."""
    if await _count(tx, user_id) >= MOST:
        raise TooManySearches
    try:
        await tx.execute(
            """
            INSERT INTO saved_searches (tenant_id, user_id, id, name, filter, sort, created_at, section)
            VALUES ($1, $2, $3, $4, $5::text::jsonb, $6, $7, $8)
            """,
            tx.tenant_id,
            user_id,
            search.id,
            search.name,
            search.filter,
            search.sort,
            search.created_at,
            search.section,
        )
    except UniqueViolation:
        raise _name_taken() from None


async def get(tx: Transaction, user_id: UserId, search_id: UUID) -> SavedSearch:
    """Return a search of a person, locked until the transaction ends. Raises NotFound. No scope: it is the caller's."""
    row = await tx.row(
        """
        SELECT id, name, filter::text AS filter, sort, created_at, section, version
          FROM saved_searches
         WHERE tenant_id = $1 AND user_id = $2 AND id = $3
           FOR UPDATE
        """,
        tx.tenant_id,
        user_id,
        search_id,
    )
    if row is None:
        raise NotFound
    return SavedSearch(**dict(row))


async def save(tx: Transaction, user_id: UserId, search: SavedSearch) -> None:
    """Write what a search is called, what it asks for and its version. Raises NameTaken."""
    try:
        await tx.execute(
            """
            UPDATE saved_searches
               SET name = $4, filter = $5::text::jsonb, sort = $6, version = $7
             WHERE tenant_id = $1 AND user_id = $2 AND id = $3
            """,
            tx.tenant_id,
            user_id,
            search.id,
            search.name,
            search.filter,
            search.sort,
            search.version,
        )
    except UniqueViolation:
        raise _name_taken() from None


def _name_taken() -> NameTaken:
    return NameTaken(errors=[FieldError("/name", NameTaken.code, NameTaken.title)])


async def _count(tx: Transaction, user_id: UserId) -> int:
    """Return how many searches a person has; one transaction at a time may add to them."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"saved_searches {user_id}")
    return await tx.value(
        "SELECT count(*) FROM saved_searches WHERE tenant_id = $1 AND user_id = $2", tx.tenant_id, user_id
    )


async def of(tx: Transaction, user_id: UserId) -> Sequence[SavedSearch]:
    """Return all searches of a person, by name. No scope: they are the caller's own."""
    rows = await tx.rows(
        """
        SELECT id, name, filter::text AS filter, sort, created_at, section, version
          FROM saved_searches
         WHERE tenant_id = $1 AND user_id = $2
         ORDER BY name
        """,
        tx.tenant_id,
        user_id,
    )
    return [SavedSearch(**dict(row)) for row in rows]


async def remove(tx: Transaction, user_id: UserId, search_id: UUID) -> bool:
    """Delete a search; say whether the person had it."""
    return bool(
        await tx.execute(
            "DELETE FROM saved_searches WHERE tenant_id = $1 AND user_id = $2 AND id = $3",
            tx.tenant_id,
            user_id,
            search_id,
        )
    )
