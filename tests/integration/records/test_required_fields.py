"""What the agency wants filled in: refused field by field, held to from the moment it is chosen, never looked back."""

import asyncio
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import pytest

from services.contracts.access import Scope
from services.records.operations import record_life
from services.records.store.schedules import Action, Due
from tests.integration.records.conftest import FLAT, SEARCH, Agency, Answer
from tests.support.stub_authz import EVERYTHING

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATH: Final = "/v1/required-fields/listings"


async def choose(agency: Agency, version: int, path: str = PATH, **stages: list[str]) -> Answer:
    agency.give(agency.carla, "admin.required_fields.update")
    return await agency.call(agency.carla, "PUT", path, stages, {"If-Match": f'"{version}"'})


async def create(agency: Agency, **fields: object) -> Answer:
    return await agency.call(agency.ada, "POST", "/v1/listings", {**FLAT, "office_id": str(agency.centre), **fields})


@pytest.mark.catalogue("IMO-77")
async def test_a_listing_without_what_is_required_is_refused_field_by_field(agency: Agency) -> None:
    old = await agency.take_on(title="Old")
    assert (await choose(agency, 0, create=["title", "owner_name"], publication=["list_price_minor"])).status == 200
    before = await agency.stored()
    missing = (422, "required_field_missing", {"/title", "/identity/owner_name"})
    assert (await create(agency)).refusal == missing
    offered = {"title": "Villa", "identity": {"owner_name": "Neri"}, "standard_status": "active"}
    assert (await create(agency, **offered)).refusal == (422, "required_field_missing", {"/list_price_minor"})
    assert await agency.stored() == before
    made = (await create(agency, **{**offered, "standard_status": "draft"})).body

    assert (await agency.change(agency.ada, made, {"title": None})).refusal == (
        422,
        "required_field_missing",
        {"/title"},
    )
    assert (await agency.change(agency.ada, made, {"standard_status": "active"})).refusal == (
        422,
        "required_field_missing",
        {"/list_price_minor"},
    )
    priced = {"standard_status": "active", "list_price_minor": 1, "currency": "EUR"}
    made = (await agency.change(agency.ada, made, priced)).body
    assert (await agency.change(agency.ada, made, {"list_price_minor": None})).refusal[2] == {"/list_price_minor"}
    draft = (await agency.change(agency.ada, made, {"standard_status": "draft"})).body
    assert (await agency.change(agency.ada, draft, {"list_price_minor": None})).status == 200

    changed = await agency.change(agency.ada, old, {"municipality": "Lucca"})
    assert changed.status == 200, "a listing from before the rule may lack what the rule wants"


@pytest.mark.catalogue("IMO-77")
async def test_only_who_may_choose_does_and_only_from_the_version_that_he_saw(agency: Agency) -> None:
    assert (await agency.call(agency.ada, "GET", PATH)).body["version"] == 0
    agent = agency.give(agency.bruno, update=EVERYTHING)
    refused = await agency.call(agent, "PUT", PATH, {"create": ["title"]}, {"If-Match": '"0"'})
    assert refused.refusal == (403, "permission_missing", set())
    assert (await choose(agency, 0, create=["title"])).body["create"] == ["title"]
    assert (await choose(agency, 0, create=["rooms"])).refusal == (412, "stale", set())
    wrongs: tuple[tuple[dict[str, Any], str], ...] = (
        ({"create": ["nonsense"]}, "/create"),
        ({"create": ["private_note"]}, "/create"),
        ({"archive": ["number"]}, "/archive"),
    )
    for wrong, pointer in wrongs:
        assert (await choose(agency, 1, **wrong)).refusal == (422, "invalid", {pointer})
    inquiries = "/v1/required-fields/inquiries"
    assert (await choose(agency, 0, inquiries, publication=["note"])).refusal == (422, "invalid", {"/publication"})
    shown = (await agency.call(agent, "GET", PATH)).body
    assert (shown["version"], shown["create"], shown["publication"]) == (1, ["title"], [])
    assert "owner_name" in shown["choosable"]
    assert (await choose(agency, 1)).body["create"] == []
    assert (await create(agency)).status == 201


