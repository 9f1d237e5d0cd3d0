"""Taking on, opening and changing listings: what each may see and do, field by field."""

import asyncio
from typing import Any
from uuid import UUID

import aiohttp
import pytest

from services.chassis import ids
from services.chassis.database import Database
from services.contracts.access import Scope
from services.contracts.vocabulary import UserId, UserState, View
from services.records.store import directory
from tests.integration.records.conftest import FLAT, SEARCH, Agency, open_agency
from tests.support.issuer import Issuer
from tests.support.stub_authz import EVERYTHING, StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")

PUBLIC = Scope(everything=View.PUBLIC)
OWN = Scope(own=True)

WHOLE: dict[str, Any] = {
    "number": "KR/2026-1",
    "standard_status": "active",
    "transaction_type": "rent",
    "property_type": "commercial_lease",
    "property_sub_type": "villa",
    "title": "Villa with a view",
    "description": "Quiet.\nSunny.",
    "country": "IT",
    "region": "Toscana",
    "province": "LU",
    "municipality": "Lucca",
    "district": "Centro storico",
    "postal_code": "55100",
    "list_price_minor": 450_000_00,
    "currency": "EUR",
    "living_area_m2": "182.35",
    "plot_area_m2": "1200.00",
    "rooms": 7,
    "bedrooms_total": 4,
    "bathrooms_total": 3,
    "floor": -1,
    "year_built": 1890,
    "energy_class": "A+++",
    "condition": "renovated",
    "features": ["balcony", "elevator"],
    "heating": "heat_pump",
    "building_area_total_m2": "240.50",
    "parking_total": 2,
    "association_fee_minor": 120_00,
    "virtual_tour_url": "https://tours.example/kr-1?view=3",
}
IDENTITY = {
    "street_name": "Via Fillungo",
    "street_number": "12",
    "unit_number": "3b",
    "owner_name": "Giulia Neri",
    "owner_phone": "+39 0583 123456",
    "owner_email": "giulia@owner.example",
}


async def _opened(agency: Agency, who: UUID, listing: dict[str, Any]) -> dict[str, Any]:
    answer = await agency.call(who, "GET", f"/v1/listings/{listing['id']}")
    assert answer.status == 200, answer.body
    return answer.body


async def test_everything_that_was_given_comes_back_exactly(agency: Agency) -> None:
    basic = {"assignee_id": str(agency.bruno), "is_private": True}
    flags: dict[str, Any] = {"superoffer": True, "no_commission": True, "banner": True, "investment": True}
    flags["key_holder_id"] = str(agency.carla)
    flags |= {"occupant_type": "tenant", "listing_agreement": "exclusive_agency", "commission_basis_points": 350}
    flags |= {"listing_contract_date": "2026-01-31", "expiration_date": "2026-07-31"}
    made = await agency.take_on(
        **WHOLE, basic={**basic, **flags}, identity=IDENTITY, private_note={"text": "Ring twice."}
    )
    shown = await _opened(agency, agency.ada, made)

    assert shown == made
    assert (await agency.call(agency.ada, "GET", "/v1/listings")).body["items"] == [made]
    assert {name: shown[name] for name in WHOLE} == WHOLE
    assert shown["basic"] == {**basic, **flags, "created_by": str(agency.ada)}
    assert shown["identity"] == IDENTITY
    assert shown["private_note"] == {"text": "Ring twice."}
    assert (shown["view"], shown["version"], shown["office_id"]) == ("full", 1, str(agency.centre))


async def test_features_are_kept_once_each_however_they_are_written(agency: Agency) -> None:
    made = await agency.take_on(features=["terrace", "cellar", "terrace"])
    assert made["features"] == ["cellar", "terrace"]
    emptied = (await agency.change(agency.ada, made, {"features": []})).body
    assert (emptied["features"], emptied["version"]) == ([], 2)


async def test_areas_are_exact_to_two_decimals(agency: Agency) -> None:
    for given in ("0.01", "0.29", "1.10", "999999999.99", 75, 75.5):
        made = await agency.take_on(living_area_m2=given)
        assert made["living_area_m2"] == f"{float(given):.2f}"
    for given in ("0.001", "-1", "1e10", "NaN", "Infinity", True):
        answer = await agency.call(
            agency.ada, "POST", "/v1/listings", {**FLAT, "office_id": str(agency.centre), "living_area_m2": given}
        )
        assert answer.refusal == (422, "invalid", {"/living_area_m2"}), given


