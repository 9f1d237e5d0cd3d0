"""Who objects to the processing of his data is forgotten, wherever it was kept."""

import asyncio
from dataclasses import fields
from typing import Any, Final

import pytest

from services.chassis import ids
from services.contracts.access import Scope
from services.records.domain.contact import Contact
from services.records.domain.inquiry import Inquiry
from services.records.domain.record import Record, Tier
from tests.integration.records.conftest import KEYS, Agency, Answer
from tests.integration.records.test_appointments import GUEST, change, make

pytestmark = pytest.mark.asyncio(loop_scope="session")

MARKER: Final = "Zyxwvut"
NUMBER: Final = "77665544"
OBJECTION: Final = {"ground": "GDPR article 21"}
BESIDE_TEXT: Final[dict[str, Any]] = {
    "country": "IT",
    "client_email": f"{MARKER}@example.test",
    "client_phone": f"+39 {NUMBER}",
    "phones": [f"+39 {NUMBER}"],
    "emails": [f"{MARKER}@example.test"],
    "born_on": "1980-01-01",
}
"""What takes no plain text."""
TIMES: Final = 30


def _marked(kind: type[Record], tier: Tier, mark: str = MARKER) -> dict[str, Any]:
    """Return the marker in every field of a tier that takes text, so that a new one is in the test by itself."""
    texts = {field.name: mark for field in fields(kind) if str(field.type) in {"str", "str | None", str(str)}}
    known: dict[str, Any] = {**texts, **BESIDE_TEXT}
    return {name: known[name] for name in kind.section.tiers[tier] if name in known}


async def _contact(agency: Agency, **basic: object) -> dict[str, Any]:
    return await agency.get_to_know(
        basic={**_marked(Contact, Tier.BASIC), **basic}, identity=_marked(Contact, Tier.IDENTITY), language="it"
    )


async def _inquiry(agency: Agency, contact: dict[str, Any] | None) -> dict[str, Any]:
    """Return an inquiry full of its client, and a history that is, too."""
    identity = _marked(Inquiry, Tier.IDENTITY) | ({"contact_id": contact["id"]} if contact else {})
    made = await agency.take_in(
        identity=identity, basic={"note": MARKER}, private_note={"text": MARKER}, number=f"Q-{ids.uuid7().hex[-12:]}"
    )
    changes = {"identity": _marked(Inquiry, Tier.IDENTITY, f"{MARKER}!"), "basic": {"note": f"{MARKER} again"}}
    return (await agency.do(agency.ada, "inquiries", made, "PATCH ", changes)).body


async def _leave_traces(agency: Agency, contact: dict[str, Any], inquiry: dict[str, Any], **met_about: object) -> None:
    """Fill whatever hangs on the two with the person."""
    search = {"name": MARKER, "transaction_type": "sale", "municipalities": [MARKER], "districts": [MARKER]}
    assert (await agency.call(agency.ada, "POST", f"/v1/contacts/{contact['id']}/criteria", search)).status == 201
    about = {"place": MARKER, "note": MARKER}
    guest = {**GUEST, "email": f"{MARKER}@guest.example", "display_name": MARKER}
    with_guests = {"guests": [guest]} if "inquiry_id" in met_about else {}
    met = await make(agency, agency.ada, **about, **met_about, **({} if "contacts" in met_about else with_guests))
    await change(agency, agency.ada, met, {"note": f"{MARKER}!"})
    document = {"kind": "identity", "name": f"{MARKER}.txt"}
    path = f"/v1/inquiries/{inquiry['id']}/documents"
    made = await agency.call(agency.ada, "POST", path, document)
    assert made.status == 201, made.body
    sent = {
        **agency.issuer.bearer(agency.tenant_id, agency.ada),
        "If-Match": '"1"',
        "Content-Type": "text/plain",
    }
    url = f"{agency.url}{path}/{made.body['id']}/content"
    async with agency.http.put(url, data=MARKER.encode(), headers=sent) as response:
        assert response.status == 200
    await _export(agency, MARKER)


async def _export(agency: Agency, q: str) -> None:
    url = f"{agency.url}/v1/exports/contacts?form=csv&identity=true&q={q}"
    async with agency.http.get(url, headers=agency.issuer.bearer(agency.tenant_id, agency.ada)) as response:
        assert (response.status, MARKER in await response.text()) == (200, True)


async def _traces(agency: Agency) -> set[str]:
    """Return what of the person is left in any column of any table; files are hexadecimal there."""
    left = (await agency.left()).lower()
    sought = (MARKER, NUMBER, "1980-01-01", MARKER.encode().hex())
    return {one for one in sought if one.lower() in left}


def _head(agency: Agency) -> None:
    more = ("documents.create", "inquiries.documents.read", "contacts.export", "contacts.identity.export")
    agency.authz.give_all(agency.tenant_id, agency.ada, *KEYS, *more)


async def _object(agency: Agency, section: str, record: dict[str, Any]) -> Answer:
    return await agency.do(agency.ada, section, record, "POST /objection", OBJECTION)


