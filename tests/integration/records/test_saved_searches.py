"""Searches under a name: the caller's own, of fields that everybody may ask for."""

import asyncio
from typing import Any
from urllib.parse import urlencode

import pytest

from services.chassis import clock, ids
from services.records.store import saved_searches
from services.records.store.saved_searches import MOST, SavedSearch
from tests.integration.records.conftest import Agency

pytestmark = pytest.mark.asyncio(loop_scope="session")

SEARCH = {"name": "Lucca", "filter": {"municipality": "Lucca"}, "sort": "list_price_minor"}


async def test_a_saved_search_is_its_owners_and_comes_back_as_it_was(agency: Agency) -> None:
    made = await agency.call(agency.ada, "POST", "/v1/saved-searches", SEARCH)
    assert made.status == 201
    (shown,) = (await agency.call(agency.ada, "GET", "/v1/saved-searches")).body["items"]
    assert (shown["id"], shown["name"], shown["sort"]) == (made.body["id"], "Lucca", "list_price_minor")
    assert {name: value for name, value in shown["filter"].items() if value is not None} == SEARCH["filter"]
    assert (await agency.call(agency.bruno, "GET", "/v1/saved-searches")).body["items"] == []

    path = f"/v1/saved-searches/{made.body['id']}"
    assert (await agency.call(agency.bruno, "DELETE", path)).status == 404
    assert (await agency.call(agency.ada, "DELETE", path)).status == 204
    assert (await agency.call(agency.ada, "GET", "/v1/saved-searches")).body["items"] == []


async def test_a_name_is_taken_once_and_a_key_saves_once(agency: Agency) -> None:
    key = {"Idempotency-Key": "once"}
    answers = [await agency.call(agency.ada, "POST", "/v1/saved-searches", SEARCH, key) for _ in range(2)]
    assert answers[0].body == answers[1].body
    again = await agency.call(agency.ada, "POST", "/v1/saved-searches", SEARCH)
    assert again.refusal == (409, "name_taken", {"/name"})
    assert (await agency.call(agency.bruno, "POST", "/v1/saved-searches", SEARCH)).status == 201


async def test_what_may_not_be_asked_for_may_not_be_saved_either(agency: Agency) -> None:
    for wrong in ({"filter": {"owner_name": "Neri"}}, {"sort": "owner_name"}, {"name": ""}):
        answer = await agency.call(agency.ada, "POST", "/v1/saved-searches", {**SEARCH, **wrong})
        assert answer.status == 422, wrong
    wordless = await agency.call(agency.ada, "POST", "/v1/saved-searches", {**SEARCH, "filter": {"q": "!"}})
    assert wordless.refusal == (422, "invalid", {"/filter/q"})


async def test_a_search_of_any_list_is_saved_as_that_list_takes_it(agency: Agency) -> None:
    filters = {
        "listings": {"standard_status": "active,reserved", "rooms_min": 3, "living_area_min_m2": "80.00"},
        "inquiries": {"standard_status": "archived", "rooms": 3, "updated_since": "2026-01-01T00:00:00Z"},
        "contacts": {"role": "owner"},
    }
    for section, chosen in filters.items():
        body = {"section": section, "name": section, "filter": chosen}
        assert (await agency.call(agency.ada, "POST", "/v1/saved-searches", body)).status == 201
    shown = (await agency.call(agency.ada, "GET", "/v1/saved-searches")).body["items"]
    assert [one["section"] for one in shown] == sorted(filters)
    for one in shown:
        asked = {name: value for name, value in one["filter"].items() if value is not None}
        assert asked == filters[one["section"]]
        assert (await agency.call(agency.ada, "GET", f"/v1/{one['section']}?{urlencode(asked)}")).status == 200

    wrong: dict[str, Any] = {"section": "inquiries", "name": "N", "filter": {"rooms_min": 3}}
    refused = await agency.call(agency.ada, "POST", "/v1/saved-searches", wrong)
    assert refused.refusal == (422, "invalid", {"/filter/rooms_min"})
    wrong = {"section": "contacts", "name": "N", "filter": {}, "sort": "list_price_minor"}
    assert (await agency.call(agency.ada, "POST", "/v1/saved-searches", wrong)).refusal == (422, "invalid", {"/sort"})


async def test_a_search_is_changed_from_the_version_that_was_seen(agency: Agency) -> None:
    for name in ("Lucca", "Pisa"):
        made = await agency.call(agency.ada, "POST", "/v1/saved-searches", {**SEARCH, "name": name})
    path, seen = f"/v1/saved-searches/{made.body['id']}", {"If-Match": '"1"'}
    other = {"name": "Siena", "filter": {"rooms_min": 3}, "sort": "number"}
    before = (await agency.call(agency.ada, "GET", "/v1/saved-searches")).body
    for who, body, headers, refusal in (
        (agency.ada, other, {}, 428),
        (agency.ada, other, {"If-Match": '"2"'}, 412),
        (agency.bruno, other, seen, 404),
        (agency.ada, {**other, "name": "Lucca"}, seen, 409),
        (agency.ada, {**other, "filter": {"owner_name": "Neri"}}, seen, 422),
        (agency.ada, {**other, "section": "contacts"}, seen, 422),
    ):
        assert (await agency.call(who, "PUT", path, body, headers)).status == refusal
        assert (await agency.call(agency.ada, "GET", "/v1/saved-searches")).body == before

    changed = await agency.call(agency.ada, "PUT", path, other, seen)
    assert (changed.status, changed.headers["ETag"]) == (200, '"2"')
    items = {one["name"]: one for one in (await agency.call(agency.ada, "GET", "/v1/saved-searches")).body["items"]}
    assert items.keys() == {"Lucca", "Siena"}
    assert items["Siena"] == changed.body
    assert (items["Siena"]["filter"]["rooms_min"], items["Siena"]["sort"]) == (3, "number")
    assert (await agency.call(agency.ada, "PUT", path, other, {"If-Match": '"2"'})).status == 200, (
        "its own name is free"
    )


async def test_of_more_searches_than_the_list_shows_none_is_saved(agency: Agency) -> None:
    async with agency.db.transaction(agency.tenant_id) as tx:
        for at in range(MOST - 2):
            await saved_searches.insert(tx, agency.ada, SavedSearch(ids.uuid7(), f"S{at}", "{}", "number", clock.now()))
    answers = await asyncio.gather(
        *(agency.call(agency.ada, "POST", "/v1/saved-searches", {**SEARCH, "name": f"{at}"}) for at in range(5))
    )
    assert sorted(answer.status for answer in answers) == [201, 201, 409, 409, 409]
    assert {answer.body["code"] for answer in answers if answer.status == 409} == {"too_many_searches"}
    assert len((await agency.call(agency.ada, "GET", "/v1/saved-searches")).body["items"]) == MOST
    assert (await agency.call(agency.bruno, "POST", "/v1/saved-searches", SEARCH)).status == 201
