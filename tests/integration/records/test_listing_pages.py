"""The list of listings: pages, order, filters, and what is not listed."""

import asyncio
from typing import Any

import pytest

from services.contracts.access import Scope
from services.contracts.vocabulary import View
from tests.integration.records.conftest import Agency
from tests.support.stub_authz import EVERYTHING

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _listed(agency: Agency, query: str = "", who: Any = None) -> list[dict[str, Any]]:
    answer = await agency.call(who or agency.ada, "GET", f"/v1/listings{query}")
    assert answer.status == 200, answer.body
    return answer.body["items"]


async def _numbers(agency: Agency, query: str = "", who: Any = None) -> set[str]:
    return {item["number"] for item in await _listed(agency, query, who)}


async def test_pages_hold_every_old_listing_once_while_new_ones_arrive_and_old_ones_change(agency: Agency) -> None:
    old = [await agency.take_on() for _ in range(30)]
    going_on = asyncio.Event()

    async def keep_adding() -> int:
        added = 0
        while not going_on.is_set():
            await agency.take_on()
            added += 1
        return added

    adding = asyncio.create_task(keep_adding())
    seen, query = list[str](), "?limit=4"
    while True:
        page = (await agency.call(agency.ada, "GET", f"/v1/listings{query}")).body
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        query = f"?limit=4&cursor={page['next']}"
    going_on.set()
    assert await adding > 0
    assert len(seen) == len(set(seen))
    assert {listing["id"] for listing in old} <= set(seen)


async def test_the_latest_change_comes_first(agency: Agency) -> None:
    first, second, third = [await agency.take_on() for _ in range(3)]
    await agency.change(agency.ada, first, {"title": "Changed"})
    assert [item["id"] for item in await _listed(agency)] == [first["id"], third["id"], second["id"]]


async def test_the_last_page_says_so_even_when_it_is_full(agency: Agency) -> None:
    for _ in range(4):
        await agency.take_on()
    page = (await agency.call(agency.ada, "GET", "/v1/listings?limit=2")).body
    last = (await agency.call(agency.ada, "GET", f"/v1/listings?limit=2&cursor={page['next']}")).body
    assert (len(page["items"]), len(last["items"]), last["next"]) == (2, 2, None)


async def test_a_list_is_sorted_by_what_is_asked_for_and_a_cursor_belongs_to_its_order(agency: Agency) -> None:
    for number, price, area in (("B", 300, "10.00"), ("A", None, "30.00"), ("C", 100, None)):
        await agency.take_on(number=number, list_price_minor=price, currency="EUR", living_area_m2=area)
    for sort, wanted in (
        ("-created_at", "CAB"),
        ("list_price_minor", "ACB"),
        ("-list_price_minor", "BCA"),
        ("-living_area_m2", "ABC"),
        ("number", "ABC"),
    ):
        found, query = "", f"?sort={sort}&limit=1"
        while True:
            page = (await agency.call(agency.ada, "GET", f"/v1/listings{query}")).body
            found += "".join(item["number"] for item in page["items"])
            if page["next"] is None:
                break
            query = f"?sort={sort}&limit=1&cursor={page['next']}"
        assert found == wanted, sort
    page = (await agency.call(agency.ada, "GET", "/v1/listings?sort=number&limit=1")).body
    for query in (f"?cursor={page['next']}", "?sort=owner_name", "?sort=number&cursor=AAAA", "?sort=number&cursor=W10"):
        assert (await agency.call(agency.ada, "GET", f"/v1/listings{query}")).status == 422, query


async def test_a_count_counts_what_is_listed_and_no_more(agency: Agency) -> None:
    for town in ("Lucca", "Lucca", "Pisa"):
        await agency.take_on(municipality=town)
    agent = agency.give(agency.bruno, list=Scope(own=True))
    assert (await agency.call(agency.ada, "GET", "/v1/listings/count?municipality=Lucca")).body == {
        "count": 2,
        "capped": False,
    }
    assert (await agency.call(agent, "GET", "/v1/listings/count")).body == {"count": 0, "capped": False}
    assert (await agency.call(agency.ada, "GET", "/v1/listings/count?owner_name=Neri")).status == 422