@pytest.mark.catalogue("IMO-71", "IMO-B17")
@pytest.mark.parametrize("section", ["contacts", "inquiries"])
async def test_an_objection_leaves_nothing_of_the_person_in_any_column(agency: Agency, section: str) -> None:
    _head(agency)
    contact = await _contact(agency)
    inquiry = await _inquiry(agency, contact)
    await _leave_traces(agency, contact, inquiry, contacts=[contact["id"]], inquiry_id=inquiry["id"])
    if section == "contacts":
        await _leave_traces(agency, contact, inquiry, contacts=[contact["id"]])
        await _leave_traces(agency, contact, inquiry, inquiry_id=inquiry["id"])
    assert await _traces(agency) == {MARKER, NUMBER, "1980-01-01", MARKER.encode().hex()}
    assert (await _object(agency, section, {"contacts": contact, "inquiries": inquiry}[section])).status == 204
    assert await _traces(agency) == set()
    assert (await agency.do(agency.ada, "contacts", contact, "GET ")).status == 404


async def test_the_inquiry_of_who_objects_stays_empty_of_him_and_says_so(agency: Agency) -> None:
    _head(agency)
    contact = await _contact(agency)
    inquiry = await _inquiry(agency, contact)
    assert (await _object(agency, "contacts", contact)).status == 204
    left = (await agency.do(agency.ada, "inquiries", inquiry, "GET ")).body
    assert set(left["identity"].values()) == {None}
    assert (left["basic"]["note"], left["private_note"]["text"], left["version"]) == (None, None, 3)
    (latest, changed, created) = (await agency.do(agency.ada, "inquiries", inquiry, "GET /history")).body["items"]
    assert [one["action"] for one in (latest, changed, created)] == ["changed", "changed", "created"]
    shown = {one["field"]: (one["before"], one["after"]) for one in latest["changes"]}
    assert (shown["contact_id"], shown["client_name"]) == ((contact["id"], None), (None, None))
    told = (await agency.events("records.inquiry.changed.v1"))[-1]
    assert (told["version"], told["fields"]) == (3, ["note"])


async def test_what_is_only_deleted_leaves_the_inquiry_its_client(agency: Agency) -> None:
    contact = await _contact(agency)
    inquiry = await _inquiry(agency, contact)
    assert (await agency.do(agency.ada, "contacts", contact, "DELETE ")).status == 204
    left = (await agency.do(agency.ada, "inquiries", inquiry, "GET ")).body
    assert (left["identity"]["client_city"], left["basic"]["note"]) == (f"{MARKER}!", f"{MARKER} again")


@pytest.mark.parametrize(
    ("basis", "roles", "others", "met", "stays"),
    [
        (None, [], 0, "inquiry", False),
        ("legitimate_interest", ["buyer", "tenant"], 0, "inquiry", False),
        (None, [], 1, "inquiry", True),
        ("contract", [], 0, "inquiry", True),
        ("legal_obligation", [], 0, "inquiry", True),
        (None, ["buyer", "owner"], 0, "inquiry", True),
        (None, [], 0, "nothing", True),
        (None, [], 0, "both", True),
    ],
)
async def test_the_contact_of_an_inquiry_goes_with_it_unless_something_else_needs_it(
    agency: Agency, basis: str | None, roles: list[str], others: int, met: str, *, stays: bool
) -> None:
    contact = await agency.get_to_know(basic={"processing_basis": basis}, roles=roles)
    inquiry, *_ = [await _inquiry(agency, contact) for _ in range(1 + others)]
    about = {"nothing": {}, "inquiry": {"inquiry_id": inquiry["id"]}, "both": {"inquiry_id": inquiry["id"]}}[met]
    listing = {"listing_id": (await agency.take_on())["id"]} if met == "both" else {}
    await make(agency, agency.ada, **about, **listing, contacts=[contact["id"]])
    assert (await _object(agency, "inquiries", inquiry)).status == 204
    assert (await agency.do(agency.ada, "contacts", contact, "GET ")).status == (200 if stays else 404)
    assert len(await agency.events("records.contact.objection_filed.v1")) == (0 if stays else 1)


async def test_an_objection_takes_no_contact_along_that_its_filer_could_not_have_deleted_so(agency: Agency) -> None:
    contact = await agency.get_to_know(office_id=str(agency.harbour))
    inquiry = await _inquiry(agency, contact)
    here = Scope(offices=frozenset({agency.centre}))
    held: dict[str, Scope] = dict.fromkeys(("inquiries.read", "contacts.read", "admin.objection.update"), here)
    agency.authz.give(agency.tenant_id, agency.bruno, held)
    assert (await agency.do(agency.bruno, "inquiries", inquiry, "POST /objection", OBJECTION)).status == 204
    assert (await agency.do(agency.ada, "contacts", contact, "GET ")).status == 200


async def test_objections_to_an_inquiry_and_its_contact_never_stand_in_each_others_way(agency: Agency) -> None:
    for _ in range(TIMES):
        contact = await agency.get_to_know()
        inquiry = await _inquiry(agency, contact)
        answers = await asyncio.gather(
            _object(agency, "inquiries", inquiry),
            _object(agency, "contacts", contact),
            agency.do(agency.ada, "inquiries", inquiry, "PATCH ", {"identity": {"contact_id": None}}),
        )
        assert {answer.status for answer in answers} <= {200, 204, 404, 412}, [one.body for one in answers]
        assert 204 in {answer.status for answer in answers}


async def test_an_export_keeps_that_words_were_searched_for_and_not_which(agency: Agency) -> None:
    _head(agency)
    await _contact(agency)
    await _export(agency, MARKER)
    (shown,) = (await agency.call(agency.ada, "GET", "/v1/disclosures")).body["items"]
    assert MARKER not in str(shown["asked"])
    assert shown["asked"]["q"] == ""
