"""What the caller looks for again and again: filters and orders of the lists, under names."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal
from uuid import UUID

from pydantic import JsonValue

from services.chassis import ids
from services.chassis.database import json_object
from services.chassis.parsing import checked
from services.chassis.problems import FieldError, Invalid
from services.chassis.web import Call, Input, Output, Route
from services.records.deps import Deps
from services.records.domain.sorting import RecordSort, Sort
from services.records.handlers.contacts import ContactsFilter
from services.records.handlers.fields import Line
from services.records.handlers.inquiries import InquiriesFilter
from services.records.handlers.listings import ListingsFilter
from services.records.operations import saved_searches as operations
from services.records.store import saved_searches
from services.records.store.saved_searches import SavedSearch

AnyFilter = ListingsFilter | InquiriesFilter | ContactsFilter


@dataclass(frozen=True, slots=True)
class _Searched:
    """What a section's list takes."""

    filter: type[AnyFilter]
    sorts: type[StrEnum]


_SECTIONS: Final[Mapping[str, _Searched]] = {
    "listings": _Searched(ListingsFilter, Sort),
    "inquiries": _Searched(InquiriesFilter, RecordSort),
    "contacts": _Searched(ContactsFilter, RecordSort),
}


class SearchGiven(Input):
    name: Line
    filter: dict[str, JsonValue]
    """What the section's list takes as filters, by their names there."""
    sort: Sort = Sort.UPDATED
    """An order of the section's list."""


class NewSearch(SearchGiven):
    section: Literal["listings", "inquiries", "contacts"] = "listings"


class SearchShown(Output):
    id: UUID
    section: str
    name: str
    filter: AnyFilter
    sort: Sort
    version: int
    created_at: datetime


class SearchesShown(Output):
    items: list[SearchShown]


class SearchSaved(Output):
    id: UUID


async def create_saved_search(deps: Deps, call: Call, asked: NewSearch) -> SearchSaved:
    """Save a search under a name, up to 200. What it finds is decided each time it is used."""
    search = SavedSearch(ids.uuid7(), asked.name, "{}", asked.sort, call.now, asked.section)
    saved = await operations.save_search(deps.db, call.caller, _read(asked, search), call.idempotency_key)
    return SearchSaved(id=saved)


async def change_saved_search(deps: Deps, call: Call, asked: SearchGiven) -> SearchShown:
    """Put another name, filter and order in the place of a search's; it stays one of its section."""
    search_id = call.id_in_path("search_id")
    changed = await operations.change_search(
        deps.db, call.caller, search_id, call.version, lambda before: _read(asked, before)
    )
    return _shown(changed)


async def list_saved_searches(deps: Deps, call: Call) -> SearchesShown:
    """List the caller's own searches of all sections by name."""
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        found = await saved_searches.of(tx, call.caller.user_id)
    return SearchesShown(items=[_shown(one) for one in found])


async def remove_saved_search(deps: Deps, call: Call) -> None:
    """Delete one of the caller's own searches."""
    await operations.drop_search(deps.db, call.caller, call.id_in_path("search_id"))


def _shown(search: SavedSearch) -> SearchShown:
    return SearchShown(
        id=search.id,
        section=search.section,
        name=search.name,
        filter=_SECTIONS[search.section].filter.model_validate(json_object(search.filter)),
        sort=Sort(search.sort),
        version=search.version,
        created_at=search.created_at,
    )


def _read(asked: SearchGiven, search: SavedSearch) -> SavedSearch:
    """Return a search with what is asked, refusing now what would be refused whenever it is used. Raises Invalid."""
    searched = _SECTIONS[search.section]
    if asked.sort not in list(searched.sorts):
        raise Invalid(errors=[FieldError("/sort", "enum", f"The list has these orders: {', '.join(searched.sorts)}.")])
    try:
        chosen = checked(searched.filter, asked.filter)
        chosen.filter()
    except Invalid as invalid:
        raise Invalid(errors=[replace(error, pointer=f"/filter{error.pointer}") for error in invalid.errors]) from None
    return replace(search, name=asked.name, filter=chosen.model_dump_json(exclude_none=True), sort=asked.sort)


ROUTES = (
    Route("POST", "/v1/saved-searches", create_saved_search, takes=NewSearch, gives=SearchSaved, status=201, once=True),
    Route("GET", "/v1/saved-searches", list_saved_searches, gives=SearchesShown),
    Route(
        "PUT", "/v1/saved-searches/{search_id}", change_saved_search, takes=SearchGiven, gives=SearchShown, edits=True
    ),
    Route("DELETE", "/v1/saved-searches/{search_id}", remove_saved_search),
)
