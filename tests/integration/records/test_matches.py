"""What answers what: the lists, whom it is told, and that nobody is told of what he may not open, nor twice."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from pydantic import SecretStr

from services.chassis import clock, ids
from services.chassis.authz_client import RemoteAccess
from services.chassis.http_client import Peer
from services.contracts.access import AccessSnapshot, Scope
from services.contracts.vocabulary import InquiryId, ListingId, Ownership, View
from services.records.app import SERVICE
from services.records.domain.inquiry import Inquiry, InquiryFilter
from services.records.domain.listing import ListingFilter
from services.records.domain.sorting import RecordSort
from services.records.domain.wanted import WANTED, answers
from services.records.operations import matches as matching
from services.records.store import inquiries, listings, matches, record_pages, records
from services.records.store.matches import Request
from tests.integration.records.conftest import KEYS, Agency, records_settings
from tests.support.databases import ServiceDatabase
from tests.support.issuer import Issuer
from tests.support.running import eventually, working
from tests.support.stub_authz import EVERYTHING, StubAuthz
from tests.unit.records.test_wanted import listings as some_listings
from tests.unit.records.test_wanted import searches

pytestmark = pytest.mark.asyncio(loop_scope="session")

OFFER: dict[str, Any] = {"standard_status": "active", "municipality": "Lucca", "rooms": 4}
WISH: dict[str, Any] = {"municipalities": ["Lucca"], "rooms_min": 3}
TIMES = 100


def _but(fields: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {**fields, **other}


async def _requests(agency: Agency) -> list[Request]:
    async with agency.db.transaction(agency.tenant_id, readonly=True) as tx:
        rows = await tx.rows("SELECT listing_id, requested_at FROM match_requests ORDER BY requested_at")
    return [Request(agency.tenant_id, row["listing_id"], row["requested_at"]) for row in rows]


async def _carry_out(agency: Agency, requests: list[Request] | None = None) -> int:
    """Do what the worker does with what is requested; return how many matches were told."""
    access = RemoteAccess(Peer(agency.http, agency.authz.url, SecretStr("x")))
    asked = await _requests(agency) if requests is None else requests
    return sum([await matching.carry_out(agency.db, access, one, clock.now()) for one in asked])


async def test_a_request_that_fails_again_and_again_waits_longer_each_time_until_it_is_made_anew(
    agency: Agency,
) -> None:
    made, now = await agency.take_on(**OFFER), clock.now()
    pauses = list[int]()
    for _ in range(14):
        async with agency.db.transaction(agency.tenant_id, readonly=True) as tx:
            (one,) = await matches.find_requests(tx, now + timedelta(days=365), 100)
        await matching.put_off(agency.db, one, now)
        (put_off,) = await _requests(agency)
        pauses.append(round((put_off.requested_at - now).total_seconds()))
        now = put_off.requested_at
    assert pauses == [30, 60, 120, 240, 480, 960, 1920, *[3600] * 7]
    assert (await agency.change(agency.ada, made, {"title": "New"})).status == 200
    async with agency.db.transaction(agency.tenant_id, readonly=True) as tx:
        (one,) = await matches.find_requests(tx, clock.now(), 100)
    assert one.failures == 0


async def _wish(agency: Agency, contact: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"name": "Wish", "transaction_type": "sale", **WISH, **more}
    return (await agency.call(agency.ada, "POST", f"/v1/contacts/{contact['id']}/criteria", body)).body


async def test_lists_show_what_answers_and_only_as_far_as_the_caller_may_list_it(agency: Agency) -> None:
    inquiry = await agency.take_in(number="I", **WISH)
    await agency.take_in(number="J", **_but(WISH, rooms_min=5))
    await agency.take_in(number="K", standard_status="paused", **WISH)
    criteria = await _wish(agency, await agency.get_to_know())
    listing = await agency.take_on(number="A", **OFFER)
    await agency.take_on(number="B", office_id=str(agency.harbour), **OFFER)
    await agency.take_on(number="C", basic={"is_private": True}, **OFFER)
    await agency.take_on(number="D", **_but(OFFER, standard_status="draft"))
    await agency.take_on(number="E", **_but(OFFER, municipality="Pisa"))

    async def numbers(who: Any, path: str) -> set[str]:
        answer = await agency.call(who, "GET", f"/v1/{path}/matches")
        return {item["number"] for item in answer.body["items"]} if answer.status == 200 else {str(answer.status)}

    here = Scope(offices=frozenset({agency.centre}))
    agent = agency.give(agency.bruno, "inquiries.read", "criteria.read", "contacts.read", list=here)
    assert await numbers(agency.ada, f"inquiries/{inquiry['id']}") == {"A", "B", "C"}
    assert await numbers(agency.ada, f"criteria/{criteria['id']}") == {"A", "B", "C"}
    assert await numbers(agency.ada, f"listings/{listing['id']}") == {"I"}
    assert await numbers(agent, f"inquiries/{inquiry['id']}") == {"A"}
    assert await numbers(agent, f"criteria/{criteria['id']}") == {"A"}
    assert await numbers(agent, f"listings/{listing['id']}") == {"404"}
    assert await numbers(agency.carla, f"inquiries/{inquiry['id']}") == {"404"}
    page = (await agency.call(agency.ada, "GET", f"/v1/inquiries/{inquiry['id']}/matches?limit=2")).body
    rest = await agency.call(agency.ada, "GET", f"/v1/inquiries/{inquiry['id']}/matches?limit=2&cursor={page['next']}")
    assert (len(page["items"]), [item["number"] for item in rest.body["items"]]) == (2, ["A"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(listing=some_listings, wanted=searches)
async def test_the_statement_says_what_the_rule_says(agency: Agency, listing: Any, wanted: Any) -> None:
    everything = {"listings.list": EVERYTHING, "inquiries.list": EVERYTHING}
    who = AccessSnapshot(agency.tenant_id, agency.ada, 1, Ownership.ASSIGNEE, everything)
    now, place = clock.now(), {"office_id": agency.centre, "assignee_id": agency.ada, "created_by": agency.ada}
    offered = replace(listing, id=ListingId(ids.uuid7()), number=str(ids.uuid7()), updated_at=now, **place)
    inquiry = Inquiry(
        id=InquiryId(ids.uuid7()),
        number=str(ids.uuid7()),
        created_at=now,
        updated_at=now,
        **place,
        **{name: getattr(wanted, name) for name in WANTED},
    )
    if offered.list_price_minor is None:
        offered = replace(offered, currency=None)
    if (inquiry.list_price_minor_min, inquiry.list_price_minor_max) != (None, None):
        inquiry = replace(inquiry, currency="EUR")
    async with agency.db.transaction(agency.tenant_id) as tx:
        await records.insert(tx, listings.TABLE, offered)
        await records.insert(tx, inquiries.TABLE, inquiry)
        found = await record_pages.visible_page(
            tx, listings.TABLE, who, ListingFilter(answers_inquiry=inquiry.id), sort=RecordSort.UPDATED, limit=200
        )
        back = await record_pages.visible_page(
            tx, inquiries.TABLE, who, InquiryFilter(answered_by=offered.id), sort=RecordSort.UPDATED, limit=200
        )
        untold = await matches.untold(tx, offered.id)
        await tx.execute("DELETE FROM listings WHERE tenant_id = $1 AND id = $2", tx.tenant_id, offered.id)
        await tx.execute("DELETE FROM inquiries WHERE tenant_id = $1 AND id = $2", tx.tenant_id, inquiry.id)
    rule = answers(offered, inquiry)
    assert [rule] * 3 == [offered.id in {one.id for one in found}, bool(back), bool(untold)]


async def test_whoever_is_in_charge_and_may_open_both_is_told_once(agency: Agency, authz: StubAuthz) -> None:
    mine = {"assignee_id": str(agency.bruno)}
    inquiry = await agency.take_in(number="I", basic=mine, **WISH)
    contact = await agency.get_to_know(number="C", basic=mine)
    criteria = await _wish(agency, contact)
    await agency.take_in(number="O", basic={"assignee_id": str(agency.carla)}, **WISH)
    await agency.take_in(number="P", basic=mine, **_but(WISH, rooms_min=9))
    keys = ("listings.read", "inquiries.read", "contacts.read", "criteria.read")
    authz.give_all(agency.tenant_id, agency.bruno, *keys)
    authz.give(agency.tenant_id, agency.carla, {"inquiries.read": EVERYTHING, "listings.read": Scope(own=True)})

    listing = await agency.take_on(number="L", **OFFER)
    assert await _carry_out(agency) == 2
    told = {event["searcher_id"]: event for event in await agency.events("records.match.found.v1")}
    assert told == {
        searcher["id"]: {
            "user_id": str(agency.bruno),
            "listing_id": listing["id"],
            "listing_number": "L",
            "searcher": kind,
            "searcher_id": searcher["id"],
            "searcher_number": number,
        }
        for searcher, kind, number in ((inquiry, "inquiry", "I"), (criteria, "criteria", "C"))
    }
    await agency.change(agency.ada, listing, {"title": "New"})
    assert await _carry_out(agency) == 0
    authz.give_all(agency.tenant_id, agency.carla, *keys)
    listing = (await agency.call(agency.ada, "GET", f"/v1/listings/{listing['id']}")).body
    await agency.change(agency.ada, listing, {"title": "Newer"})
    assert await _carry_out(agency) == 1  # who may see it only now is told now


async def test_what_may_not_be_opened_is_not_told(agency: Agency, authz: StubAuthz) -> None:
    mine = {"assignee_id": str(agency.bruno)}
    await agency.take_in(basic=mine, **WISH)
    await _wish(agency, await agency.get_to_know(basic=mine))
    public = Scope(everything=View.PUBLIC)
    held = {"listings.read": public, "inquiries.read": EVERYTHING, "contacts.read": EVERYTHING}
    authz.give(agency.tenant_id, agency.bruno, held)  # no criteria.read
    await agency.take_on(basic={"is_private": True}, **OFFER)
    assert await _carry_out(agency) == 0
    await agency.take_on(**OFFER)
    assert await _carry_out(agency) == 1
    await agency.take_on(**_but(OFFER, standard_status="draft"))
    assert await _requests(agency) == []


async def test_however_many_workers_tell_each_match_is_told_once(agency: Agency, authz: StubAuthz) -> None:
    authz.give_all(
        agency.tenant_id, agency.ada, "listings.read", "inquiries.read", "inquiries.create", "listings.create"
    )
    for _ in range(3):
        await agency.take_in(**WISH)
    for _ in range(10):
        await agency.take_on(**OFFER)
    requests = await _requests(agency)
    told = await asyncio.gather(*(_carry_out(agency, requests) for _ in range(5)))
    assert sum(told) == 30
    found = [(event["listing_id"], event["searcher_id"]) for event in await agency.events("records.match.found.v1")]
    assert len(found) == len(set(found)) == 30


MANY = 1_100


async def test_however_many_searches_are_answered_none_is_lost_behind_those_that_may_not_be_told(
    agency: Agency, authz: StubAuthz
) -> None:
    hidden = await agency.take_in(basic={"assignee_id": str(agency.carla)}, **WISH)
    async with agency.db.transaction(agency.tenant_id) as tx:
        await tx.execute(
            """
            INSERT INTO inquiries (tenant_id, {columns})
            SELECT tenant_id, {columns}
              FROM (SELECT copy.*
                      FROM inquiries AS i, generate_series(1, $2::integer) AS n,
                           jsonb_populate_record(
                               i, jsonb_build_object('id', gen_random_uuid(), 'number', 'M' || n)) AS copy
                     WHERE i.tenant_id = $1) AS copies
            """.replace("{columns}", inquiries.TABLE.columns),
            agency.tenant_id,
            MANY,
        )
    shown = [(await agency.take_in(basic={"assignee_id": str(agency.bruno)}, **WISH))["id"] for _ in range(3)]
    authz.give_all(agency.tenant_id, agency.bruno, "listings.read", "inquiries.read")
    await agency.take_on(**OFFER)
    assert hidden["id"] not in shown
    assert await _carry_out(agency) == 3
    assert {event["searcher_id"] for event in await agency.events("records.match.found.v1")} == set(shown)
    assert await _requests(agency) == []


@pytest.mark.parametrize("what", ["change", "deletion"])
async def test_listings_are_saved_and_deleted_while_their_matches_are_told(
    agency: Agency, authz: StubAuthz, what: str
) -> None:
    for _ in range(5):
        await agency.take_in(basic={"assignee_id": str(agency.bruno)}, **WISH)
    authz.give_all(agency.tenant_id, agency.bruno, "listings.read", "inquiries.read")
    for at in range(TIMES):
        listing = await agency.take_on(**OFFER)
        body = {"title": f"T{at}"} if what == "change" else None
        requests = await _requests(agency)
        told, saved = await asyncio.gather(
            _carry_out(agency, requests),
            agency.do(agency.ada, "listings", listing, "PATCH " if what == "change" else "DELETE ", body),
        )
        assert (saved.status, told in {0, 5}) == (200 if what == "change" else 204, True), saved.body
        assert told + await _carry_out(agency) in ({5} if what == "change" else {0, 5})
    found = [(event["listing_id"], event["searcher_id"]) for event in await agency.events("records.match.found.v1")]
    assert len(found) == len(set(found))


async def test_what_was_told_of_a_search_is_forgotten_with_it(agency: Agency, authz: StubAuthz) -> None:
    authz.give_all(agency.tenant_id, agency.ada, *KEYS)
    inquiry, contact = await agency.take_in(**WISH), await agency.get_to_know()
    removed, buried = await _wish(agency, contact), await _wish(agency, contact)
    await agency.take_on(**OFFER)
    assert await _carry_out(agency) == 3
    for path, left in (
        (f"criteria/{removed['id']}", 2),
        (f"contacts/{contact['id']}", 1),
        (f"inquiries/{inquiry['id']}", 0),
    ):
        answer = await agency.call(agency.ada, "DELETE", f"/v1/{path}", headers={"If-Match": '"1"'})
        assert answer.status == 204
        async with agency.db.transaction(agency.tenant_id, readonly=True) as tx:
            assert await tx.value("SELECT count(*) FROM matches") == left
    assert buried["id"] != removed["id"]


async def test_a_listing_that_fails_keeps_no_other_from_its_turn(
    agency: Agency, records_database: ServiceDatabase, authz: StubAuthz, issuer: Issuer
) -> None:
    await agency.take_in(**WISH)
    broken = [await agency.take_on(**OFFER) for _ in range(3)]
    async with agency.db.transaction(agency.tenant_id) as tx:
        await tx.execute("UPDATE listings SET created_at = '10000-01-01'")  # no program can read that
    listing = await agency.take_on(**OFFER)

    async def told() -> list[str]:
        return [event["listing_id"] for event in await agency.events("records.match.found.v1")]

    async with working(SERVICE, records_settings(records_database, authz, issuer)):
        await eventually(told)
    assert await told() == [listing["id"]]
    assert {str(one.listing_id) for one in await _requests(agency)} == {one["id"] for one in broken}
    async with agency.db.transaction(agency.tenant_id) as tx:
        await tx.execute("DELETE FROM match_requests")


async def test_when_authz_is_silent_nothing_is_lost(agency: Agency, authz: StubAuthz) -> None:
    await agency.take_in(**WISH)
    await agency.take_on(**OFFER)
    authz.down = True
    try:
        with pytest.raises(Exception, match="cannot answer"):
            await _carry_out(agency)
    finally:
        authz.down = False
    assert await _carry_out(agency) == 1