@pytest.mark.catalogue("MG-35", "MG-56")
async def test_the_public_view_shows_public_fields_only_and_says_that_the_rest_is_hidden(agency: Agency) -> None:
    made = await agency.take_on(identity=IDENTITY, private_note={"text": "Ring twice."})
    here = Scope(public_offices=frozenset({agency.centre}))
    visitor = agency.give(agency.bruno, read=here, list=here, identity__read=EVERYTHING, private_note__read=EVERYTHING)
    shown = await _opened(agency, visitor, made)
    assert shown["view"] == "public"
    assert (shown["basic"], shown["identity"], shown["private_note"]) == (None, None, None)

    listed = (await agency.call(visitor, "GET", "/v1/listings")).body["items"]
    assert listed == [shown]
    for secret in (*IDENTITY.values(), "Ring twice.", str(agency.ada)):
        assert len(secret) < 4 or secret not in str(shown), secret  # the shortest are part of any identifier


@pytest.mark.catalogue("IMO-B12")
async def test_identity_and_private_note_are_shown_where_their_own_permission_reaches(agency: Agency) -> None:
    here = await agency.take_on(identity=IDENTITY, private_note={"text": "Ring twice."})
    there = await agency.take_on(office_id=str(agency.harbour), identity=IDENTITY)
    empty = await agency.take_on()
    agent = agency.give(
        agency.bruno,
        list=EVERYTHING,
        read=EVERYTHING,
        identity__read=Scope(offices=frozenset({agency.centre})),
        private_note__read=OWN,
    )
    assert (await _opened(agency, agent, here))["identity"] == IDENTITY
    assert (await _opened(agency, agent, here))["private_note"] is None
    assert (await _opened(agency, agent, there))["identity"] is None
    assert (await _opened(agency, agent, empty))["identity"] == dict.fromkeys(IDENTITY)

    listed = (await agency.call(agent, "GET", "/v1/listings")).body["items"]
    assert {item["id"]: item["identity"] is None for item in listed} == {
        here["id"]: False,
        there["id"]: True,
        empty["id"]: False,
    }


@pytest.mark.catalogue("IMO-B14", "MG-62")
async def test_a_private_listing_is_its_owners_and_whoever_may_read_private_ones(agency: Agency) -> None:
    made = await agency.take_on(basic={"is_private": True, "assignee_id": str(agency.bruno)})
    owner = agency.give(agency.bruno, list=EVERYTHING, read=EVERYTHING)
    other = agency.give(agency.carla, list=EVERYTHING, read=EVERYTHING)
    assert (await agency.call(owner, "GET", f"/v1/listings/{made['id']}")).status == 200
    assert (await agency.call(agency.ada, "GET", f"/v1/listings/{made['id']}")).status == 200
    assert (await agency.call(other, "GET", f"/v1/listings/{made['id']}")).refusal == (404, "not_found", set())
    assert (await agency.call(other, "GET", "/v1/listings")).body == {"items": [], "next": None}


async def test_a_listing_of_another_agency_is_nowhere(
    agency: Agency,
    http: aiohttp.ClientSession,
    records_url: str,
    records_db: Database,
    authz: StubAuthz,
    issuer: Issuer,
) -> None:
    made = await agency.take_on()
    stranger = await open_agency(http, records_url, records_db, authz, issuer)
    before = await agency.stored()
    assert (await stranger.call(stranger.ada, "GET", f"/v1/listings/{made['id']}")).status == 404
    assert (await stranger.change(stranger.ada, made, {"title": "Mine"})).refusal == (404, "not_found", set())
    assert (await stranger.call(stranger.ada, "GET", "/v1/listings")).body["items"] == []
    assert await agency.stored() == before


async def test_what_can_be_no_identifier_is_nowhere(agency: Agency) -> None:
    for path in ("/v1/listings/7", f"/v1/listings/{ids.uuid7()}"):
        assert (await agency.call(agency.ada, "GET", path)).refusal == (404, "not_found", set())