async def test_each_filter_keeps_what_it_asks_for(agency: Agency) -> None:
    await agency.take_on(number="A", standard_status="active", municipality="Lucca", office_id=str(agency.harbour))
    await agency.take_on(number="B", transaction_type="rent", list_price_minor=900_00, currency="EUR")
    await agency.take_on(number="C", property_type="land", list_price_minor=5_000_00, currency="PLN")
    await agency.take_on(number="D", basic={"assignee_id": str(agency.bruno)}, municipality="Lucca")
    for query, kept in (
        ("", "ABCD"),
        ("?standard_status=active", "A"),
        ("?transaction_type=rent", "B"),
        ("?property_type=land", "C"),
        ("?municipality=Lucca", "AD"),
        (f"?office_id={agency.harbour}", "A"),
        (f"?assignee_id={agency.bruno}", "D"),
        (f"?municipality=Lucca&assignee_id={agency.ada}", "A"),
        ("?list_price_minor_min=90000", "BC"),
        ("?list_price_minor_min=90001&list_price_minor_max=500000", "C"),
        ("?list_price_minor_max=600000&currency=EUR", "B"),
        ("?municipality=Pisa", ""),
    ):
        assert await _numbers(agency, query) == set(kept), query


@pytest.mark.parametrize("section", ["listings", "inquiries"])
async def test_the_archive_is_listed_counted_and_taken_out_only_when_it_is_asked_for(
    agency: Agency, section: str
) -> None:
    take, live = (agency.take_on, "active") if section == "listings" else (agency.take_in, "active")
    kept = await take(number="A", standard_status=live)
    await take(number="B", standard_status="draft" if section == "listings" else "paused")
    old = await take(number="C", standard_status=live)
    path = f"/v1/{section}/{old['id']}"
    assert (await agency.call(agency.ada, "POST", f"{path}/archive", {}, {"If-Match": '"1"'})).status == 200

    other = "draft" if section == "listings" else "paused"
    for query, found in (
        ("", "AB"),
        ("standard_status=archived", "C"),
        (f"standard_status=active,{other}", "AB"),
        ("standard_status=archived,active,active", "AC"),
        (f"standard_status={other}", "B"),
        ("q=c", ""),
        ("q=c&standard_status=archived", "C"),
        (f"office_id={agency.centre}&assignee_id={agency.ada}", "AB"),
    ):
        for sort in ("-updated_at", "-created_at", "number"):
            page = (await agency.call(agency.ada, "GET", f"/v1/{section}?sort={sort}&{query}")).body
            assert {item["number"] for item in page["items"]} == set(found), (query, sort)
        counted = (await agency.call(agency.ada, "GET", f"/v1/{section}/count?{query}")).body
        assert counted["count"] == len(found), query
    assert (await agency.call(agency.ada, "GET", path)).body["standard_status"] == "archived"

    new = {"If-Match": '"0"'}
    for record in (kept, old):
        entry = {"holder_kind": "user", "holder_id": str(agency.bruno), "record_class": "read", "effect": "allow"}
        given = await agency.call(
            agency.ada, "PUT", f"/v1/{section}/{record['id']}/record-rights", {"entries": [entry]}, new
        )
        assert given.status == 200, given.body
    by_right = agency.give(agency.bruno, beside=[agency.bruno])
    for query, found in (("", "A"), ("?standard_status=archived", "C"), ("?standard_status=archived,active", "AC")):
        page = (await agency.call(by_right, "GET", f"/v1/{section}{query}")).body
        assert {item["number"] for item in page["items"]} == set(found), query


@pytest.mark.catalogue("MG-55")
async def test_an_apartment_with_three_rooms_from_eighty_square_metres_is_found(agency: Agency) -> None:
    flat: dict[str, Any] = {
        "property_sub_type": "apartment",
        "rooms": 3,
        "living_area_m2": "80.00",
        "district": "Centro",
        "floor": 2,
    }
    await agency.take_on(number="A", **flat, municipality="Lucca", year_built=1990, bedrooms_total=2)
    await agency.take_on(**flat | {"number": "B", "living_area_m2": "79.99"})
    await agency.take_on(**flat | {"number": "C", "rooms": 4, "plot_area_m2": "500.00"})
    await agency.take_on(number="D", basic={"superoffer": True, "is_private": True})
    for query, kept in (
        ("property_sub_type=apartment&rooms_min=3&rooms_max=3&living_area_min_m2=80&municipality=Lucca", "A"),
        ("living_area_max_m2=79.99", "B"),
        ("living_area_min_m2=79.99&living_area_max_m2=80", "ABC"),
        ("district=Centro&rooms_max=3", "AB"),
        ("floor_min=2&floor_max=2&rooms_min=4", "C"),
        ("year_built_min=1990&bedrooms_min=2&bedrooms_max=2", "A"),
        ("year_built_max=1989", ""),
        ("plot_area_min_m2=500&plot_area_max_m2=500.00", "C"),
        ("superoffer=true", "D"),
        ("superoffer=false&no_commission=false&banner=false&investment=false", "ABC"),
        ("is_private=true", "D"),
        ("created_since=2026-01-01T00:00:00Z&updated_since=2026-01-01T00:00:00%2B02:00", "ABCD"),
        ("updated_since=2100-01-01T00:00:00Z", ""),
    ):
        assert await _numbers(agency, f"?{query}") == set(kept), query
        counted = (await agency.call(agency.ada, "GET", f"/v1/listings/count?{query}")).body
        assert counted["count"] == len(kept), query


