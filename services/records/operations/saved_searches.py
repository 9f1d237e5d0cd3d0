"""Keeping, changing and dropping searches."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from services.chassis.database import Database
from services.chassis.idempotency import IdempotencyKey, earlier
from services.chassis.problems import NotFound, Stale
from services.chassis.tokens import Caller
from services.records.store import saved_searches
from services.records.store.saved_searches import SavedSearch


async def save_search(db: Database, caller: Caller, search: SavedSearch, key: IdempotencyKey | None) -> UUID:
    """Save a search of the caller's and return its id; the same key saves it once.

    Raises NameTaken, TooManySearches, KeyReused.
    """
    async with db.transaction(caller.tenant_id) as tx:
        made = await earlier(tx, key, search.id, search.created_at)
        if made is not None:
            return made
        await saved_searches.insert(tx, caller.user_id, search)
    return search.id


async def change_search(
    db: Database, caller: Caller, search_id: UUID, version: int, read: Callable[[SavedSearch], SavedSearch]
) -> SavedSearch:
    """Change a search of the caller's from a version to what is read for it, and return it.

    Raises NotFound, Stale, NameTaken, and what reading raises.
    """
    async with db.transaction(caller.tenant_id) as tx:
        before = await saved_searches.get(tx, caller.user_id, search_id)
        if before.version != version:
            raise Stale
        after = replace(read(before), version=version + 1)
        await saved_searches.save(tx, caller.user_id, after)
    return after


async def drop_search(db: Database, caller: Caller, search_id: UUID) -> None:
    """Delete a search of the caller's. Raises NotFound."""
    async with db.transaction(caller.tenant_id) as tx:
        if not await saved_searches.remove(tx, caller.user_id, search_id):
            raise NotFound
