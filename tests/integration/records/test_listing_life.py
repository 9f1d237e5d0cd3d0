"""What is done with listings besides changing their fields: each under its own permission, remembered, and told."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.chassis import clock, ids
from services.contracts.access import Scope
from services.contracts.vocabulary import UserId
from services.records.handlers.hidden_places import READ_AT_MOST
from services.records.handlers.record_life import AT_ONCE
from services.records.operations import record_life
from services.records.store.schedules import Action, Due
from tests.integration.records.conftest import Agency, Answer
from tests.support.stub_authz import EVERYTHING

pytestmark = pytest.mark.asyncio(loop_scope="session")

IDENTITY = {"street_name": "Via Fillungo", "owner_name": "Giulia Neri"}
PAST = "2026-01-01T00:00:00Z"


async def _do(agency: Agency, listing: dict[str, Any], what: str, body: object = None, who: Any = None) -> Answer:
    """Return the answer to something done with a listing, from the version that is given."""
    method, _, rest = what.partition(" ")
    path = f"/v1/listings/{listing['id']}{rest}"
    return await agency.call(who or agency.ada, method, path, body, {"If-Match": f'"{listing["version"]}"'})


async def _history(agency: Agency, listing: dict[str, Any], who: Any = None) -> list[dict[str, Any]]:
    answer = await _do(agency, listing, "GET /history", who=who)
    assert answer.status == 200, answer.body
    return answer.body["items"]


ACTIONS: tuple[tuple[str, object, str], ...] = (
    ("POST /archive", {}, "archive__now"),
    ("POST /bump", {}, "copy"),
    ("PUT /archive-schedule", {"at": "2100-01-01T00:00:00Z"}, "archive__schedule"),
    ("PUT /restore-schedule", {"at": "2100-01-01T00:00:00Z"}, "restore__schedule"),
    ("POST /identity/fill", {"unit_number": "7"}, "identity__fill"),
    ("DELETE ", None, "delete"),
)


@pytest.mark.catalogue("IMO-6", "IMO-17", "IMO-23", "IMO-24", "IMO-26", "IMO-28")
@pytest.mark.parametrize(("what", "body", "key"), ACTIONS)
async def test_each_action_needs_its_own_permission_and_reaches_where_it_does(
    agency: Agency, what: str, body: object, key: str
) -> None:
    here, there = await agency.take_on(), await agency.take_on(office_id=str(agency.harbour))
    others: dict[str, Any] = dict.fromkeys({name for _, _, name in ACTIONS} - {key} | {"update"}, EVERYTHING)
    here_only: dict[str, Any] = {**others, key: Scope(offices=frozenset({agency.centre}))}
    agent = agency.give(agency.bruno, read=EVERYTHING, **here_only)
    unable = agency.give(agency.carla, read=EVERYTHING, **others)
    before = await agency.stored()
    assert (await _do(agency, here, what, body, unable)).refusal == (403, "permission_missing", set())
    assert (await _do(agency, there, what, body, agent)).refusal == (403, "permission_missing", set())
    assert await agency.stored() == before
    assert (await _do(agency, here, what, body, agent)).status in {200, 204}


@pytest.mark.catalogue("IMO-26", "IMO-27")
async def test_what_is_in_the_archive_comes_back_as_a_draft(agency: Agency) -> None:
    made = await agency.take_on(standard_status="active")
    archived = (await _do(agency, made, "POST /archive", {})).body
    assert (archived["standard_status"], archived["version"]) == ("archived", 2)
    assert (await _do(agency, archived, "POST /archive", {})).refusal == (409, "already_archived", set())
    assert (await _do(agency, made, "POST /restore", {})).refusal == (412, "stale", set())
    restored = (await _do(agency, archived, "POST /restore", {})).body
    assert restored["standard_status"] == "draft"
    assert [entry["action"] for entry in await _history(agency, made)] == ["restored", "archived", "created"]


async def _carry_out(agency: Agency, listing: dict[str, Any], action: Action, now: datetime) -> bool:
    return await record_life.carry_out(agency.db, Due(agency.tenant_id, "listings", UUID(listing["id"]), action), now)


@pytest.mark.catalogue("IMO-23", "IMO-24")
async def test_what_was_scheduled_happens_once_however_many_workers_try(agency: Agency) -> None:
    made = await agency.take_on()
    due = datetime(2100, 1, 1, tzinfo=UTC)
    assert (await _do(agency, made, "PUT /archive-schedule", {"at": due.isoformat()})).status == 204
    (shown,) = (await _do(agency, made, "GET /schedules")).body["items"]
    assert (shown["action"], shown["by"]) == ("archive", str(agency.ada))

    early = due - timedelta(microseconds=1)
    assert not await _carry_out(agency, made, Action.ARCHIVE, early)
    tries = await asyncio.gather(*(_carry_out(agency, made, Action.ARCHIVE, due) for _ in range(4)))
    assert sorted(tries) == [False, False, False, True]
    (entry, _) = await _history(agency, made)
    assert (entry["action"], entry["by"]) == ("archived", str(agency.ada))
    assert len(await agency.events("records.listing.changed.v1")) == 1
    assert (await _do(agency, made, "GET /schedules")).body["items"] == []


@pytest.mark.catalogue("IMO-B15")
async def test_a_date_that_is_past_is_no_way_round_the_permission_for_at_once(agency: Agency) -> None:
    made = await agency.take_on()
    later = agency.give(agency.bruno, read=EVERYTHING, archive__schedule=EVERYTHING)
    both = agency.give(agency.carla, read=EVERYTHING, archive__schedule=EVERYTHING, archive__now=EVERYTHING)
    past, future = {"at": PAST}, {"at": "2100-01-01T00:00:00Z"}
    refused = await _do(agency, made, "PUT /archive-schedule", past, later)
    assert refused.refusal == (403, "permission_missing", set())
    assert (await _do(agency, made, "GET /schedules")).body["items"] == []
    assert (await _do(agency, made, "PUT /archive-schedule", future, later)).status == 204
    assert (await _do(agency, made, "PUT /archive-schedule", past, both)).status == 204


async def test_what_was_scheduled_does_not_happen_when_cancelled_done_or_deleted(agency: Agency) -> None:
    cancelled, done, gone = [await agency.take_on() for _ in range(3)]
    for listing in (cancelled, done, gone):
        await _do(agency, listing, "PUT /archive-schedule", {"at": PAST})
    await _do(agency, cancelled, "DELETE /archive-schedule")
    await _do(agency, done, "POST /archive", {})
    await _do(agency, gone, "DELETE ")
    for listing in (cancelled, done, gone):
        assert not await _carry_out(agency, listing, Action.ARCHIVE, clock.now())
    assert (await agency.call(agency.ada, "GET", f"/v1/listings/{cancelled['id']}")).body["standard_status"] == "draft"


@pytest.mark.catalogue("IMO-28")
async def test_a_deleted_listing_leaves_a_tombstone_and_nothing_else(agency: Agency) -> None:
    made = await agency.take_on(number="T-1", title="Villa", identity=IDENTITY, private_note={"text": "Ring twice."})
    assert (await _do(agency, {**made, "version": 7}, "DELETE ")).status == 412
    assert (await _do(agency, made, "DELETE ")).status == 204
    assert (await _do(agency, made, "GET ")).status == 404
    assert (await _do(agency, made, "DELETE ")).status == 404
    left = await agency.left()
    for secret in (*IDENTITY.values(), "Ring twice.", "Villa"):
        assert secret not in left
    assert '"T-1"' in left
    (event,) = await agency.events("records.listing.deleted.v1")
    assert (event["listing_id"], event["version"], event["by"]) == (made["id"], 2, str(agency.ada))


@pytest.mark.catalogue("IMO-71", "IMO-B17")
async def test_an_objection_deletes_the_listing_and_keeps_only_its_legal_ground(agency: Agency) -> None:
    made = await agency.take_on(identity=IDENTITY)
    await agency.change(agency.ada, made, {"identity": {"owner_name": "Other Neri"}})
    agent = agency.give(agency.bruno, read=EVERYTHING, delete=EVERYTHING)
    ground = {"ground": "GDPR 21"}
    assert (await _do(agency, made, "POST /objection", ground, agent)).status == 403
    assert (await _do(agency, made, "POST /objection", {})).status == 422
    assert (await _do(agency, made, "POST /objection", ground)).status == 204
    left = await agency.left()
    assert "Neri" not in left
    assert "GDPR 21" in left
    assert len(await agency.events("records.objection.filed.v1")) == 1


@pytest.mark.catalogue("IMO-6", "IMO-135")
async def test_empty_identity_fields_are_filled_together_or_not_at_all(agency: Agency) -> None:
    made = await agency.take_on(identity={"owner_name": "Giulia Neri"})
    agent = agency.give(agency.bruno, read=EVERYTHING, identity__fill=EVERYTHING)
    before = await agency.stored()
    for name in ("Giulia Neri", "Somebody"):
        answer = await _do(agency, made, "POST /identity/fill", {"owner_name": name, "unit_number": "7"}, agent)
        assert answer.refusal == (409, "already_filled", {"/identity/owner_name"})
    assert await agency.stored() == before
    assert (await _do(agency, made, "POST /identity/fill", {"unit_number": "7"}, agent)).status == 200
    shown = (await _do(agency, made, "GET ")).body["identity"]
    assert (shown["owner_name"], shown["unit_number"]) == ("Giulia Neri", "7")


@pytest.mark.catalogue("IMO-17")
async def test_a_copy_holds_what_the_copier_sees_and_a_bump_brings_a_listing_to_the_top(agency: Agency) -> None:
    made = await agency.take_on(
        title="Villa", basic={"superoffer": True}, identity=IDENTITY, private_note={"text": "Ring twice."}
    )
    later = await agency.take_on()
    copier = agency.give(agency.bruno, read=EVERYTHING, list=EVERYTHING, copy=EVERYTHING, create=EVERYTHING)
    copy = (await _do(agency, made, "POST /copy", {}, copier)).body
    assert (copy["title"], copy["standard_status"], copy["number"]) == ("Villa", "draft", "3")
    assert (copy["basic"]["assignee_id"], copy["basic"]["superoffer"]) == (str(copier), False)
    assert (await _do(agency, copy, "GET ")).body["identity"] == dict.fromkeys(copy["identity"] or made["identity"])
    assert (await _do(agency, made, "POST /bump", {}, copier)).status == 200
    listed = (await agency.call(copier, "GET", "/v1/listings")).body["items"]
    assert [item["id"] for item in listed] == [made["id"], copy["id"], later["id"]]


async def test_a_copy_lies_in_the_copiers_office(agency: Agency) -> None:
    made = await agency.take_on(office_id=str(agency.harbour))
    copier = agency.give(agency.bruno, read=EVERYTHING, copy=EVERYTHING, create=EVERYTHING)
    copy = await _do(agency, made, "POST /copy", {}, copier)
    assert (copy.status, copy.body["office_id"]) == (201, str(agency.centre))
    homeless = agency.give(
        UserId(ids.uuid7()), read=EVERYTHING, copy=EVERYTHING, create=EVERYTHING, assignee__update=EVERYTHING
    )
    assert (await _do(agency, made, "POST /copy", {}, homeless)).body["office_id"] == str(agency.harbour)


async def test_a_page_of_the_history_ends_with_something_that_the_caller_sees(agency: Agency) -> None:
    made = await agency.take_on(identity=IDENTITY)
    agent = agency.give(agency.bruno, read=EVERYTHING)
    for at in range(3):
        for change in (
            {"identity": {"owner_name": f"N{at}"}},
            {"private_note": {"text": f"{at}"}},
            {"title": f"T{at}"},
        ):
            made = (await agency.change(agency.ada, made, change)).body
    made = (await agency.change(agency.ada, made, {"identity": {"owner_name": "N"}})).body
    pages, query = list[list[int]](), "?limit=1"
    while query:
        page = (await _do(agency, made, f"GET /history{query}", who=agent)).body
        pages.append([entry["version"] for entry in page["items"]])
        query = f"?limit=1&cursor={page['next']}" if page["next"] else ""
    assert pages == [[10], [7], [4], [1]]


async def test_a_page_of_the_history_ends_after_a_bounded_walk_and_the_next_goes_on_there(agency: Agency) -> None:
    made = await agency.take_on()
    agent = agency.give(agency.bruno, read=EVERYTHING)
    hidden = 2 * AT_ONCE * READ_AT_MOST + 7
    async with agency.db.transaction(agency.tenant_id) as tx:
        await tx.execute(
            """
            INSERT INTO record_history
            SELECT tenant_id, section, record_id, version + at, 'changed', '{"private_note": null}',
                   '{"private_note": "x"}', changed_by, changed_at
              FROM record_history, generate_series(1, $1) AS at
            """,
            hidden,
        )
    pages, query = list[list[int]](), "?limit=1"
    while query:
        page = (await _do(agency, made, f"GET /history{query}", who=agent)).body
        pages.append([entry["version"] for entry in page["items"]])
        query = f"?limit=1&cursor={page['next']}" if page["next"] else ""
    assert pages == [[], [], [1]]


@pytest.mark.catalogue("MG-35")
async def test_history_shows_as_much_as_the_listing_does(agency: Agency) -> None:
    made = await agency.take_on(title="Old", identity=IDENTITY)
    second = (await agency.change(agency.ada, made, {"title": "New", "identity": {"owner_name": "Other"}})).body
    await agency.change(agency.ada, second, {"identity": {"owner_name": "Third"}})
    agent = agency.give(agency.bruno, read=EVERYTHING)
    visitor = agency.give(agency.carla, read=Scope(public_offices=frozenset({agency.centre})))

    whole = await _history(agency, made)
    assert [(entry["version"], {change["field"] for change in entry["changes"]}) for entry in whole[:2]] == [
        (3, {"owner_name"}),
        (2, {"title", "owner_name"}),
    ]
    assert whole[0]["changes"] == [{"field": "owner_name", "before": "Other", "after": "Third"}]
    seen = await _history(agency, made, agent)
    assert [(entry["version"], [change["field"] for change in entry["changes"]]) for entry in seen[:1]] == [
        (2, ["title"])
    ]
    assert not any(secret in str(seen) for secret in (*IDENTITY.values(), "Other", "Third"))
    assert (await _do(agency, made, "GET /history", who=visitor)).status == 404

    page = (await agency.call(agency.ada, "GET", f"/v1/listings/{made['id']}/history?limit=2")).body
    last = (
        await agency.call(agency.ada, "GET", f"/v1/listings/{made['id']}/history?limit=2&cursor={page['next']}")
    ).body
    assert ([entry["version"] for entry in last["items"]], last["next"]) == ([1], None)


@pytest.mark.catalogue("IMO-14", "IMO-15", "IMO-16")
async def test_a_bulk_action_decides_on_each_listing_by_itself(agency: Agency) -> None:
    here, there = await agency.take_on(), await agency.take_on(office_id=str(agency.harbour))
    hidden = await agency.take_on(basic={"is_private": True})
    centre = Scope(offices=frozenset({agency.centre}))
    agent = agency.give(
        agency.bruno,
        read=Scope(offices=frozenset({agency.centre, agency.harbour})),
        bulk__reassign=centre,
        bulk__renumber=centre,
        bulk__delete=centre,
    )
    wanted = [listing["id"] for listing in (here, there, hidden)]
    codes = ["done", "permission_missing", "not_found"]
    for path, body in (
        ("bulk-reassign", {"ids": wanted, "assignee_id": str(agency.carla)}),
        ("bulk-renumber", {"items": [{"listing_id": one, "number": f"N-{one[-4:]}"} for one in wanted]}),
        ("bulk-delete", {"ids": [*wanted, *wanted]}),
    ):
        answer = await agency.call(agent, "POST", f"/v1/listings/{path}", body)
        assert [(item["id"], item["code"]) for item in answer.body["items"]] == list(zip(wanted, codes, strict=True))
        if path == "bulk-renumber":
            shown = (await _do(agency, here, "GET ")).body
            assert (shown["basic"]["assignee_id"], shown["number"]) == (str(agency.carla), f"N-{here['id'][-4:]}")
            taken = {"items": [{"listing_id": here["id"], "number": there["number"]}]}
            answer = await agency.call(agency.ada, "POST", "/v1/listings/bulk-renumber", taken)
            assert answer.body["items"] == [{"id": here["id"], "code": "number_taken"}]
    assert (await _do(agency, here, "GET ")).status == 404
    assert (await _do(agency, there, "GET ")).status == 200
    too_many = {"ids": [str(ids.uuid7()) for _ in range(1001)]}
    assert (await agency.call(agency.ada, "POST", "/v1/listings/bulk-delete", too_many)).status == 422