@pytest.mark.catalogue("MG-59", "IMO-2")
async def test_a_new_listing_is_its_creators_and_needs_the_permission_to_create(agency: Agency) -> None:
    creator = agency.give(agency.bruno, create=EVERYTHING, read=OWN, identity__read=OWN)
    made = await agency.take_on(creator, identity=IDENTITY)
    assert made["basic"]["assignee_id"] == made["basic"]["created_by"] == str(agency.bruno)
    assert made["identity"] == IDENTITY

    before = await agency.stored()
    nobody = agency.give(agency.carla, list=EVERYTHING, read=EVERYTHING, update=EVERYTHING)
    answer = await agency.call(nobody, "POST", "/v1/listings", {**FLAT, "office_id": str(agency.centre)})
    assert answer.refusal == (403, "permission_missing", set())
    assert "listings.create" in answer.body["detail"]
    assert await agency.stored() == before


@pytest.mark.catalogue("MG-59")
@pytest.mark.parametrize(
    ("section", "new"),
    [("listings", FLAT), ("inquiries", SEARCH), ("contacts", {"basic": {"name": "Giulia Neri"}})],
)
async def test_a_new_record_lies_in_its_creators_office_and_elsewhere_by_who_may_move_it_there(
    agency: Agency, section: str, new: dict[str, Any]
) -> None:
    keys: dict[str, Any] = {"create": EVERYTHING, "read": EVERYTHING}
    agent = agency.give(agency.bruno, section=section, **keys)
    mover = agency.give(agency.carla, section=section, **keys, assignee__update=OWN)
    both = agency.give(UserId(ids.uuid7()), section=section, beside=(agency.harbour,), **keys)
    path, elsewhere = f"/v1/{section}", {**new, "office_id": str(agency.harbour)}
    made = await agency.call(agent, "POST", path, new)
    assert (made.status, made.body["office_id"]) == (201, str(agency.centre))
    before = await agency.stored()
    refused = await agency.call(agent, "POST", path, elsewhere)
    assert refused.refusal == (403, "permission_missing", {"/office_id"})
    moved = await agency.do(agent, section, made.body, "PATCH ", {"office_id": str(agency.harbour)})
    assert moved.refusal == refused.refusal, "creating there takes what moving there takes"
    assert (await agency.call(both, "POST", path, new)).refusal == (422, "no_office", {"/office_id"})
    assert await agency.stored() == before
    for who in (mover, both):
        assert (await agency.call(who, "POST", path, elsewhere)).body["office_id"] == str(agency.harbour)


async def test_who_may_create_but_not_open_gets_no_document(agency: Agency) -> None:
    creator = agency.give(agency.bruno, create=EVERYTHING)
    answer = await agency.call(creator, "POST", "/v1/listings", {**FLAT, "office_id": str(agency.centre)})
    assert (answer.status, answer.body) == (201, None)
    assert (await agency.call(agency.ada, "GET", answer.headers["Location"])).status == 200


@pytest.mark.catalogue("IMO-1", "IMO-8", "IMO-9", "IMO-10", "IMO-11", "IMO-32", "IMO-33", "MG-62", "MG-63")
@pytest.mark.parametrize(
    ("body", "pointer", "key"),
    [
        ({"basic": {"is_private": True}}, "/basic/is_private", "listings.private.create"),
        ({"basic": {"superoffer": True}}, "/basic/superoffer", "listings.superoffer.update"),
        ({"basic": {"no_commission": True}}, "/basic/no_commission", "listings.no_commission.update"),
        ({"basic": {"banner": True}}, "/basic/banner", "listings.banner.update"),
        ({"basic": {"investment": True}}, "/basic/investment", "listings.investment.update"),
        ({"basic": {"key_holder_id": "carla"}}, "/basic/key_holder_id", "listings.key_holder.update"),
        ({"basic": {"assignee_id": "carla"}}, "/basic/assignee_id", "listings.assignee.update"),
        ({"private_note": {"text": "Ring twice."}}, "/private_note/text", "listings.private_note.update"),
        ({"standard_status": "archived"}, "/standard_status", "listings.archive.now"),
    ],
)
async def test_a_permission_of_its_own_is_asked_for_at_creation_and_at_change(
    agency: Agency, body: dict[str, Any], pointer: str, key: str
) -> None:
    if "carla" in body.get("basic", {}).values():
        body = {"basic": dict.fromkeys(body["basic"], str(agency.carla))}
    without = agency.give(agency.bruno, create=EVERYTHING, list=OWN, read=OWN, update=OWN, identity__update=OWN)
    made = await agency.take_on(without)
    before = await agency.stored()

    created = await agency.call(without, "POST", "/v1/listings", {**FLAT, "office_id": str(agency.centre), **body})
    changed = await agency.change(without, made, body)

    for answer in (created, changed):
        assert answer.refusal == (403, "permission_missing", {pointer})
        assert key in answer.body["detail"]
    assert await agency.stored() == before
    assert (await agency.take_on(**body))["version"] == 1


