"""Whatever happens to documents, search criteria and dates of a record leaves a trace, for whoever may see these."""

import base64
from typing import Any, Final
from uuid import UUID

import pytest

from services.chassis import ids
from services.contracts.access import Scope
from services.contracts.records_events import AttachmentChanged
from services.contracts.vocabulary import UserId
from services.records.handlers.hidden_places import READ_AT_MOST
from services.records.handlers.tombstones import AT_ONCE
from tests.integration.records.conftest import KEYS, Agency, Answer
from tests.integration.records.test_documents import WRITES, add, put
from tests.integration.records.test_documents import at as with_document
from tests.support.stub_authz import EVERYTHING

pytestmark = pytest.mark.asyncio(loop_scope="session")

SEARCH: Final = {"name": "Two rooms", "transaction_type": "sale"}


async def _changes(agency: Agency, who: UserId, path: str) -> list[dict[str, Any]]:
    answer = await agency.call(who, "GET", path)
    assert answer.status == 200, answer.body
    return answer.body["items"]


def _fields(change: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {one["field"]: (one["before"], one["after"]) for one in change["changes"]}


def _head(agency: Agency, *more: str) -> UserId:
    agency.authz.give_all(agency.tenant_id, agency.ada, *KEYS, *WRITES, "listings.documents.read", *more)
    return agency.ada


async def _told(agency: Agency) -> list[tuple[str, str]]:
    return [(one["attachment"], one["action"]) for one in await agency.events(AttachmentChanged.topic)]


async def test_who_deleted_a_document_and_what_it_was_is_known_afterwards(agency: Agency) -> None:
    ada, listing = _head(agency), await agency.take_on()
    path = f"/v1/listings/{listing['id']}/document-changes"
    made = await add(agency, ada, listing, kind="contract", name="Contract.pdf")
    kept = (await put(agency, ada, made)).body
    changed = (await with_document(agency, ada, kept, "PATCH", {"name": "Old contract.pdf"})).body
    agent = agency.give(agency.bruno, "documents.delete", read=EVERYTHING, documents__read=EVERYTHING)
    assert (await with_document(agency, agent, changed, "DELETE")).status == 204
    found = await _changes(agency, ada, path)
    assert [one["action"] for one in found] == ["deleted", "changed", "changed", "created"]
    assert [one["by"] for one in found] == [str(agent), *[str(ada)] * 3]
    assert {one["attachment_id"] for one in found} == {made["id"]}
    deleted, named, filled, created = map(_fields, found)
    assert (deleted["name"], deleted["kind"]) == (("Old contract.pdf", None), ("contract", None))
    assert named == {"name": ("Contract.pdf", "Old contract.pdf")}
    assert filled["sha256"] == (None, kept["sha256"])
    assert created["name"] == (None, "Contract.pdf")
    assert await _told(agency) == [("document", one) for one in ("created", "changed", "changed", "deleted")]
    assert "Contract" not in str(await agency.events(AttachmentChanged.topic))


async def test_what_was_refused_or_changed_nothing_leaves_no_trace(agency: Agency) -> None:
    ada, listing = _head(agency), await agency.take_on()
    made = await add(agency, ada, listing)
    before = await agency.left()
    assert (await with_document(agency, ada, {**made, "version": 7}, "DELETE")).status == 412
    agent = agency.give(agency.bruno, read=EVERYTHING, documents__read=EVERYTHING)
    assert (await with_document(agency, agent, made, "DELETE")).status == 403
    assert (await agency.do(ada, "listings", listing, "DELETE /archive-schedule")).status == 204
    assert await agency.left() == before


async def test_what_happened_to_documents_is_told_to_who_sees_them(agency: Agency) -> None:
    ada, listing = _head(agency), await agency.take_on()
    path = f"/v1/listings/{listing['id']}/document-changes"
    await add(agency, ada, listing, name="For all.pdf")
    became = await add(agency, ada, listing, name="Secret now.pdf")
    assert (await with_document(agency, ada, became, "PATCH", {"is_private": True})).status == 200
    gone = await add(agency, ada, listing, name="Secret once.pdf", is_private=True)
    assert (await with_document(agency, ada, gone, "DELETE")).status == 204
    reader = agency.give(agency.bruno, read=EVERYTHING, documents__read=EVERYTHING)
    confidant = agency.give(agency.carla, read=EVERYTHING, documents__read=EVERYTHING, private__read=EVERYTHING)
    visitor = agency.give(UserId(ids.uuid7()), read=EVERYTHING)
    elsewhere = agency.give(UserId(ids.uuid7()), documents__read=EVERYTHING)
    assert len(await _changes(agency, confidant, path)) == 5
    (seen,) = await _changes(agency, reader, path)
    assert _fields(seen)["name"] == (None, "For all.pdf")
    assert [(await agency.call(who, "GET", path)).status for who in (visitor, elsewhere)] == [403, 404]


async def test_pages_of_changes_hold_each_once(agency: Agency) -> None:
    ada, listing = _head(agency), await agency.take_on()
    for at in range(5):
        await add(agency, ada, listing, name=f"{at}.pdf")
    path, found, cursor = f"/v1/listings/{listing['id']}/document-changes?limit=2", list[str](), ""
    while True:
        page = (await agency.call(ada, "GET", f"{path}&cursor={cursor}" if cursor else path)).body
        found += [_fields(one)["name"][1] for one in page["items"]]
        if (cursor := page["next"]) is None:
            break
    assert found == [f"{at}.pdf" for at in range(4, -1, -1)]


async def test_search_criteria_leave_a_trace_for_who_may_read_them(agency: Agency) -> None:
    contact = await agency.get_to_know()
    path = f"/v1/contacts/{contact['id']}/criteria"
    made = (await agency.call(agency.ada, "POST", path, SEARCH)).body
    one = f"/v1/criteria/{made['id']}"
    answer = await agency.call(agency.ada, "PATCH", one, {"rooms_min": 2}, {"If-Match": '"1"'})
    assert answer.status == 200
    assert (await agency.call(agency.ada, "DELETE", one, None, {"If-Match": '"2"'})).status == 204
    found = await _changes(agency, agency.ada, f"{path}-changes")
    assert [each["action"] for each in found] == ["deleted", "changed", "created"]
    assert _fields(found[1]) == {"rooms_min": (None, 2)}
    assert _fields(found[0])["name"] == ("Two rooms", None)
    agency.authz.give(agency.tenant_id, agency.bruno, {"contacts.read": EVERYTHING, "contacts.list": EVERYTHING})
    assert (await agency.call(agency.bruno, "GET", f"{path}-changes")).status == 404
    assert await _told(agency) == [("criteria", each) for each in ("created", "changed", "deleted")]


@pytest.mark.parametrize("section", ["listings", "inquiries"])
async def test_who_set_and_cancelled_a_date_is_known(agency: Agency, section: str) -> None:
    ada, record = _head(agency), await (agency.take_on() if section == "listings" else agency.take_in())
    set_, moved = {"at": "2100-01-01T00:00:00Z"}, {"at": "2101-01-01T00:00:00Z"}
    calls: tuple[tuple[str, object], ...] = (("PUT", set_), ("PUT", set_), ("PUT", moved), ("DELETE", None))
    for method, body in calls:
        answer: Answer = await agency.do(ada, section, record, f"{method} /archive-schedule", body)
        assert answer.status == 204
    assert (await agency.do(ada, section, record, "PUT /restore-schedule", set_)).status == 204
    path = f"/v1/{section}/{record['id']}/schedule-changes"
    found = await _changes(agency, ada, path)
    assert [(one["kind"], one["action"]) for one in found] == [
        ("restore_schedule", "created"),
        *(("archive_schedule", each) for each in ("deleted", "changed", "created")),
    ]
    assert all("due_at" in _fields(one) for one in found)
    public = agency.give(agency.bruno, section=section, read=Scope(offices=frozenset({agency.harbour})))
    assert (await agency.call(public, "GET", path)).status == 404


async def test_the_trace_goes_with_the_record(agency: Agency) -> None:
    ada, listing = _head(agency), await agency.take_on()
    await add(agency, ada, listing, name="Neri.pdf")
    assert (await agency.do(ada, "listings", listing, "DELETE ")).status == 204
    assert "Neri" not in await agency.left()


@pytest.mark.parametrize("section", ["listings", "inquiries", "contacts"])
async def test_tombstones_are_read_by_who_could_have_deleted(agency: Agency, section: str) -> None:
    make = {"listings": agency.take_on, "inquiries": agency.take_in, "contacts": agency.get_to_know}[section]
    here, there = await make(number="A-1"), await make(number="A-2", office_id=str(agency.harbour))
    assert (await agency.do(agency.ada, section, here, "DELETE ")).status == 204
    assert (await agency.do(agency.ada, section, there, "POST /objection", {"ground": "GDPR 21"})).status == 204
    path = f"/v1/tombstones/{section}"
    second, first = await _changes(agency, agency.ada, path)
    assert (second["number"], second["cause"], second["ground"]) == ("A-2", "objection", "GDPR 21")
    assert (first["record_id"], first["cause"], first["ground"]) == (here["id"], "deleted", None)
    assert {one["by"] for one in (first, second)} == {str(agency.ada)}
    page = (await agency.call(agency.ada, "GET", f"{path}?limit=1")).body
    following = (await agency.call(agency.ada, "GET", f"{path}?limit=1&cursor={page['next']}")).body
    assert (page["items"], following) == ([second], {"items": [first], "next": None})
    centre = Scope(offices=frozenset({agency.centre}))
    agent = agency.give(agency.bruno, section=section, read=EVERYTHING, delete=centre)
    assert await _changes(agency, agent, path) == [first]
    nobody = agency.give(agency.carla, section=section, read=EVERYTHING)
    assert (await agency.call(nobody, "GET", path)).status == 403


async def test_a_page_of_tombstones_ends_after_a_bounded_walk_and_names_nothing_that_is_hidden(
    agency: Agency,
) -> None:
    made = [await agency.take_on() for _ in range(4)]
    for one in made[:2]:
        assert (await agency.do(agency.ada, "listings", one, "DELETE ")).status == 204
    async with agency.db.transaction(agency.tenant_id) as tx:
        await tx.execute(
            """
            INSERT INTO tombstones (tenant_id, section, record_id, number, cause, deleted_by, deleted_at, office_id,
                                    is_private)
            SELECT $1, 'listings', gen_random_uuid(), n::text, 'deleted', $2, clock_timestamp(), $3, false
              FROM generate_series(1, $4) AS n
            """,
            agency.tenant_id,
            agency.ada,
            agency.harbour,
            2 * AT_ONCE * READ_AT_MOST + 7,
        )
    for one in made[2:]:
        assert (await agency.do(agency.ada, "listings", one, "DELETE ")).status == 204
    agent = agency.give(agency.bruno, read=EVERYTHING, delete=Scope(offices=frozenset({agency.centre})))
    pages, query = list[list[str]](), "?limit=50"
    while True:
        page = (await agency.call(agent, "GET", f"/v1/tombstones/listings{query}")).body
        pages.append([one["record_id"] for one in page["items"]])
        if page["next"] is None:
            break
        named = UUID(bytes=base64.urlsafe_b64decode(page["next"].partition(".")[0])[8:])
        assert named == UUID(made[2]["id"])
        query = f"?limit=50&cursor={page['next']}"
    ids = [one["id"] for one in made]
    assert pages == [[ids[3], ids[2]], [], [ids[1], ids[0]]]
    refused = await agency.call(agent, "GET", "/v1/tombstones/listings?cursor=x.1")
    assert (refused.status, refused.body["errors"][0]["pointer"]) == (422, "/cursor")