async def test_a_filter_tells_nothing_about_a_flag_that_is_hidden(agency: Agency) -> None:
    await agency.take_on(number="A", basic={"assignee_id": str(agency.carla), "superoffer": True})
    await agency.take_on(number="B", basic={"assignee_id": str(agency.bruno), "superoffer": True})
    visitor = agency.give(agency.bruno, list=Scope(everything=View.PUBLIC, own=True))
    for flag in ("superoffer", "no_commission", "banner", "investment", "is_private"):
        found = [await _numbers(agency, f"?{flag}={said}", visitor) for said in ("true", "false")]
        assert sorted(found, key=len) == [set(), {"B"}], flag


async def test_a_filter_tells_nothing_about_a_field_that_is_hidden(agency: Agency) -> None:
    await agency.take_on(number="A", basic={"assignee_id": str(agency.carla)})
    await agency.take_on(number="B", basic={"assignee_id": str(agency.bruno)})
    visitor = agency.give(agency.bruno, list=Scope(everything=View.PUBLIC, own=True))
    assert await _numbers(agency, "", visitor) == {"A", "B"}
    assert await _numbers(agency, f"?assignee_id={agency.carla}", visitor) == set()
    assert await _numbers(agency, f"?assignee_id={agency.bruno}", visitor) == {"B"}
    views = {item["number"]: item["view"] for item in await _listed(agency, "", visitor)}
    assert views == {"A": "public", "B": "full"}


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("?limit=0", "/limit"),
        ("?limit=201", "/limit"),
        ("?cursor=AAAA", "/cursor"),
        ("?cursor=%00", ""),
        ("?standard_status=gone", "/standard_status"),
        ("?standard_status=active,gone", "/standard_status"),
        ("?standard_status=active,", "/standard_status"),
        ("?standard_status=", "/standard_status"),
        ("?owner_name=Neri", "/owner_name"),
        ("?street_name=Fillungo", "/street_name"),
        ("?office_id=7", "/office_id"),
        ("?list_price_minor_min=x", "/list_price_minor_min"),
        ("?rooms_min=-1", "/rooms_min"),
        ("?living_area_min_m2=1e3", "/living_area_min_m2"),
        ("?superoffer=2", "/superoffer"),
        ("?updated_since=2026-01-01", "/updated_since"),
        ("?key_holder_id=7", "/key_holder_id"),
    ],
)
async def test_a_list_that_cannot_be_asked_for_says_where(agency: Agency, query: str, pointer: str) -> None:
    answer = await agency.call(agency.ada, "GET", f"/v1/listings{query}")
    assert answer.refusal == (422, "invalid", {pointer})


@pytest.mark.catalogue("IMO-21", "IMO-29")
async def test_listing_is_not_opening(agency: Agency) -> None:
    made = await agency.take_on(identity={"owner_name": "Giulia Neri"})
    looker = agency.give(agency.bruno, list=EVERYTHING, identity__read=EVERYTHING)
    opener = agency.give(agency.carla, read=EVERYTHING)
    (shown,) = await _listed(agency, "", looker)
    assert (shown["id"], shown["identity"]) == (made["id"], None)
    assert (await agency.call(looker, "GET", f"/v1/listings/{made['id']}")).status == 404
    assert await _listed(agency, "", opener) == []
    assert (await agency.call(opener, "GET", f"/v1/listings/{made['id']}")).status == 200