@pytest.mark.catalogue("IMO-5", "IMO-7", "MG-57")
async def test_a_change_needs_every_permission_of_its_fields_and_names_those_that_miss(agency: Agency) -> None:
    agent = agency.give(agency.bruno, list=EVERYTHING, read=EVERYTHING, update=EVERYTHING, identity__update=OWN)
    made = await agency.take_on()
    before = await agency.stored()
    body = {
        "title": "New",
        "identity": {"owner_name": "X"},
        "basic": {"banner": False},
        "office_id": str(agency.harbour),
    }
    answer = await agency.change(agent, made, body)
    assert answer.refusal == (403, "permission_missing", {"/identity/owner_name", "/basic/banner", "/office_id"})
    for key in ("listings.identity.update", "listings.banner.update", "listings.assignee.update"):
        assert key in answer.body["detail"]
    assert await agency.stored() == before

    changed = await agency.change(agent, made, {"title": "New"})
    assert (changed.status, changed.body["title"], changed.body["version"]) == (200, "New", 2)


@pytest.mark.catalogue("MG-57")
async def test_what_may_be_changed_but_not_read_is_nowhere(agency: Agency) -> None:
    blind = agency.give(agency.bruno, update=EVERYTHING, identity__update=EVERYTHING, list=EVERYTHING)
    made = await agency.take_on()
    before = await agency.stored()
    assert (await agency.change(blind, made, {"title": "New"})).refusal == (404, "not_found", set())
    assert await agency.stored() == before


@pytest.mark.catalogue("MG-56")
async def test_a_change_in_the_public_view_reaches_public_fields_only(agency: Agency) -> None:
    agent = agency.give(agency.bruno, read=EVERYTHING, update=PUBLIC, identity__update=PUBLIC)
    made = await agency.take_on()
    before = await agency.stored()
    for body in ({"basic": {"is_private": False}}, {"identity": {"owner_name": "X"}}):
        assert (await agency.change(agent, made, body)).status == 403
    assert await agency.stored() == before
    assert (await agency.change(agent, made, {"title": "New"})).status == 200


async def test_a_refusal_does_not_tell_whether_the_value_was_right(agency: Agency) -> None:
    made = await agency.take_on(identity={"owner_name": "Giulia Neri"})
    agent = agency.give(agency.bruno, read=EVERYTHING, update=EVERYTHING)
    answers = [
        await agency.change(agent, made, {"identity": {"owner_name": name}}) for name in ("Giulia Neri", "Somebody")
    ]
    assert {answer.status for answer in answers} == {403}
    assert answers[0].body["errors"] == answers[1].body["errors"]


async def test_null_empties_a_field_and_what_is_left_out_stays(agency: Agency) -> None:
    made = await agency.take_on(**WHOLE, identity=IDENTITY, private_note={"text": "Ring twice."})
    body = {"title": None, "list_price_minor": None, "identity": {"owner_phone": None}, "private_note": {"text": None}}
    changed = (await agency.change(agency.ada, made, body)).body
    assert changed == {
        **made,
        "title": None,
        "list_price_minor": None,
        "version": 2,
        "updated_at": changed["updated_at"],
        "identity": {**IDENTITY, "owner_phone": None},
        "private_note": {"text": None},
    }
    assert changed["updated_at"] > made["updated_at"]


