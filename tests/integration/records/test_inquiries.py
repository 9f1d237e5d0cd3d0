"""Inquiries: what each may see and do with a client who searches, and with what is known about him."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from services.chassis import ids
from services.contracts.access import Scope
from services.contracts.vocabulary import View
from services.records.operations import record_life
from services.records.store.schedules import Action, Due
from tests.integration.records.conftest import SEARCH, Agency
from tests.support.stub_authz import EVERYTHING

pytestmark = pytest.mark.asyncio(loop_scope="session")

OWN = Scope(own=True)
WANTED: dict[str, Any] = {
    "standard_status": "paused",
    "transaction_type": "sale",
    "property_types": ["residential", "land"],
    "property_sub_types": ["apartment", "villa"],
    "municipalities": ["Lucca", "Pisa"],
    "districts": ["Centro storico"],
    "list_price_minor_min": 100_000_00,
    "list_price_minor_max": 300_000_00,
    "currency": "EUR",
    "living_area_min_m2": "60.50",
    "living_area_max_m2": "120.00",
    "plot_area_min_m2": "1.00",
    "rooms_min": 2,
    "rooms_max": 5,
    "bedrooms_min": 1,
    "floor_min": -1,
    "floor_max": 4,
    "year_built_min": 1950,
}
BASIC: dict[str, Any] = {
    "is_private": True,
    "no_commission": True,
    "financing": "sale_first",
    "budget_confirmed": True,
    "move_in_by": "2027-03-01",
    "urgency": "high",
    "persons": 3,
    "pets": True,
    "note": "Two children.",
}
CLIENT = {
    "contact_id": None,
    "client_name": "Piotr Wiśniewski",
    "client_phone": "+48 22 123456",
    "client_email": "piotr@client.example",
    "client_street": "Via Fillungo 12",
    "client_postal_code": "55100",
    "client_city": "Lucca",
}

SECRETS = [value for value in CLIENT.values() if value]


async def test_everything_that_was_given_comes_back_exactly(agency: Agency) -> None:
    basic = {**BASIC, "assignee_id": str(agency.bruno)}
    made = await agency.take_in(
        **WANTED, number="Q-1", basic=basic, identity=CLIENT, private_note={"text": "Ring twice."}
    )
    shown = (await agency.do(agency.ada, "inquiries", made, "GET ")).body
    assert shown == made
    assert (await agency.call(agency.ada, "GET", "/v1/inquiries")).body["items"] == [made]
    assert {name: shown[name] for name in WANTED} == WANTED
    assert shown["basic"] == {**basic, "created_by": str(agency.ada)}
    assert (shown["identity"], shown["private_note"]) == (CLIENT, {"text": "Ring twice."})
    changed = (await agency.do(agency.ada, "inquiries", made, "PATCH ", {"municipalities": [], "rooms_max": None})).body
    assert changed == {
        **made,
        "municipalities": [],
        "rooms_max": None,
        "version": 2,
        "updated_at": changed["updated_at"],
    }


@pytest.mark.catalogue("IMO-34", "IMO-41", "IMO-43", "IMO-50", "IMO-B12", "MG-35")
async def test_list_read_and_identity_are_permissions_of_their_own(agency: Agency) -> None:
    made = await agency.take_in(identity=CLIENT, private_note={"text": "Ring twice."})
    here = Scope(offices=frozenset({agency.centre}))
    looker = agency.give(agency.bruno, section="inquiries", list=here, identity__read=EVERYTHING)
    (listed,) = (await agency.call(looker, "GET", "/v1/inquiries")).body["items"]
    assert (listed["id"], listed["view"], listed["identity"]) == (made["id"], "full", None)
    assert (await agency.do(looker, "inquiries", made, "GET ")).status == 404
    opener = agency.give(agency.carla, section="inquiries", read=here, identity__read=OWN)
    assert (await agency.do(opener, "inquiries", made, "GET ")).body["identity"] is None
    mine = await agency.take_in(identity=CLIENT, basic={"assignee_id": str(opener)})
    assert (await agency.do(opener, "inquiries", mine, "GET ")).body["identity"] == CLIENT
    assert (await agency.call(opener, "GET", "/v1/inquiries")).body["items"] == []
    for secret in (*SECRETS, "Ring twice."):
        assert secret not in str({**listed, "assignee_id": None})
    refused = await agency.call(looker, "POST", "/v1/inquiries", {**SEARCH, "office_id": str(agency.centre)})
    assert refused.refusal == (403, "permission_missing", set())


@pytest.mark.catalogue("IMO-44", "IMO-35", "IMO-B14", "MG-62")
async def test_a_private_inquiry_is_its_owners_and_whoever_may_read_private_ones(agency: Agency) -> None:
    made = await agency.take_in(basic={"is_private": True, "assignee_id": str(agency.bruno)})
    owner = agency.give(agency.bruno, section="inquiries", list=EVERYTHING, read=EVERYTHING)
    other = agency.give(agency.carla, section="inquiries", list=EVERYTHING, read=EVERYTHING)
    assert (await agency.do(owner, "inquiries", made, "GET ")).status == 200
    assert (await agency.do(other, "inquiries", made, "GET ")).status == 404
    assert (await agency.call(other, "GET", "/v1/inquiries/count")).body == {"count": 0, "capped": False}


@pytest.mark.catalogue("IMO-35", "IMO-36", "IMO-37", "IMO-38", "IMO-53", "MG-63")
@pytest.mark.parametrize(
    ("body", "pointer", "key"),
    [
        ({"basic": {"is_private": True}}, "/basic/is_private", "private.create"),
        ({"basic": {"no_commission": True}}, "/basic/no_commission", "no_commission.update"),
        ({"basic": {"assignee_id": "carla"}}, "/basic/assignee_id", "assignee.update"),
        ({"private_note": {"text": "Ring twice."}}, "/private_note/text", "private_note.update"),
        ({"standard_status": "archived"}, "/standard_status", "archive.now"),
        ({"identity": {"client_name": "Neri"}}, "/identity/client_name", "identity.update"),
        ({"rooms_min": 3}, "/rooms_min", "update"),
    ],
)
async def test_a_field_takes_its_own_permission_and_nothing_changes_without_it(
    agency: Agency, body: dict[str, Any], pointer: str, key: str
) -> None:
    if "carla" in body.get("basic", {}).values():
        body = {"basic": {"assignee_id": str(agency.carla)}}
    held: dict[str, Any] = {"create": EVERYTHING, "read": OWN, "update": OWN, "identity__update": OWN}
    held.pop(key.replace(".", "__"), None)
    agent = agency.give(agency.bruno, section="inquiries", **held)
    made = await agency.take_in(agent)
    before = await agency.stored()
    answer = await agency.do(agent, "inquiries", made, "PATCH ", body)
    assert answer.refusal == (403, "permission_missing", {pointer})
    assert f"inquiries.{key}" in answer.body["detail"]
    if key not in {"update", "identity.update"}:  # these come along with the permission to create
        created = await agency.call(agent, "POST", "/v1/inquiries", {**SEARCH, "office_id": str(agency.centre), **body})
        assert created.refusal == (403, "permission_missing", {pointer})
    assert await agency.stored() == before
    assert (await agency.do(agency.ada, "inquiries", made, "PATCH ", body)).status == 200


ACTIONS: tuple[tuple[str, object, str], ...] = (
    ("POST /archive", {}, "archive__now"),
    ("PUT /archive-schedule", {"at": "2100-01-01T00:00:00Z"}, "archive__schedule"),
    ("PUT /restore-schedule", {"at": "2100-01-01T00:00:00Z"}, "restore__schedule"),
    ("DELETE ", None, "delete"),
)


@pytest.mark.catalogue("IMO-45", "IMO-46", "IMO-47", "IMO-49", "IMO-119", "IMO-121", "IMO-171", "IMO-173")
@pytest.mark.parametrize(("what", "body", "key"), ACTIONS)
@pytest.mark.parametrize("reach", ["office", "own"])
async def test_each_action_needs_its_own_permission_and_reaches_where_it_does(
    agency: Agency, what: str, body: object, key: str, reach: str
) -> None:
    here = await agency.take_in(basic={"assignee_id": str(agency.bruno)})
    there = await agency.take_in(office_id=str(agency.harbour))
    scope = Scope(offices=frozenset({agency.centre})) if reach == "office" else OWN
    others: dict[str, Any] = dict.fromkeys({name for _, _, name in ACTIONS} - {key} | {"update"}, EVERYTHING)
    reaching: dict[str, Any] = {**others, key: scope}
    agent = agency.give(agency.bruno, section="inquiries", read=EVERYTHING, **reaching)
    unable = agency.give(agency.carla, section="inquiries", read=EVERYTHING, **others)
    before = await agency.stored()
    assert (await agency.do(unable, "inquiries", here, what, body)).status == 403
    assert (await agency.do(agent, "inquiries", there, what, body)).status == 403
    assert await agency.stored() == before
    assert (await agency.do(agent, "inquiries", here, what, body)).status in {200, 204}


@pytest.mark.catalogue("IMO-47", "IMO-48", "IMO-45", "IMO-46", "IMO-B15")
async def test_an_inquiry_is_archived_and_comes_back_active_at_once_and_by_date(agency: Agency) -> None:
    made = await agency.take_in()
    archived = (await agency.do(agency.ada, "inquiries", made, "POST /archive", {})).body
    assert archived["standard_status"] == "archived"
    assert (await agency.do(agency.ada, "inquiries", archived, "POST /archive", {})).status == 409
    due = datetime(2100, 1, 1, tzinfo=UTC)
    at = {"at": due.isoformat()}
    assert (await agency.do(agency.ada, "inquiries", archived, "PUT /restore-schedule", at)).status == 204
    one = Due(agency.tenant_id, "inquiries", UUID(made["id"]), Action.RESTORE)
    tries = await asyncio.gather(*(record_life.carry_out(agency.db, one, due) for _ in range(4)))
    assert sorted(tries) == [False, False, False, True]
    shown = (await agency.do(agency.ada, "inquiries", made, "GET ")).body
    assert (shown["standard_status"], shown["version"]) == ("active", 3)
    entries = (await agency.do(agency.ada, "inquiries", made, "GET /history")).body["items"]
    assert [entry["action"] for entry in entries] == ["restored", "archived", "created"]


@pytest.mark.catalogue("IMO-49", "IMO-71", "IMO-B17", "IMO-B18")
@pytest.mark.parametrize("what", ["DELETE ", "POST /objection"])
async def test_what_is_deleted_leaves_its_number_and_no_data(agency: Agency, what: str) -> None:
    made = await agency.take_in(number="Q-7", identity=CLIENT, private_note={"text": "Ring twice."})
    await agency.do(agency.ada, "inquiries", made, "PUT /archive-schedule", {"at": "2100-01-01T00:00:00Z"})
    body = {"ground": "GDPR 21"} if "objection" in what else None
    assert (await agency.do(agency.ada, "inquiries", made, what, body)).status == 204
    left = await agency.left()
    for secret in (*SECRETS, "Ring twice."):
        assert secret not in left
    assert '"Q-7"' in left
    topic = "objection_filed" if body else "deleted"
    (event,) = await agency.events(f"records.inquiry.{topic}.v1")
    assert (event["inquiry_id"], event["version"], event["by"]) == (made["id"], 2, str(agency.ada))
    async with agency.db.transaction(agency.tenant_id, readonly=True) as tx:
        assert await tx.value("SELECT count(*) FROM record_schedules") == 0


@pytest.mark.catalogue("IMO-39", "IMO-40")
async def test_a_bulk_action_decides_on_each_inquiry_by_itself(agency: Agency) -> None:
    here, there = await agency.take_in(), await agency.take_in(office_id=str(agency.harbour))
    hidden = await agency.take_in(basic={"is_private": True})
    centre = Scope(offices=frozenset({agency.centre}))
    both = Scope(offices=frozenset({agency.centre, agency.harbour}))
    agent = agency.give(agency.bruno, section="inquiries", read=both, bulk__reassign=centre, bulk__delete=centre)
    wanted = [inquiry["id"] for inquiry in (here, there, hidden)]
    for path, more in (("bulk-reassign", {"assignee_id": str(agency.carla)}), ("bulk-delete", {})):
        answer = await agency.call(agent, "POST", f"/v1/inquiries/{path}", {"ids": wanted, **more})
        assert [item["code"] for item in answer.body["items"]] == ["done", "permission_missing", "not_found"]
    assert (await agency.do(agency.ada, "inquiries", here, "GET ")).status == 404


@pytest.mark.catalogue("ON-16", "ON-17")
async def test_a_record_right_opens_and_closes_one_inquiry(agency: Agency) -> None:
    made, other = await agency.take_in(basic={"is_private": True}), await agency.take_in()
    reader = agency.give(agency.bruno, section="inquiries", list=OWN, read=OWN)
    colleague = agency.give(agency.carla, section="inquiries", list=EVERYTHING, read=EVERYTHING)
    for inquiry, who, effect in ((made, reader, "allow"), (other, colleague, "deny")):
        entry = {"holder_kind": "user", "holder_id": str(who), "record_class": "read", "effect": effect}
        rights = f"/v1/inquiries/{inquiry['id']}/record-rights"
        answer = await agency.call(agency.ada, "PUT", rights, {"entries": [entry]}, {"If-Match": '"0"'})
        assert answer.status == 200, answer.body
    assert [item["id"] for item in (await agency.call(reader, "GET", "/v1/inquiries")).body["items"]] == [made["id"]]
    assert (await agency.call(colleague, "GET", "/v1/inquiries")).body["items"] == []
    assert (await agency.do(colleague, "inquiries", other, "GET ")).status == 404
    (event, _) = await agency.events("records.inquiry.rights_changed.v1")
    assert (event["inquiry_id"], event["holder_ids"]) == (made["id"], [str(reader)])
    removed = await agency.call(agency.ada, "DELETE", f"/v1/users/{reader}/record-rights")
    assert removed.body == {"records": 1}


@pytest.mark.catalogue("MG-35", "MG-56")
async def test_the_public_view_and_the_history_show_no_more_than_the_inquiry(agency: Agency) -> None:
    made = await agency.take_in(identity=CLIENT, basic={"note": "Two children."})
    await agency.do(agency.ada, "inquiries", made, "PATCH ", {"rooms_min": 2, "identity": {"client_name": "Neri"}})
    public = Scope(everything=View.PUBLIC)
    visitor = agency.give(agency.bruno, section="inquiries", list=public, read=public, identity__read=EVERYTHING)
    shown = (await agency.do(visitor, "inquiries", made, "GET ")).body
    assert (shown["view"], shown["basic"], shown["identity"], shown["private_note"]) == ("public", None, None, None)
    assert (await agency.do(visitor, "inquiries", made, "GET /history")).status == 404
    agent = agency.give(agency.carla, section="inquiries", read=EVERYTHING)
    newest = (await agency.do(agent, "inquiries", made, "GET /history")).body["items"][0]
    assert [change["field"] for change in newest["changes"]] == ["rooms_min"]


async def test_events_and_the_outbox_hold_nothing_about_the_client(agency: Agency) -> None:
    made = await agency.take_in(identity=CLIENT, private_note={"text": "Ring twice."})
    await agency.do(agency.ada, "inquiries", made, "PATCH ", {"identity": {"client_name": "Neri"}, "rooms_min": 1})
    assert [event["fields"] for event in await agency.events("records.inquiry.changed.v1")] == [["rooms_min"]]
    async with agency.db.transaction(agency.tenant_id, readonly=True) as tx:
        told = await tx.value("SELECT string_agg(data::text, ' ') FROM outbox")
    assert not any(secret in told for secret in (*SECRETS, "Ring twice.", "Neri"))


async def test_twenty_parallel_creates_with_one_key_make_one_inquiry_and_numbers_have_no_gaps(agency: Agency) -> None:
    body, key = {**SEARCH, "office_id": str(agency.centre)}, {"Idempotency-Key": "once"}
    answers = await asyncio.gather(*(agency.call(agency.ada, "POST", "/v1/inquiries", body, key) for _ in range(20)))
    assert len({answer.body["id"] for answer in answers}) == 1
    assert len(await agency.events("records.inquiry.created.v1")) == 1
    assert (await agency.take_in())["number"] == "2"
    assert (await agency.take_on())["number"] == "1"


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"rooms_min": 3, "rooms_max": 2}, {"/rooms_max"}),
        ({"living_area_min_m2": "3", "living_area_max_m2": "2.99"}, {"/living_area_max_m2"}),
        ({"list_price_minor_max": 5}, {"/currency"}),
        ({"property_types": ["castle"]}, {"/property_types/0"}),
        ({"property_types": None}, {"/property_types"}),
        (
            {"basic": {"financing": "luck"}, "identity": {"client_email": "x"}},
            {"/basic/financing", "/identity/client_email"},
        ),
        ({"basic": {"move_in_by": "soon"}}, {"/basic/move_in_by"}),
        ({"office_id": str(ids.uuid7())}, {"/office_id"}),
    ],
)
async def test_a_change_that_makes_no_sense_says_where_and_changes_nothing(
    agency: Agency, body: dict[str, Any], pointers: set[str]
) -> None:
    made = await agency.take_in()
    before = await agency.stored()
    answer = await agency.do(agency.ada, "inquiries", made, "PATCH ", body)
    assert (answer.status, {error["pointer"] for error in answer.body["errors"]}) == (422, pointers)
    assert await agency.stored() == before


async def test_each_filter_keeps_the_inquiries_that_would_take_it(agency: Agency) -> None:
    known = {"assignee_id": str(agency.bruno), "financing": "cash", "urgency": "high"}
    await agency.take_in(
        number="A", municipalities=["Lucca"], property_types=["land"], property_sub_types=["loft"], bedrooms_min=2
    )
    await agency.take_in(number="B", transaction_type="rent", list_price_minor_max=900_00, currency="EUR")
    await agency.take_in(number="C", municipalities=["Pisa"], list_price_minor_min=100_00, currency="EUR")
    await agency.take_in(
        number="D", standard_status="paused", basic=known, districts=["Mare"], living_area_max_m2="80.00"
    )
    for query, kept in (
        ("?municipality=Lucca", "ABD"),
        ("?property_type=residential", "BCD"),
        ("?list_price_minor=100000", "ACD"),
        ("?list_price_minor=5000&currency=EUR", "ABD"),
        ("?transaction_type=rent", "B"),
        ("?standard_status=paused", "D"),
        ("?property_sub_type=villa", "BCD"),
        ("?district=Centro&rooms=3", "ABC"),
        ("?living_area_m2=80&plot_area_m2=10", "ABCD"),
        ("?living_area_m2=80.01", "ABC"),
        ("?living_area_m2=80.01&bedrooms=1", "BC"),
        ("?floor=0&year_built=1990", "ABCD"),
        ("?financing=cash&urgency=high", "D"),
        ("?no_commission=false&budget_confirmed=false&is_private=false&updated_since=2026-01-01T00:00:00Z", "ABCD"),
        ("?created_since=2100-01-01T00:00:00Z", ""),
        (f"?assignee_id={agency.bruno}", "D"),
    ):
        items = (await agency.call(agency.ada, "GET", f"/v1/inquiries{query}")).body["items"]
        assert {item["number"] for item in items} == set(kept), query
    numbers = [i["number"] for i in (await agency.call(agency.ada, "GET", "/v1/inquiries?sort=number")).body["items"]]
    assert numbers == ["A", "B", "C", "D"]
    for query in ("?client_name=Neri", "?sort=client_name", "?sort=list_price_minor"):
        assert (await agency.call(agency.ada, "GET", f"/v1/inquiries{query}")).status == 422, query