@pytest.mark.catalogue("IMO-77")
async def test_inquiries_have_rules_of_their_own(agency: Agency) -> None:
    assert (await choose(agency, 0, "/v1/required-fields/inquiries", create=["client_name"])).status == 200
    assert (await create(agency)).status == 201
    body = {**SEARCH, "office_id": str(agency.centre)}
    refused = await agency.call(agency.ada, "POST", "/v1/inquiries", body)
    assert refused.refusal == (422, "required_field_missing", {"/identity/client_name"})
    await agency.take_in(identity={"client_name": "Neri"})


@pytest.mark.catalogue("IMO-6", "IMO-77")
async def test_who_may_only_fill_fills_whatever_else_is_missing(agency: Agency) -> None:
    made = await agency.take_on()
    await choose(agency, 0, create=["title", "owner_name"])
    agent = agency.give(agency.bruno, read=EVERYTHING, identity__fill=EVERYTHING)
    answer = await agency.do(agent, "listings", made, "POST /identity/fill", {"unit_number": "7"})
    assert answer.status == 200


@pytest.mark.catalogue("IMO-77")
async def test_a_rule_holds_for_whatever_begins_after_it_was_chosen(agency: Agency) -> None:
    for version in range(0, 40, 2):
        answers = await asyncio.gather(choose(agency, version, create=["title"]), *(create(agency) for _ in range(3)))
        assert answers[0].status == 200
        assert {answer.status for answer in answers[1:]} <= {201, 422}
        assert (await create(agency)).refusal[1] == "required_field_missing"
        assert (await choose(agency, version + 1)).status == 200


@pytest.mark.catalogue("IMO-23", "IMO-77")
async def test_an_archiving_that_a_rule_forbids_fails_visibly_and_is_retried(agency: Agency) -> None:
    made, other = await agency.take_on(), await agency.take_on(office_id=str(agency.harbour))
    assert (await agency.do(agency.ada, "listings", made, "POST /archive", {})).status == 200
    made = await agency.take_on()
    await choose(agency, 0, archive=["title"])
    assert (await agency.do(agency.ada, "listings", made, "POST /archive", {})).refusal[2] == {"/title"}
    due = datetime(2026, 1, 1, tzinfo=UTC)
    for listing in (made, other):
        await agency.do(agency.ada, "listings", listing, "PUT /archive-schedule", {"at": due.isoformat()})
        assert not await _carry_out(agency, listing)
        assert not await _carry_out(agency, listing)
    failed = (await agency.call(agency.ada, "GET", "/v1/schedules?failed=true")).body["items"]
    assert {(one["record_id"], one["failure"]) for one in failed} == {
        (listing["id"], "required_field_missing") for listing in (made, other)
    }
    assert (await agency.call(agency.ada, "GET", "/v1/schedules?failed=false")).body["items"] == []
    centre = Scope(offices=frozenset({agency.centre}))
    agent = agency.give(agency.bruno, read=centre, archive__schedule=centre)
    (seen,) = (await agency.call(agent, "GET", "/v1/schedules")).body["items"]
    assert seen["record_id"] == made["id"]

    retry = "POST /archive-schedule/retry"
    assert (await agency.do(agent, "listings", other, retry)).status == 404
    filled = (await agency.change(agency.ada, made, {"title": "Villa"})).body
    assert (await agency.do(agent, "listings", made, retry)).status == 204
    assert (await agency.do(agent, "listings", made, retry)).status == 404
    assert await _carry_out(agency, filled)
    assert (await agency.call(agency.ada, "GET", f"/v1/listings/{made['id']}")).body["standard_status"] == "archived"


async def test_schedules_are_listed_in_pages_and_what_belongs_together_stays_so(agency: Agency) -> None:
    at = "2100-01-01T00:00:00Z"
    wanted = list[tuple[str, str]]()
    for _ in range(3):
        made = await agency.take_on()
        for action in ("archive", "restore"):
            await agency.do(agency.ada, "listings", made, f"PUT /{action}-schedule", {"at": at})
            wanted.append((made["id"], action))
    found, cursor = list[tuple[str, str]](), ""
    while True:
        page = (await agency.call(agency.ada, "GET", f"/v1/schedules?limit=1{cursor}")).body
        found += [(one["record_id"], one["action"]) for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert found == sorted(wanted)


async def _carry_out(agency: Agency, listing: dict[str, Any]) -> bool:
    due = Due(agency.tenant_id, "listings", UUID(listing["id"]), Action.ARCHIVE)
    return await record_life.carry_out(agency.db, due, datetime.now(UTC))
