"""Keeping and dropping searches."""

from uuid import UUID

from services.chassis.database import Database
from services.chassis.idempotency import IdempotencyKey, earlier
from services.chassis.problems import NotFound
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


async def drop_search(db: Database, caller: Caller, search_id: UUID) -> None:
    """Delete a search of the caller's. Raises NotFound."""
    async with db.transaction(caller.tenant_id) as tx:
        if not await saved_searches.remove(tx, caller.user_id, search_id):
            raise NotFound