NONSENSE: tuple[tuple[dict[str, Any], set[str]], ...] = (
    ({}, set()),
    ({"basic": {}}, set()),
    ({"number": "9"}, {"/number"}),
    ({"version": 9}, {"/version"}),
    ({"standard_status": None}, {"/standard_status"}),
    ({"standard_status": "gone"}, {"/standard_status"}),
    ({"basic": {"is_private": None}}, {"/basic/is_private"}),
    ({"basic": None}, {"/basic"}),
    ({"basic": {"created_by": "00000000-0000-7000-8000-000000000000"}}, {"/basic/created_by"}),
    ({"identity": {"owner_email": "nobody"}}, {"/identity/owner_email"}),
    ({"identity": {"owner": "x"}, "title": "", "currency": "euro"}, {"/identity/owner", "/title", "/currency"}),
    ({"list_price_minor": -1}, {"/list_price_minor"}),
    ({"list_price_minor": 5}, {"/currency"}),
    ({"association_fee_minor": 5}, {"/currency"}),
    ({"features": ["moat"], "condition": "fine", "heating": "hot"}, {"/features/0", "/condition", "/heating"}),
    ({"features": None, "parking_total": -1}, {"/features", "/parking_total"}),
    ({"virtual_tour_url": "javascript:alert(1)"}, {"/virtual_tour_url"}),
    ({"basic": {"commission_basis_points": 10_001}}, {"/basic/commission_basis_points"}),
    (
        {"basic": {"listing_contract_date": "2026-02-01", "expiration_date": "2026-01-31"}},
        {"/basic/expiration_date"},
    ),
    ({"office_id": "00000000-0000-7000-8000-000000000000"}, {"/office_id"}),
    ({"basic": {"assignee_id": "00000000-0000-7000-8000-000000000000"}}, {"/basic/assignee_id"}),
    ({"basic": {"key_holder_id": "00000000-0000-7000-8000-000000000000"}}, {"/basic/key_holder_id"}),
    ({"private_note": {}}, {"/private_note/text"}),
    ({"title": "a\u0000b"}, {""}),
)


@pytest.mark.parametrize(("body", "pointers"), NONSENSE)
async def test_a_change_that_makes_no_sense_says_where_and_changes_nothing(
    agency: Agency, body: dict[str, Any], pointers: set[str]
) -> None:
    made = await agency.take_on()
    before = await agency.stored()
    answer = await agency.change(agency.ada, made, body)
    assert (answer.status, {error["pointer"] for error in answer.body["errors"]}) == (422, pointers)
    assert await agency.stored() == before


async def test_offices_and_people_must_be_the_agencys_and_people_not_gone(
    agency: Agency,
    http: aiohttp.ClientSession,
    records_url: str,
    records_db: Database,
    authz: StubAuthz,
    issuer: Issuer,
) -> None:
    stranger = await open_agency(http, records_url, records_db, authz, issuer)
    async with agency.db.transaction(agency.tenant_id) as tx:
        await directory.save_person(tx, agency.carla, 2, UserState.GHOST)
    before = await agency.stored()
    for body, refusal in (
        ({"office_id": str(stranger.centre)}, (422, "unknown_office", {"/office_id"})),
        ({"basic": {"assignee_id": str(stranger.bruno)}}, (422, "unknown_assignee", {"/basic/assignee_id"})),
        ({"basic": {"assignee_id": str(agency.carla)}}, (422, "unknown_assignee", {"/basic/assignee_id"})),
    ):
        sent = {**FLAT, "office_id": str(agency.centre), **body}
        assert (await agency.call(agency.ada, "POST", "/v1/listings", sent)).refusal == refusal
    assert await agency.stored() == before


async def test_a_listing_that_is_handed_away_answers_without_a_document(agency: Agency) -> None:
    agent = agency.give(agency.bruno, create=EVERYTHING, read=OWN, assignee__update=OWN)
    made = await agency.take_on(agent)
    answer = await agency.change(agent, made, {"basic": {"assignee_id": str(agency.carla)}})
    assert (answer.status, answer.body) == (204, None)
    assert (await agency.call(agent, "GET", f"/v1/listings/{made['id']}")).status == 404
    assert (await _opened(agency, agency.ada, made))["basic"]["assignee_id"] == str(agency.carla)


async def test_numbers_are_given_in_turn_without_gaps_and_skip_those_that_are_taken(agency: Agency) -> None:
    await agency.take_on(number="2")
    made = await asyncio.gather(*(agency.take_on() for _ in range(20)))
    assert sorted(int(listing["number"]) for listing in made) == [1, *range(3, 22)]

    before = await agency.stored()
    answer = await agency.call(
        agency.ada, "POST", "/v1/listings", {**FLAT, "office_id": str(agency.centre), "number": "7"}
    )
    assert answer.refusal == (409, "number_taken", {"/number"})
    refused = await agency.call(agency.ada, "POST", "/v1/listings", {**FLAT, "office_id": str(ids.uuid7())})
    assert refused.status == 422
    assert await agency.stored() == before
    assert (await agency.take_on())["number"] == "22"


