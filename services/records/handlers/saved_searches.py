"""What the caller looks for again and again: filters and orders of the list of listings, under names."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.chassis import ids
from services.chassis.problems import Invalid
from services.chassis.web import Call, Input, Output, Route
from services.records.deps import Deps
from services.records.domain.sorting import Sort
from services.records.handlers.fields import Line
from services.records.handlers.listings import ListingsFilter
from services.records.operations import saved_searches as operations
from services.records.store import saved_searches
from services.records.store.saved_searches import SavedSearch


class NewSearch(Input):
    name: Line
    filter: ListingsFilter
    sort: Sort = Sort.UPDATED


class SearchShown(Output):
    id: UUID
    name: str
    filter: ListingsFilter
    sort: Sort
    created_at: datetime


class SearchesShown(Output):
    items: list[SearchShown]


class SearchSaved(Output):
    id: UUID


async def create_saved_search(deps: Deps, call: Call, asked: NewSearch) -> SearchSaved:
    """Save a search under a name, up to 200. What it finds is decided each time it is used."""
    _check(asked.filter)
    chosen = asked.filter.model_dump_json(exclude_none=True)
    search = SavedSearch(ids.uuid7(), asked.name, chosen, asked.sort, call.now)
    return SearchSaved(id=await operations.save_search(deps.db, call.caller, search, call.idempotency_key))


async def list_saved_searches(deps: Deps, call: Call) -> SearchesShown:
    """List the caller's own searches by name."""
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        found = await saved_searches.of(tx, call.caller.user_id)
    return SearchesShown(
        items=[
            SearchShown(
                id=one.id,
                name=one.name,
                filter=ListingsFilter.model_validate_json(one.filter),
                sort=Sort(one.sort),
                created_at=one.created_at,
            )
            for one in found
        ]
    )


async def remove_saved_search(deps: Deps, call: Call) -> None:
    """Delete one of the caller's own searches."""
    await operations.drop_search(deps.db, call.caller, call.id_in_path("search_id"))


def _check(chosen: ListingsFilter) -> None:
    """Refuse now what would be refused whenever the search is used. Raises Invalid."""
    try:
        chosen.filter()
    except Invalid as invalid:
        raise Invalid(errors=[replace(error, pointer=f"/filter{error.pointer}") for error in invalid.errors]) from None


ROUTES = (
    Route("POST", "/v1/saved-searches", create_saved_search, takes=NewSearch, gives=SearchSaved, status=201, once=True),
    Route("GET", "/v1/saved-searches", list_saved_searches, gives=SearchesShown),
    Route("DELETE", "/v1/saved-searches/{search_id}", remove_saved_search),
)
