"""What a single listing says to users, teams and offices: set, seen, explained, previewed, taken back."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from services.chassis import ids
from services.contracts.access import Scope
from services.contracts.authz_api import StampEntries
from services.contracts.vocabulary import UserId, UserState, View
from services.records.store import directory
from tests.integration.records.conftest import Agency, Answer
from tests.support.stub_authz import EVERYTHING

pytestmark = pytest.mark.asyncio(loop_scope="session")

Said = tuple[str, UUID, str, str]


def _entries(*said: Said) -> dict[str, Any]:
    return {
        "entries": [
            {"holder_kind": kind, "holder_id": str(holder), "record_class": each, "effect": effect}
            for kind, holder, each, effect in said
        ]
    }


def _path(listing: dict[str, Any], rest: str = "") -> str:
    return f"/v1/listings/{listing['id']}/record-rights{rest}"


async def _set(agency: Agency, listing: dict[str, Any], *said: Said, who: UUID | None = None) -> Answer:
    version = (await agency.call(agency.ada, "GET", _path(listing))).body["version"]
    return await agency.call(who or agency.ada, "PUT", _path(listing), _entries(*said), {"If-Match": f'"{version}"'})


def _said(answer: Answer) -> set[Said]:
    assert answer.status == 200, answer.body
    return {
        (entry["holder_kind"], UUID(entry["holder_id"]), entry["record_class"], entry["effect"])
        for entry in answer.body["entries"]
    }


async def _sees(agency: Agency, who: UUID, listing: dict[str, Any]) -> tuple[str | None, bool]:
    """Return the view in which somebody opens a listing, and whether it is listed."""
    opened = await agency.call(who, "GET", f"/v1/listings/{listing['id']}")
    listed = (await agency.call(who, "GET", "/v1/listings")).body["items"]
    return opened.body.get("view") if opened.status == 200 else None, listing["id"] in {item["id"] for item in listed}


@pytest.mark.catalogue("ON-3", "ON-17", "ON-19")
async def test_an_entry_opens_and_closes_a_listing_for_a_user_a_team_and_an_office(agency: Agency) -> None:
    made = await agency.take_on(basic={"is_private": True}, identity={"owner_name": "Giulia Neri"})
    other = await agency.take_on()
    team = ids.uuid7()
    member = agency.give(agency.bruno, beside=(team,))
    colleague = agency.give(agency.carla, list=EVERYTHING, read=EVERYTHING, beside=(agency.centre,))

    assert await _sees(agency, member, made) == (None, False)
    assert _said(await _set(agency, made, ("team", team, "read", "allow"))) == {("team", team, "read", "allow")}
    assert await _sees(agency, member, made) == ("full", True)
    assert (await agency.call(member, "GET", f"/v1/listings/{made['id']}")).body["identity"] is None

    await _set(agency, made, ("team", team, "read", "allow"), ("user", member, "identity", "allow"))
    assert (await agency.call(member, "GET", f"/v1/listings/{made['id']}")).body["identity"]["owner_name"]

    assert await _sees(agency, colleague, other) == ("full", True)
    await _set(agency, other, ("office", agency.centre, "read", "deny"))
    assert await _sees(agency, colleague, other) == (None, False)
    await _set(agency, other, ("office", agency.centre, "read", "deny"), ("user", colleague, "read", "allow"))
    assert await _sees(agency, colleague, other) == ("full", True)


async def test_a_write_entry_opens_the_basic_key_and_no_kind_of_action_that_is_not_held(agency: Agency) -> None:
    made = await agency.take_on()
    agent = agency.give(agency.bruno, read=EVERYTHING, superoffer__update=Scope(own=True))
    assert (await agency.change(agent, made, {"title": "New"})).status == 403
    await _set(agency, made, ("user", agent, "write", "allow"))
    made = (await agency.change(agent, made, {"title": "New"})).body
    made = (await agency.change(agent, made, {"basic": {"superoffer": True}})).body
    assert (await agency.change(agent, made, {"basic": {"banner": True}})).status == 403
    await _set(agency, made, ("user", agent, "write", "deny"))
    assert (await agency.change(agent, made, {"title": "Newer"})).status == 403


async def test_what_was_allowed_stays_in_the_order_of_the_list(agency: Agency) -> None:
    made = [await agency.take_on() for _ in range(5)]
    reader = agency.give(agency.bruno)
    for listing in made:
        await _set(agency, listing, ("user", reader, "read", "allow"))
    await agency.change(agency.ada, made[1], {"title": "Changed"})
    wanted = [made[at]["id"] for at in (1, 4, 3, 2, 0)]
    listed, query = list[str](), "?limit=2"
    while True:
        page = (await agency.call(reader, "GET", f"/v1/listings{query}")).body
        listed += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        query = f"?limit=2&cursor={page['next']}"
    assert listed == wanted


@pytest.mark.catalogue("ON-4", "ON-66")
async def test_who_may_look_at_and_who_may_change_entries(agency: Agency) -> None:
    made = await agency.take_on()
    nobody = agency.give(agency.bruno, read=EVERYTHING)
    looker = agency.give(agency.carla, "record_rights.read", read=EVERYTHING)
    keeper = agency.give(UserId(ids.uuid7()), "record_rights.update", read=EVERYTHING)
    stranger = agency.give(UserId(ids.uuid7()), "record_rights.update")
    async with agency.db.transaction(agency.tenant_id) as tx:
        await directory.save_person(tx, keeper, 1, UserState.ACTIVE)
    for who, looking, changing in ((nobody, 403, 403), (looker, 200, 403), (keeper, 200, 200), (stranger, 404, 404)):
        assert (await agency.call(who, "GET", _path(made))).status == looking
        assert (await _set(agency, made, ("user", agency.bruno, "read", "deny"), who=who)).status == changing

    await _set(agency, made, ("user", looker, "read", "deny"), ("user", keeper, "read", "deny"))
    assert (await agency.call(looker, "GET", _path(made))).status == 404
    assert (await agency.call(keeper, "GET", f"/v1/listings/{made['id']}")).status == 404
    assert (await agency.call(keeper, "GET", _path(made))).status == 200


async def test_a_panel_is_reached_as_far_as_its_own_key_reaches(agency: Agency) -> None:
    within, beyond = await agency.take_on(), await agency.take_on(office_id=str(agency.harbour))
    sees = {"listings.list": Scope(everything=View.PUBLIC), "listings.read": Scope(everything=View.PUBLIC)}
    office, public = Scope(offices=frozenset({agency.centre})), Scope(everything=View.PUBLIC)
    looker, keeper, onlooker = agency.bruno, agency.carla, UserId(ids.uuid7())
    agency.authz.give(agency.tenant_id, looker, {**sees, "record_rights.read": office})
    agency.authz.give(agency.tenant_id, keeper, {**sees, "record_rights.update": office})
    agency.authz.give(agency.tenant_id, onlooker, {**sees, "record_rights.read": public})
    said, before = _entries(("office", agency.harbour, "read", "deny")), await agency.stored()
    ways: tuple[tuple[str, str, object], ...] = (
        ("GET", "/record-rights", None),
        ("GET", "/record-rights/changes", None),
        ("GET", f"/access?user={agency.ada}", None),
        ("POST", "/record-rights/preview", said),
        ("PUT", "/record-rights", said),
        ("POST", "/record-rights/stamp", said),
        ("POST", "/record-rights/restore", {"version": 0}),
    )
    for method, way, body in ways:
        for who, listing in ((looker, beyond), (keeper, beyond), (onlooker, within)):
            answer = await agency.call(who, method, f"/v1/listings/{listing['id']}{way}", body, {"If-Match": '"0"'})
            expected = 404 if body is None or who == keeper else 403
            assert answer.status == expected, (method, way, who)
    assert await agency.stored() == before
    for method, way, body in ways:
        path = f"/v1/listings/{within['id']}{way}"
        version = (await agency.call(agency.ada, "GET", _path(within))).body["version"]
        answer = await agency.call(keeper, method, path, body, {"If-Match": f'"{version}"'})
        assert answer.status == 200, (method, way, answer.body)
        if body is None:
            assert (await agency.call(looker, method, path)).status == 200
    body = {**said, "ids": [within["id"], beyond["id"]]}
    answer = await agency.call(keeper, "POST", "/v1/listings/bulk-record-rights", body)
    assert [item["code"] for item in answer.body["items"]] == ["done", "not_found"]


async def test_who_looks_in_one_office_and_changes_in_another_previews_nothing_where_he_only_looks(
    agency: Agency,
) -> None:
    made = await agency.take_on()
    looks, changes = (Scope(offices=frozenset({office})) for office in (agency.centre, agency.harbour))
    held = {"listings.read": EVERYTHING, "record_rights.read": looks, "record_rights.update": changes}
    agency.authz.give(agency.tenant_id, agency.bruno, held)
    assert (await agency.call(agency.bruno, "GET", _path(made))).status == 200
    said = _entries(("user", agency.carla, "read", "deny"))
    assert (await agency.call(agency.bruno, "POST", _path(made, "/preview"), said)).status == 404


async def test_entries_on_all_records_are_deleted_by_who_reaches_them_all(agency: Agency) -> None:
    made = await agency.take_on(office_id=str(agency.harbour))
    await _set(agency, made, ("user", agency.bruno, "read", "deny"))
    held = {
        "record_rights.update": Scope(offices=frozenset({agency.centre})),
        **dict.fromkeys(("admin.agents.manage", "admin.permissions.manage"), EVERYTHING),
    }
    agency.authz.give(agency.tenant_id, agency.carla, held)
    before = await agency.stored()
    answer = await agency.call(agency.carla, "DELETE", f"/v1/users/{agency.bruno}/record-rights")
    assert (answer.status, answer.body["code"]) == (403, "permission_missing")
    assert await agency.stored() == before


async def test_nobody_opens_to_others_what_is_closed_to_himself(agency: Agency) -> None:
    made = await agency.take_on()
    keeper = agency.give(agency.carla, "record_rights.update", read=EVERYTHING, identity__read=Scope(own=True))
    before = await agency.stored()
    for each in ("write", "identity"):
        answer = await _set(agency, made, ("user", agency.bruno, each, "allow"), who=keeper)
        assert (answer.status, answer.body["code"]) == (403, "grants_more_than_held"), each
    assert await agency.stored() == before
    assert (await _set(agency, made, ("user", agency.bruno, "read", "allow"), who=keeper)).status == 200


async def test_entries_that_make_no_sense_change_nothing(agency: Agency) -> None:
    made = await agency.take_on()
    before = await agency.stored()
    twice = (("user", agency.bruno, "read", "allow"), ("user", agency.bruno, "read", "deny"))
    for said in (
        (("user", ids.uuid7(), "read", "allow"),),
        (("office", agency.bruno, "read", "allow"),),
        (("team", agency.bruno, "read", "allow"),),
        (("team", agency.centre, "read", "allow"),),
        (("user", agency.bruno, "read", "allow"), ("team", agency.bruno, "read", "deny")),
        (("user", agency.bruno, "read", "allow"), ("team", agency.bruno, "write", "deny")),
        (("user", agency.bruno, "none", "allow"),),
        (("user", agency.bruno, "read", "perhaps"),),
        twice,
    ):
        assert (await _set(agency, made, *said)).status == 422
    body = _entries(("user", agency.bruno, "read", "allow"))
    assert (await agency.call(agency.ada, "PUT", _path(made), body)).status == 428
    assert (await agency.call(agency.ada, "PUT", _path(made), body, {"If-Match": '"7"'})).status == 412
    assert await agency.stored() == before


async def test_who_was_called_a_team_before_he_was_known_is_called_a_person_after_that_and_never_both(
    agency: Agency,
) -> None:
    made, person = await agency.take_on(), UserId(ids.uuid7())
    await _set(agency, made, ("team", person, "read", "allow"))
    async with agency.db.transaction(agency.tenant_id) as tx:
        await directory.save_person(tx, person, 1, UserState.ACTIVE)
    before = await agency.left()
    body = {**_entries(("user", person, "write", "deny")), "ids": [made["id"]]}
    both = await agency.call(agency.ada, "POST", "/v1/listings/bulk-record-rights", body)
    assert [item["code"] for item in both.body["items"]] == ["two_kinds"]
    assert await agency.left() == before
    corrected = {("user", person, "read", "allow")}
    assert _said(await _set(agency, made, *corrected)) == corrected
    async with agency.db.transaction(agency.tenant_id) as tx:
        await tx.execute("UPDATE record_rights SET holder_kind = 'team'")  # as if nobody had corrected it
    assert (await agency.call(agency.ada, "DELETE", f"/v1/users/{person}/record-rights")).body == {"records": 1}
    assert _said(await agency.call(agency.ada, "GET", _path(made))) == set()


async def test_who_closes_a_record_to_himself_is_told_that_it_is_done(agency: Agency) -> None:
    made = await agency.take_on()
    keeper = agency.give(agency.bruno, "record_rights.update")
    opened, closed = ("user", keeper, "read", "allow"), ("user", agency.carla, "read", "deny")
    ways: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("PUT", "", _entries(closed)),
        ("POST", "/stamp", _entries(closed)),
        ("POST", "/restore", {"version": 0}),
    )
    for method, way, body in ways:
        version = (await _set(agency, made, opened)).body["version"]
        answer = await agency.call(keeper, method, _path(made, way), body, {"If-Match": f'"{version}"'})
        assert (answer.status, answer.body) == (204, None), way
        left = await agency.call(agency.ada, "GET", _path(made))
        assert (_said(left), left.body["version"]) == ({closed} if body.get("entries") else set(), version + 1)
        assert (await agency.call(keeper, "GET", _path(made))).status == 404


@pytest.mark.catalogue("ON-30", "ON-31", "ON-33")
async def test_a_stamp_sets_exactly_its_entries_and_can_be_taken_back(agency: Agency) -> None:
    made = await agency.take_on()
    first = {("user", agency.bruno, "read", "deny"), ("user", agency.carla, "write", "allow")}
    await _set(agency, made, *first)
    stamp = ("office", agency.harbour, "read", "allow")
    assert _said(await agency.call(agency.ada, "POST", _path(made, "/stamp"), _entries(stamp))) == {stamp}

    restored = await agency.call(agency.ada, "POST", _path(made, "/restore"), {"version": 1}, {"If-Match": '"2"'})
    assert (_said(restored), restored.body["version"]) == (first, 3)
    for unknown, status in ((9, 404), (2**63 - 1, 404), (2**63, 422)):
        body, at_present = {"version": unknown}, {"If-Match": '"3"'}
        assert (await agency.call(agency.ada, "POST", _path(made, "/restore"), body, at_present)).status == status
    changes = (await agency.call(agency.ada, "GET", _path(made, "/changes"))).body["items"]
    assert [(change["version"], change["cause"]) for change in changes] == [(3, "restored"), (2, "stamp"), (1, "set")]
    assert {change["stamp_id"] for change in changes} == {None}
    assert {event["rights_version"] for event in await agency.events("records.listing.rights_changed.v1")} == {1, 2, 3}


def _keep_stamp(agency: Agency, owner: UUID, *said: Said) -> dict[str, Any]:
    """Let authz know a stamp, and return how a request names it."""
    stamp_id = ids.uuid7()
    agency.authz.stamps[agency.tenant_id, owner, stamp_id] = StampEntries.model_validate(_entries(*said))
    return {"stamp_id": str(stamp_id)}


@pytest.mark.catalogue("ON-24", "ON-30", "ON-31", "ON-32", "ON-33")
async def test_a_stamp_that_is_named_does_what_its_entries_do_when_given(agency: Agency) -> None:
    made = await agency.take_on()
    outsider = agency.give(agency.bruno, beside=(agency.harbour,))
    said = {("office", agency.harbour, "read", "allow"), ("user", agency.carla, "write", "deny")}
    named = _keep_stamp(agency, agency.ada, *said)
    first = ("user", agency.carla, "read", "deny")
    await _set(agency, made, first)

    before = await agency.stored()
    previews = [
        (await agency.call(agency.ada, "POST", _path(made, "/preview"), body)).body for body in (named, _entries(*said))
    ]
    assert previews[0] == previews[1]
    assert [item["user_id"] for item in previews[0]["items"]] == [str(outsider)]
    assert await agency.stored() == before

    assert _said(await agency.call(agency.ada, "POST", _path(made, "/stamp"), named)) == said
    assert await _sees(agency, outsider, made) == ("full", True)
    again = await agency.call(agency.ada, "POST", _path(made, "/stamp"), named)
    assert (_said(again), again.body["version"]) == (said, 2)
    restored = await agency.call(agency.ada, "POST", _path(made, "/restore"), {"version": 1}, {"If-Match": '"2"'})
    assert _said(restored) == {first}
    changes = (await agency.call(agency.ada, "GET", _path(made, "/changes"))).body["items"]
    assert [(change["cause"], change["stamp_id"]) for change in changes] == [
        ("restored", None),
        ("stamp", named["stamp_id"]),
        ("set", None),
    ]


@pytest.mark.catalogue("ON-22", "ON-31")
async def test_a_mass_update_by_a_stamp_sets_exactly_its_entries_everywhere(agency: Agency) -> None:
    made = [await agency.take_on() for _ in range(3)]
    await _set(agency, made[0], ("user", agency.bruno, "read", "deny"), ("user", agency.carla, "write", "deny"))
    said = ("office", agency.centre, "identity", "deny")
    missing = str(ids.uuid7())
    named = _keep_stamp(agency, agency.ada, said)
    body = {**named, "ids": [*(each["id"] for each in made), missing]}
    answer = await agency.call(agency.ada, "POST", "/v1/listings/bulk-record-rights", body)
    assert [item["code"] for item in answer.body["items"]] == ["done", "done", "done", "not_found"]
    for each in made:
        assert _said(await agency.call(agency.ada, "GET", _path(each))) == {said}
        (*_, change) = (await agency.call(agency.ada, "GET", _path(each, "/changes"))).body["items"][:1]
        assert (change["cause"], change["stamp_id"]) == ("stamp", named["stamp_id"])


@pytest.mark.catalogue("ON-25", "ON-26")
async def test_a_stamp_that_is_not_the_callers_is_refused_and_nothing_changes(agency: Agency) -> None:
    made = await agency.take_on()
    keeper = agency.give(agency.carla, "record_rights.update", read=EVERYTHING)
    agent = agency.give(agency.bruno, read=EVERYTHING)
    foreign = _keep_stamp(agency, agency.ada, ("user", agency.bruno, "read", "deny"))
    own = _keep_stamp(agency, agent, ("user", agency.bruno, "read", "deny"))
    before = await agency.stored()
    ways = (_path(made, "/stamp"), _path(made, "/preview"), "/v1/listings/bulk-record-rights")
    for path in ways:
        ids_ = {"ids": [made["id"]]} if path == ways[2] else {}
        for named in (foreign, {"stamp_id": str(ids.uuid7())}):
            answer = await agency.call(keeper, "POST", path, {**named, **ids_})
            assert answer.refusal == (422, "unknown_stamp", {"/stamp_id"}), path
        refused = await agency.call(agent, "POST", path, {**own, **ids_})
        assert (refused.status, refused.body["code"]) == (403, "permission_missing"), path
        senseless: tuple[dict[str, Any], ...] = (
            {},
            {**foreign, "entries": []},
            {"stamp_id": "mine"},
            {"stamp_id": None},
        )
        for body in senseless:
            assert (await agency.call(agency.ada, "POST", path, {**body, **ids_})).status == 422, (path, body)
    agency.authz.down = True
    try:
        away = await agency.call(agency.ada, "POST", ways[0], foreign)
    finally:
        agency.authz.down = False
    assert (away.status, await agency.stored()) == (503, before)


async def test_a_stamp_opens_no_more_than_its_owner_may_do_himself(agency: Agency) -> None:
    made = await agency.take_on()
    keeper = agency.give(agency.carla, "record_rights.update", read=EVERYTHING)
    beyond = _keep_stamp(agency, keeper, ("user", agency.bruno, "write", "allow"))
    gone = _keep_stamp(agency, keeper, ("user", ids.uuid7(), "read", "allow"))
    before = await agency.stored()
    answer = await agency.call(keeper, "POST", _path(made, "/stamp"), beyond)
    assert (answer.status, answer.body["code"]) == (403, "grants_more_than_held")
    answer = await agency.call(keeper, "POST", _path(made, "/stamp"), gone)
    assert (answer.status, answer.body["code"]) == (422, "unknown_holder")
    assert answer.body["errors"][0]["detail"].startswith("There is no user ")
    assert await agency.stored() == before


async def test_of_parallel_changes_of_one_version_exactly_one_succeeds(agency: Agency) -> None:
    made = await agency.take_on()
    bodies = [_entries(("user", agency.bruno, "read", effect)) for effect in ("allow", "deny")] * 6
    answers = await asyncio.gather(
        *(agency.call(agency.ada, "PUT", _path(made), body, {"If-Match": '"0"'}) for body in bodies)
    )
    assert sorted(answer.status for answer in answers) == [200] + [412] * 11


@pytest.mark.catalogue("ON-21")
async def test_a_preview_says_who_gains_and_loses_what_and_changes_nothing(agency: Agency) -> None:
    made = await agency.take_on()
    outsider = agency.give(agency.bruno, beside=(agency.harbour,))
    insider = agency.give(agency.carla, list=EVERYTHING, read=EVERYTHING)
    said = _entries(("office", agency.harbour, "read", "allow"), ("user", insider, "read", "deny"))
    before = await agency.stored()
    shown = (await agency.call(agency.ada, "POST", _path(made, "/preview"), said)).body
    both = ["listings.list", "listings.read"]
    assert shown["complete"]
    assert {item["user_id"]: (item["gains"], item["loses"]) for item in shown["items"]} == {
        str(outsider): (both, []),
        str(insider): ([], both),
    }
    assert await agency.stored() == before


@pytest.mark.catalogue("ON-29")
async def test_a_stamp_that_is_only_chosen_shows_what_it_would_do_and_changes_nothing(agency: Agency) -> None:
    made = await agency.take_on()
    said = ("office", agency.harbour, "read", "allow")
    outsider = agency.give(agency.bruno, beside=(agency.harbour,))
    before = await agency.stored()
    chosen = await agency.call(agency.ada, "POST", _path(made, "/preview"), _keep_stamp(agency, agency.ada, said))
    written = await agency.call(agency.ada, "POST", _path(made, "/preview"), _entries(said))
    assert [item["user_id"] for item in chosen.body["items"]] == [str(outsider)]
    assert chosen.body == written.body
    assert await agency.stored() == before


@pytest.mark.catalogue("ON-22")
async def test_a_mass_update_sets_and_resets_single_entries_and_answers_per_listing(agency: Agency) -> None:
    first, second = await agency.take_on(), await agency.take_on()
    kept, reset = ("user", agency.carla, "write", "deny"), ("user", agency.bruno, "read", "deny")
    await _set(agency, first, kept, reset)
    missing = str(ids.uuid7())
    body = {
        **_entries(("user", agency.bruno, "read", "inherit"), ("user", agency.carla, "read", "allow")),
        "ids": [first["id"], missing, second["id"]],
    }
    answer = await agency.call(agency.ada, "POST", "/v1/listings/bulk-record-rights", body)
    assert [(item["id"], item["code"]) for item in answer.body["items"]] == [
        (first["id"], "done"),
        (missing, "not_found"),
        (second["id"], "done"),
    ]
    new = ("user", agency.carla, "read", "allow")
    assert _said(await agency.call(agency.ada, "GET", _path(first))) == {kept, new}
    assert _said(await agency.call(agency.ada, "GET", _path(second))) == {new}
    nobody = agency.give(agency.bruno, read=EVERYTHING)
    assert (await agency.call(nobody, "POST", "/v1/listings/bulk-record-rights", body)).status == 403


async def test_a_preview_goes_through_everybody_page_by_page_those_named_first(agency: Agency) -> None:
    made = await agency.take_on()
    others = [UserId(ids.uuid7()) for _ in range(7)]
    async with agency.db.transaction(agency.tenant_id) as tx:
        for person in others:
            await directory.save_person(tx, person, 1, UserState.ACTIVE)
    await _set(agency, made, ("user", agency.carla, "read", "deny"), ("office", agency.harbour, "read", "deny"))
    team = ids.uuid7()
    agency.give(others[2], beside=(team,))
    agency.give(others[6])
    body = _entries(("user", others[6], "read", "allow"), ("team", team, "read", "allow"))
    agency.give(agency.carla, read=EVERYTHING, list=EVERYTHING)
    found, cursor, pages = list[tuple[str, bool]](), None, 0
    while True:
        more = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await agency.call(agency.ada, "POST", _path(made, "/preview"), {**body, **more})).body
        found += [(item["user_id"], "listings.read" in item["gains"]) for item in page["items"]]
        pages, cursor = pages + 1, page["next"]
        assert page["complete"] is (cursor is None)
        if cursor is None:
            break
    assert (found, pages) == ([(str(agency.carla), True), (str(others[6]), True), (str(others[2]), True)], 5)


async def test_a_preview_tells_of_a_wider_view(agency: Agency) -> None:
    made = await agency.take_on()
    public = Scope(everything=View.PUBLIC)
    person = agency.give(agency.bruno, list=public, read=public)
    body = _entries(("user", person, "read", "allow"))
    (item,) = (await agency.call(agency.ada, "POST", _path(made, "/preview"), body)).body["items"]
    assert (item["user_id"], item["gains"], item["loses"]) == (str(person), ["listings.list", "listings.read"], [])


@pytest.mark.catalogue("ON-15")
async def test_all_entries_of_one_user_are_deleted_and_those_of_others_stay(agency: Agency) -> None:
    made = [await agency.take_on() for _ in range(3)]
    other = ("user", agency.carla, "read", "deny")
    for listing in made:
        await _set(agency, listing, ("user", agency.bruno, "read", "deny"), other)
    keeper = agency.give(UserId(ids.uuid7()), "record_rights.update", read=EVERYTHING)
    path = f"/v1/users/{agency.bruno}/record-rights"
    assert (await agency.call(keeper, "DELETE", path)).status == 403
    assert (await agency.call(agency.ada, "DELETE", path)).body == {"records": 3}
    assert [_said(await agency.call(agency.ada, "GET", _path(listing))) for listing in made] == [{other}] * 3
    assert (await agency.call(agency.ada, "DELETE", path)).body == {"records": 0}


async def test_nothing_is_explained_about_somebody_whom_the_agency_does_not_have(agency: Agency) -> None:
    made = await agency.take_on()
    path = f"/v1/listings/{made['id']}/access?user="
    assert (await agency.call(agency.ada, "GET", f"{path}{agency.bruno}")).status == 200
    assert (await agency.call(agency.ada, "GET", f"{path}{ids.uuid7()}")).status == 404


@pytest.mark.catalogue("ON-18", "ON-20")
async def test_an_explanation_names_what_decided_and_stars_what_record_rights_changed(agency: Agency) -> None:
    made = await agency.take_on()
    person = agency.give(
        agency.bruno, list=EVERYTHING, read=EVERYTHING, archive__now=Scope(own=True), beside=(agency.centre,)
    )
    await _set(agency, made, ("office", agency.centre, "write", "allow"), ("user", agency.carla, "write", "deny"))
    path = f"/v1/listings/{made['id']}/access?user={person}"
    answers = {item["key"]: item for item in (await agency.call(agency.ada, "GET", path)).body["items"]}
    assert {key: (item["view"], item["starred"], item["decided_by"]) for key, item in answers.items()} == {
        "listings.archive.now": ("full", True, "record_right"),
        "listings.identity.read": (None, False, "nothing"),
        "listings.list": ("full", False, "reach"),
        "listings.read": ("full", False, "reach"),
        "listings.update": ("full", True, "record_right"),
    }
    (entry,) = answers["listings.update"]["entries"]
    assert (entry["holder_id"], entry["given_by"]) == (str(agency.centre), str(agency.ada))

    await _set(agency, made, ("user", person, "read", "deny"))
    answers = {item["key"]: item for item in (await agency.call(agency.ada, "GET", path)).body["items"]}
    assert (answers["listings.read"]["view"], answers["listings.read"]["starred"]) == (None, True)
    assert answers["listings.update"]["decided_by"] == "read"
    assert (await agency.call(person, "GET", path)).status == 403