async def test_of_parallel_changes_of_one_version_exactly_one_succeeds(agency: Agency) -> None:
    made = await agency.take_on()
    answers = await asyncio.gather(*(agency.change(agency.ada, made, {"title": f"T{at}"}) for at in range(12)))
    assert sorted(answer.status for answer in answers) == [200] + [412] * 11
    won = next(answer.body for answer in answers if answer.status == 200)
    assert await _opened(agency, agency.ada, made) == won
    assert won["version"] == 2
    assert len(await agency.events("records.listing.changed.v1")) == 1


async def test_a_change_must_say_which_version_it_changes(agency: Agency) -> None:
    made = await agency.take_on()
    before = await agency.stored()
    path = f"/v1/listings/{made['id']}"
    assert (await agency.call(agency.ada, "PATCH", path, {"title": "x"})).status == 428
    for stale in ('"0"', '"2"', "1", "*"):
        answer = await agency.call(agency.ada, "PATCH", path, {"title": "x"}, {"If-Match": stale})
        assert answer.refusal == (412, "stale", set()), stale
    assert await agency.stored() == before
    opened = await agency.call(agency.ada, "GET", path)
    assert opened.headers["ETag"] == '"1"'


async def test_twenty_parallel_creates_with_one_key_make_one_listing(agency: Agency) -> None:
    body, key = {**FLAT, "office_id": str(agency.centre)}, {"Idempotency-Key": "once"}
    answers = await asyncio.gather(*(agency.call(agency.ada, "POST", "/v1/listings", body, key) for _ in range(20)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body["id"] for answer in answers}) == 1
    assert len((await agency.call(agency.ada, "GET", "/v1/listings")).body["items"]) == 1
    assert len(await agency.events("records.listing.created.v1")) == 1
    assert (await agency.take_on())["number"] == "2"

    other = await agency.call(agency.ada, "POST", "/v1/listings", {**body, "title": "Other"}, key)
    assert other.refusal == (409, "idempotency_key_reused", set())


async def test_an_idempotent_answer_shows_what_the_caller_may_see_now(agency: Agency) -> None:
    creator = agency.give(agency.bruno, create=EVERYTHING, read=OWN)
    body, key = {**FLAT, "office_id": str(agency.centre)}, {"Idempotency-Key": "mine"}
    made = await agency.call(creator, "POST", "/v1/listings", body, key)
    await agency.change(agency.ada, made.body, {"basic": {"assignee_id": str(agency.carla)}, "title": "Secret"})
    again = await agency.call(creator, "POST", "/v1/listings", body, key)
    assert (again.status, again.body) == (201, None)


async def test_events_name_what_happened_and_never_identity_data(agency: Agency) -> None:
    made = await agency.take_on(identity=IDENTITY, private_note={"text": "Ring twice."})
    body = {
        "identity": {"owner_name": "Other"},
        "private_note": {"text": "No."},
        "title": "T",
        "basic": {"banner": True},
    }
    await agency.change(agency.ada, made, body)
    common = {
        "listing_id": made["id"],
        "office_id": str(agency.centre),
        "assignee_id": str(agency.ada),
        "by": str(agency.ada),
    }
    assert await agency.events("records.listing.created.v1") == [{**common, "version": 1}]
    assert await agency.events("records.listing.changed.v1") == [
        {**common, "version": 2, "fields": ["banner", "title"]}
    ]
    told = await _outbox(agency)
    assert not any(secret in told for secret in (*IDENTITY.values(), "Ring twice.") if len(secret) > 3)


async def _outbox(agency: Agency) -> str:
    async with agency.db.transaction(agency.tenant_id, readonly=True) as tx:
        return await tx.value("SELECT string_agg(data::text, ' ') FROM outbox")


async def test_nobody_gets_in_without_a_token_or_when_authz_is_silent(agency: Agency) -> None:
    async with agency.http.get(f"{agency.url}/v1/listings") as response:
        assert response.status == 401
    agency.authz.down = True
    try:
        answer = await agency.call(UserId(ids.uuid7()), "GET", "/v1/listings")
    finally:
        agency.authz.down = False
    assert (answer.status, answer.body["code"]) == (503, "unavailable")
