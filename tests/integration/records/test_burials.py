"""What is deleted leaves nothing that refers to it: whatever did is changed, told, and never in the way."""

import asyncio
from typing import Any, Final

import pytest

from services.contracts.records_events import AppointmentChanged
from tests.integration.records.conftest import KEYS, Agency, Answer
from tests.integration.records.test_appointments import GUEST, ROME, cancel, change, make

pytestmark = pytest.mark.asyncio(loop_scope="session")

TIMES: Final = 30
OBJECTION: Final = {"ground": "GDPR article 21"}
ADDRESS: Final = {"emails": ["neri@example.test"]}


async def _records(agency: Agency) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return a listing, an inquiry that came from a contact, and this contact."""
    contact = await agency.get_to_know(identity=ADDRESS, language="it")
    inquiry = await agency.take_in(identity={"contact_id": contact["id"]})
    return await agency.take_on(), inquiry, contact


async def _delete(agency: Agency, section: str, record: dict[str, Any]) -> Answer:
    answer = await agency.do(agency.ada, section, record, "DELETE ")
    if answer.status == 412:  # changed at the same time
        record = (await agency.do(agency.ada, section, record, "GET ")).body
        answer = await agency.do(agency.ada, section, record, "DELETE ")
    return answer


@pytest.mark.parametrize("section", ["listings", "inquiries", "contacts"])
@pytest.mark.parametrize("way", ["DELETE ", "POST /objection"])
async def test_an_appointment_is_changed_as_by_hand_when_what_it_is_about_is_deleted(
    agency: Agency, section: str, way: str
) -> None:
    listing, inquiry, contact = await _records(agency)
    place = {"place": "Via Fillungo 1", "note": "Neri", "guests": [GUEST]}
    about = {"listing_id": listing["id"], "inquiry_id": inquiry["id"], "contacts": [contact["id"]]}
    made = await make(agency, agency.ada, **place, **about)
    over = await make(agency, agency.ada, **place, **about)
    await cancel(agency, agency.ada, over)
    other = await make(agency, agency.ada, **place)
    deleted = {"listings": listing, "inquiries": inquiry, "contacts": contact}[section]
    assert (await agency.do(agency.ada, section, deleted, way, OBJECTION)).status == 204

    member = {"listings": "listing_id", "inquiries": "inquiry_id", "contacts": "contacts"}[section]
    empty: dict[str, Any] = {**about, "place": None, "note": None, "guests": []}
    empty |= {"contacts": [], "guests": [GUEST]} if section == "contacts" else {member: None}
    for one, version in ((made, 2), (over, 3)):
        left = (await agency.call(agency.ada, "GET", f"/v1/appointments/{one['id']}")).body
        assert ({name: left["details"][name] for name in empty}, left["version"]) == (empty, version)
        latest = (await agency.call(agency.ada, "GET", f"/v1/appointments/{one['id']}/history")).body["items"][0]
        assert (latest["version"], latest["action"], latest["by"]) == (version, "changed", str(agency.ada))
        assert {each["field"] for each in latest["changes"]} == {
            *("place", "note", member),
            *(() if section == "contacts" else ("guests",)),
        }
    assert (await agency.call(agency.ada, "GET", f"/v1/appointments/{other['id']}")).body == other
    (told,) = await agency.events(AppointmentChanged.topic)
    assert (told["appointment_id"], told["version"], told["guests_forgotten"]) == (made["id"], 2, True)
    guests = {guest["email"] for guest in told["guests"]}
    assert guests == ({GUEST["email"]} if section == "contacts" else {"neri@example.test"})


async def test_an_inquiry_is_changed_when_its_contact_is_deleted_whatever_the_agency_requires(agency: Agency) -> None:
    agency.authz.give_all(agency.tenant_id, agency.ada, *KEYS, "admin.required_fields.update")
    _, inquiry, contact = await _records(agency)
    path, required = "/v1/required-fields/inquiries", {"create": ["contact_id"]}
    assert (await agency.call(agency.ada, "PUT", path, required, {"If-Match": '"0"'})).status == 200
    assert (await agency.do(agency.ada, "contacts", contact, "POST /objection", OBJECTION)).status == 204
    left = (await agency.do(agency.ada, "inquiries", inquiry, "GET ")).body
    assert (left["identity"]["contact_id"], left["version"]) == (None, 2)
    latest = (await agency.do(agency.ada, "inquiries", inquiry, "GET /history")).body["items"][0]
    assert [(one["field"], one["before"], one["after"]) for one in latest["changes"]] == [
        ("contact_id", contact["id"], None)
    ]
    assert [told["version"] for told in await agency.events("records.inquiry.changed.v1")] == [2]


@pytest.mark.parametrize("section", ["listings", "inquiries", "contacts"])
async def test_appointments_are_changed_and_cancelled_while_what_they_are_about_is_deleted(
    agency: Agency, section: str
) -> None:
    agency.authz.give_all(agency.tenant_id, agency.ada, *KEYS)
    for at in range(TIMES):
        listing, inquiry, contact = await _records(agency)
        about = {"listing_id": listing["id"], "inquiry_id": inquiry["id"], "contacts": [contact["id"]]}
        bare, full = await make(agency, agency.ada), await make(agency, agency.ada, **about, guests=[GUEST])
        cancelled = await make(agency, agency.ada, **about)
        deleted = {"listings": listing, "inquiries": inquiry, "contacts": contact}[section]
        joined, changed, called_off, gone = await asyncio.gather(
            change(agency, agency.ada, bare, about),
            change(agency, agency.ada, full, {"title": f"T{at}", "guests": []}),
            cancel(agency, agency.ada, cancelled),
            _delete(agency, section, deleted),
        )
        assert gone.status == 204, gone.body
        assert joined.status in {200, 422}, joined.body
        assert (changed.status in {200, 412}, called_off.status in {204, 412}) == (True, True), changed.body
        for one in (bare, full, cancelled):
            left = (await agency.call(agency.ada, "GET", f"/v1/appointments/{one['id']}")).body
            assert deleted["id"] not in str(left)


@pytest.mark.parametrize("section", ["listings", "inquiries", "contacts"])
async def test_what_refers_to_a_record_that_is_deleted_is_made_before_that_or_refused(
    agency: Agency, section: str
) -> None:
    agency.authz.give_all(agency.tenant_id, agency.ada, *KEYS)
    for _ in range(TIMES):
        listing, inquiry, contact = await _records(agency)
        free = await agency.take_in()
        deleted = {"listings": listing, "inquiries": inquiry, "contacts": contact}[section]
        about = {"listing_id": listing["id"], "inquiry_id": inquiry["id"], "contacts": [contact["id"]]}
        viewing = {"kind": "viewing", "title": "Sopralluogo", "when": ROME, **about}
        from_contact = {"identity": {"contact_id": contact["id"]}}
        new = {"office_id": str(agency.centre), "transaction_type": "sale", **from_contact}
        gone, *answers = await asyncio.gather(
            _delete(agency, section, deleted),
            agency.call(agency.ada, "POST", "/v1/appointments", viewing),
            agency.call(agency.ada, "POST", "/v1/inquiries", new),
            agency.do(agency.ada, "inquiries", free, "PATCH ", from_contact),
            agency.do(agency.ada, "inquiries", inquiry, "PATCH ", {"rooms_min": 2, **from_contact}),
        )
        assert gone.status == 204, gone.body
        assert {answer.status for answer in answers} <= {200, 201, 404, 412, 422}, [one.body for one in answers]
