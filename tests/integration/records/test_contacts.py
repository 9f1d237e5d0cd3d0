"""Contacts and what they search for: who may see and change how much of them."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from services.chassis import ids
from services.contracts.access import Scope
from services.contracts.vocabulary import UserId, View
from services.records.domain.search_criteria import MOST
from tests.integration.records.conftest import Agency, Answer
from tests.support.stub_authz import EVERYTHING

pytestmark = pytest.mark.asyncio(loop_scope="session")

OWN = Scope(own=True)
BASIC: dict[str, Any] = {
    "name": "Giulia Neri",
    "given_name": "Giulia",
    "family_name": "Neri",
    "company_name": "Neri & C.",
    "job_title": "Notary",
    "source": "Web site",
    "note": "Prefers mornings.",
    "processing_basis": "consent",
    "consent_at": "2026-03-01T10:00:00.000001Z",
    "consent_source": "Form",
    "marketing_consent": True,
    "marketing_consent_at": "2026-03-01T10:00:00Z",
    "retention_until": "2030-12-31",
}
IDENTITY: dict[str, Any] = {
    "phones": ["+39 0583 123456", "+39 333 1234567"],
    "emails": ["giulia@owner.example"],
    "street": "Via Fillungo 12",
    "postal_code": "55100",
    "city": "Barga",
    "country": "IT",
    "tax_code": "NRIGLI80A41E715X",
    "born_on": "1980-01-01",
}
PUBLIC: dict[str, Any] = {"legal_form": "company", "roles": ["owner", "notary"], "language": "pl-PL"}
SEARCH = {"name": "Two rooms", "transaction_type": "sale", "municipalities": ["Lucca"], "rooms_min": 2}


async def test_everything_that_was_given_comes_back_exactly(agency: Agency) -> None:
    basic = {**BASIC, "assignee_id": str(agency.bruno)}
    made = await agency.get_to_know(number="C-1", **PUBLIC, basic=basic, identity=IDENTITY)
    shown = (await agency.do(agency.ada, "contacts", made, "GET ")).body
    assert shown == made
    assert (await agency.call(agency.ada, "GET", "/v1/contacts")).body["items"] == [made]
    assert {name: shown[name] for name in PUBLIC} == PUBLIC
    assert shown["basic"] == {**basic, "created_by": str(agency.ada)}
    assert (shown["identity"], shown["number"]) == (IDENTITY, "C-1")
    emptied: dict[str, Any] = {"roles": [], "identity": {"phones": [], "born_on": None}, "basic": {"note": None}}
    changed = (await agency.do(agency.ada, "contacts", made, "PATCH ", emptied)).body
    assert (changed["roles"], changed["identity"]["phones"], changed["basic"]["note"]) == ([], [], None)


async def test_the_history_of_a_contact_begins_with_its_being_taken_on(agency: Agency) -> None:
    made = await agency.get_to_know(identity=IDENTITY)
    for who, told in (
        (agency.ada, True),
        (agency.give(agency.bruno, section="contacts", list=EVERYTHING, read=EVERYTHING), False),
    ):
        answer = await agency.call(who, "GET", f"/v1/contacts/{made['id']}/history")
        (entry,) = answer.body["items"]
        assert (answer.status, entry["action"]) == (200, "created")
        fields = {change["field"] for change in entry["changes"]}
        assert ("name" in fields, "phones" in fields, "is_private" in fields) == (True, told, False)


@pytest.mark.catalogue("ON-38", "IMO-55", "IMO-B12")
async def test_the_client_list_reading_and_identity_are_permissions_of_their_own(agency: Agency) -> None:
    made = await agency.get_to_know(basic=BASIC, identity=IDENTITY)
    looker = agency.give(agency.bruno, section="contacts", list=EVERYTHING)
    (listed,) = (await agency.call(looker, "GET", "/v1/contacts")).body["items"]
    assert (listed["basic"]["name"], listed["identity"]) == ("Giulia Neri", None)
    assert (await agency.do(looker, "contacts", made, "GET ")).status == 404
    opener = agency.give(agency.carla, section="contacts", read=Scope(offices=frozenset({agency.centre})))
    assert (await agency.do(opener, "contacts", made, "GET ")).body["identity"] is None
    assert (await agency.call(opener, "GET", "/v1/contacts/count")).body["count"] == 0
    for secret in ("giulia@owner.example", "Via Fillungo", "1980-01-01", "NRIGLI80A41E715X", "333 1234567"):
        assert secret not in str(listed)
    public = Scope(everything=View.PUBLIC)
    visitor = agency.give(UserId(ids.uuid7()), section="contacts", list=public, read=public, identity__read=EVERYTHING)
    shown = (await agency.do(visitor, "contacts", made, "GET ")).body
    assert (shown["view"], shown["basic"], shown["identity"]) == ("public", None, None)


@pytest.mark.catalogue("ON-39", "ON-40", "ON-7")
@pytest.mark.parametrize(
    ("body", "pointer", "key"),
    [
        ({"language": "it"}, "/language", "update"),
        ({"basic": {"note": "New."}}, "/basic/note", "update"),
        ({"basic": {"marketing_consent": False}}, "/basic/marketing_consent", "update"),
        ({"basic": {"name": "Other"}}, "/basic/name", "identity.update"),
        ({"identity": {"phones": ["+39 0583 1"]}}, "/identity/phones", "identity.update"),
        ({"basic": {"assignee_id": "carla"}}, "/basic/assignee_id", "assignee.update"),
    ],
)
async def test_a_field_takes_its_own_permission(agency: Agency, body: dict[str, Any], pointer: str, key: str) -> None:
    if "carla" in body.get("basic", {}).values():
        body = {"basic": {"assignee_id": str(agency.carla)}}
    held: dict[str, Any] = {"update": EVERYTHING, "identity__update": EVERYTHING, "delete": EVERYTHING}
    held.pop(key.replace(".", "__"), None)
    agent = agency.give(agency.bruno, section="contacts", read=EVERYTHING, **held)
    made = await agency.get_to_know()
    before = await agency.stored()
    assert (await agency.do(agent, "contacts", made, "PATCH ", body)).refusal == (403, "permission_missing", {pointer})
    assert await agency.stored() == before
    assert (await agency.do(agency.ada, "contacts", made, "PATCH ", body)).status == 200


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"basic": {"marketing_consent": True}}, {"/basic/marketing_consent_at"}),
        ({"basic": {"processing_basis": "consent"}}, {"/basic/consent_at"}),
        ({"basic": {"name": None}}, {"/basic/name"}),
        ({"roles": ["king"], "identity": {"emails": ["x"]}}, {"/roles/0", "/identity/emails/0"}),
        ({"number": "9"}, {"/number"}),
    ],
)
async def test_a_change_that_makes_no_sense_says_where_and_changes_nothing(
    agency: Agency, body: dict[str, Any], pointers: set[str]
) -> None:
    made = await agency.get_to_know()
    before = await agency.stored()
    answer = await agency.do(agency.ada, "contacts", made, "PATCH ", body)
    assert (answer.status, {error["pointer"] for error in answer.body["errors"]}) == (422, pointers)
    assert await agency.stored() == before


@pytest.mark.catalogue("ON-40", "IMO-71", "IMO-B18")
@pytest.mark.parametrize("what", ["DELETE ", "POST /objection"])
async def test_what_is_deleted_takes_its_criteria_along_and_leaves_no_data(agency: Agency, what: str) -> None:
    made = await agency.get_to_know(number="C-7", basic=BASIC, identity=IDENTITY)
    await _wish(agency, agency.ada, made)
    client = {"contact_id": made["id"], "client_phone": "+39 0583 9"}
    inquiry = await agency.take_in(identity=client)
    agent = agency.give(agency.bruno, section="contacts", read=EVERYTHING, update=EVERYTHING)
    body = {"ground": "GDPR 17"} if "objection" in what else None
    assert (await agency.do(agent, "contacts", made, what, body)).status == 403
    assert (await agency.do(agency.ada, "contacts", made, what, body)).status == 204
    left = await agency.left()
    for secret in ("Neri", "Giulia", "giulia@", "Fillungo", "1980-01-01", "Two rooms"):
        assert secret not in left
    assert '"C-7"' in left
    assert (await agency.do(agency.ada, "inquiries", inquiry, "GET ")).body["identity"]["contact_id"] is None


@pytest.mark.catalogue("ON-41")
async def test_the_customer_number_is_changed_under_a_permission_of_its_own(agency: Agency) -> None:
    made, other = await agency.get_to_know(number="C-1"), await agency.get_to_know(number="C-2")
    editor = agency.give(agency.bruno, section="contacts", read=EVERYTHING, update=EVERYTHING)
    here = Scope(offices=frozenset({agency.centre}))
    clerk = agency.give(agency.carla, section="contacts", read=EVERYTHING, customer_number__update=here)
    away = await agency.get_to_know(number="C-3", office_id=str(agency.harbour))
    before = await agency.stored()
    assert (await agency.do(editor, "contacts", made, "PUT /number", {"number": "C-9"})).status == 403
    assert (await agency.do(clerk, "contacts", away, "PUT /number", {"number": "C-9"})).status == 403
    taken = await agency.do(clerk, "contacts", made, "PUT /number", {"number": "C-2"})
    assert taken.refusal == (409, "number_taken", {"/number"})
    stale = await agency.do(clerk, "contacts", {**other, "version": 7}, "PUT /number", {"number": "C-9"})
    assert stale.status == 412
    assert (await agency.do(clerk, "contacts", made, "PUT /number", {"number": ""})).status == 422
    assert await agency.stored() == before
    changed = await agency.do(clerk, "contacts", made, "PUT /number", {"number": "C-9"})
    assert (changed.status, changed.body["number"], changed.body["version"]) == (200, "C-9", 2)
    latest = (await agency.do(agency.ada, "contacts", made, "GET /history")).body["items"][0]
    assert latest["action"] == "renumbered"
    assert latest["changes"] == [{"field": "number", "before": "C-1", "after": "C-9"}]
    (told,) = await agency.events("records.contact.changed.v1")
    assert told["fields"] == ["number"]
    found = (await agency.call(agency.ada, "GET", "/v1/contacts?q=c-9")).body["items"]
    assert [each["id"] for each in found] == [made["id"]]


async def test_an_inquiry_names_a_contact_that_its_author_may_open(agency: Agency) -> None:
    made = await agency.get_to_know()
    agency.give(agency.bruno, section="inquiries", create=EVERYTHING, read=OWN)
    sent = {"transaction_type": "sale", "office_id": str(agency.centre), "identity": {"contact_id": made["id"]}}
    before = await agency.stored()
    for contact_id in (made["id"], str(ids.uuid7())):
        sent["identity"] = {"contact_id": contact_id}
        answer = await agency.call(agency.bruno, "POST", "/v1/inquiries", sent)
        assert answer.refusal == (422, "unknown_contact", {"/identity/contact_id"})
    assert await agency.stored() == before
    assert (await agency.take_in(identity={"contact_id": made["id"]}))["identity"]["contact_id"] == made["id"]


@pytest.mark.catalogue("ON-16", "ON-19")
async def test_a_record_right_opens_a_contact_and_with_it_what_is_held_of_its_criteria(agency: Agency) -> None:
    made = await agency.get_to_know()
    await _wish(agency, agency.ada, made)
    team = ids.uuid7()
    reader = agency.give(agency.bruno, beside=(team,), section="criteria", read=OWN)
    path = f"/v1/contacts/{made['id']}/criteria"
    assert (await agency.call(reader, "GET", path)).status == 404
    entry = {"holder_kind": "team", "holder_id": str(team), "record_class": "read", "effect": "allow"}
    rights = f"/v1/contacts/{made['id']}/record-rights"
    answer = await agency.call(agency.ada, "PUT", rights, {"entries": [entry]}, {"If-Match": '"0"'})
    assert answer.status == 200
    assert [item["id"] for item in (await agency.call(reader, "GET", "/v1/contacts")).body["items"]] == [made["id"]]
    assert len((await agency.call(reader, "GET", path)).body["items"]) == 1


async def _wish(agency: Agency, who: UUID, contact: dict[str, Any], **more: object) -> Answer:
    return await agency.call(who, "POST", f"/v1/contacts/{contact['id']}/criteria", {**SEARCH, **more})


def _give(agency: Agency, who: UserId, contacts: dict[str, Scope], criteria: dict[str, Scope]) -> UserId:
    held = {f"contacts.{key}": scope for key, scope in contacts.items()}
    held |= {f"criteria.{key}": scope for key, scope in criteria.items()}
    agency.authz.give(agency.tenant_id, who, held)
    return who


@pytest.mark.catalogue("ON-43", "ON-44", "ON-45")
async def test_criteria_are_read_changed_and_deleted_under_their_own_permissions(agency: Agency) -> None:
    contact = await agency.get_to_know()
    made = (await _wish(agency, agency.ada, contact)).body
    assert {name: made[name] for name in SEARCH} == SEARCH
    path = f"/v1/criteria/{made['id']}"
    reader = _give(agency, agency.bruno, {"read": EVERYTHING, "update": EVERYTHING}, {"read": EVERYTHING})
    blind = _give(agency, agency.carla, {"read": EVERYTHING, "update": EVERYTHING}, {"update": EVERYTHING})
    stranger = _give(agency, UserId(ids.uuid7()), {}, dict.fromkeys(("read", "update", "delete"), EVERYTHING))
    match = {"If-Match": '"1"'}
    before = await agency.stored()
    for who, reading, writing in ((reader, 200, 403), (blind, 404, 404), (stranger, 404, 404)):
        assert (await agency.call(who, "GET", path)).status == reading
        assert (await agency.call(who, "GET", f"/v1/contacts/{contact['id']}/criteria")).status == reading
        assert (await agency.call(who, "PATCH", path, {"rooms_min": 1}, match)).status == writing
        assert (await agency.call(who, "DELETE", path, None, match)).status == writing
    assert await agency.stored() == before
    changed = await agency.call(agency.ada, "PATCH", path, {"rooms_min": 1, "municipalities": []}, match)
    assert (changed.body["rooms_min"], changed.body["municipalities"], changed.body["version"]) == (1, [], 2)
    assert (await agency.call(agency.ada, "PATCH", path, {"rooms_min": 1}, match)).status == 412
    assert (await agency.call(agency.ada, "PATCH", path, {"rooms_min": 9, "rooms_max": 1}, match)).status in {412, 422}
    assert (await agency.call(agency.ada, "DELETE", path, None, {"If-Match": '"2"'})).status == 204
    assert (await agency.call(agency.ada, "GET", path)).status == 404


@pytest.mark.catalogue("ON-46")
async def test_criteria_of_ones_own_contacts_may_be_read_and_written_by_a_reach_of_their_own(agency: Agency) -> None:
    mine = await agency.get_to_know(basic={"assignee_id": str(agency.bruno)})
    other = await agency.get_to_know()
    of_mine, of_other = (await _wish(agency, agency.ada, mine)).body, (await _wish(agency, agency.ada, other)).body
    agent = _give(agency, agency.bruno, {"read": EVERYTHING}, {"read": OWN, "update": OWN})
    match = {"If-Match": '"1"'}
    answers = [
        (await agency.call(agent, "PATCH", f"/v1/criteria/{one['id']}", {"rooms_min": 1}, match)).status
        for one in (of_mine, of_other)
    ]
    assert answers == [200, 404]


@pytest.mark.catalogue("ON-44", "ON-47")
async def test_who_may_create_criteria_on_which_contact(agency: Agency) -> None:
    mine = await agency.get_to_know(basic={"assignee_id": str(agency.bruno)})
    other = await agency.get_to_know()
    writer = _give(agency, agency.bruno, {"read": EVERYTHING, "update": OWN}, {"create": EVERYTHING, "read": OWN})
    foreign = _give(agency, agency.carla, {"read": EVERYTHING}, {"foreign.create": EVERYTHING})
    nobody = _give(agency, UserId(ids.uuid7()), {"read": EVERYTHING, "update": EVERYTHING}, {"read": EVERYTHING})
    unable = _give(agency, UserId(ids.uuid7()), {}, {"foreign.create": EVERYTHING, "create": EVERYTHING})
    before = await agency.stored()
    assert (await _wish(agency, writer, other)).status == 403
    assert (await _wish(agency, nobody, other)).status == 403
    assert (await _wish(agency, unable, other)).status == 404
    assert await agency.stored() == before
    assert (await _wish(agency, writer, mine)).status == 201
    answer = await _wish(agency, foreign, other)
    assert (answer.status, answer.body) == (201, None)


async def test_criteria_sent_twenty_times_with_one_key_are_kept_once(agency: Agency) -> None:
    contact, key = await agency.get_to_know(), {"Idempotency-Key": "once"}
    path = f"/v1/contacts/{contact['id']}/criteria"
    answers = await asyncio.gather(*(agency.call(agency.ada, "POST", path, SEARCH, key) for _ in range(20)))
    assert len({answer.body["id"] for answer in answers}) == 1
    assert len((await agency.call(agency.ada, "GET", path)).body["items"]) == 1


async def test_of_more_criteria_than_the_list_shows_none_are_given(agency: Agency) -> None:
    contact = await agency.get_to_know()
    made = (await _wish(agency, agency.ada, contact)).body
    async with agency.db.transaction(agency.tenant_id) as tx:
        await tx.execute(
            """
            INSERT INTO search_criteria
            SELECT copy.*
              FROM search_criteria AS s, generate_series(1, $2::integer) AS n,
                   jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid(), 'name', 'C' || n)) AS copy
             WHERE s.tenant_id = $1
            """,
            agency.tenant_id,
            MOST - 2,
        )
    answers = await asyncio.gather(*(_wish(agency, agency.ada, contact) for _ in range(3)))
    assert sorted(answer.status for answer in answers) == [201, 409, 409]
    assert {answer.body["code"] for answer in answers if answer.status == 409} == {"too_many_criteria"}
    listed = (await agency.call(agency.ada, "GET", f"/v1/contacts/{contact['id']}/criteria")).body["items"]
    assert len(listed) == MOST
    assert made["id"] in {one["id"] for one in listed}
