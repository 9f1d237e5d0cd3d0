"""When and from where people get in: at sign-in, in running sessions, after changes, never locking all out."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import jwt
import pytest

from tests.integration.identity.conftest import Agency
from tests.support.databases import ServiceDatabase
from tests.support.stub_authz import StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ALWAYS: dict[str, list[Any]] = {day: [] for day in DAYS}
ELSEWHERE = {"X-Real-IP": "198.51.100.9"}


def at(version: int) -> dict[str, str]:
    return {"If-Match": f'"{version}"'}


def not_now() -> dict[str, list[Any]]:
    """Return hours of the day after tomorrow, wherever on earth."""
    return {DAYS[(datetime.now(UTC) + timedelta(days=3)).weekday()]: []}


async def colleague(agency: Agency, **fields: object) -> dict[str, Any]:
    """Return an active colleague who manages nothing."""
    user = await agency.add_user(**fields)
    assert (await agency.activate(user["id"]))[0] == 204
    _, user = await agency.call("GET", f"/v1/users/{user['id']}")
    return user


async def put(agency: Agency, path: str, version: int, **policy: object) -> tuple[int, Any]:
    return await agency.call("PUT", path, policy, at(version))


def claims(tokens: dict[str, Any]) -> dict[str, Any]:
    return jwt.decode(tokens["access_token"], options={"verify_signature": False})


async def refresh(agency: Agency, tokens: dict[str, Any], headers: dict[str, str] | None = None) -> tuple[int, Any]:
    return await agency.call("POST", "/v1/sessions/refresh", {"refresh_token": tokens["refresh_token"]}, headers)


@pytest.mark.catalogue("MG-28", "MG-29", "MG-30", "MG-31", "MG-61")
@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ({"hours": not_now()}, "outside_hours"),
        ({"networks": {"cidrs": ["198.51.100.0/24"]}}, "address_not_allowed"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, "access_ended"),
    ],
)
async def test_the_reason_of_a_refusal_is_told_only_after_the_right_password(
    agency: Agency, policy: dict[str, object], code: str
) -> None:
    user = await colleague(agency)
    _, tokens = await agency.sign_in(user["userid"])
    status, impact = await put(agency, f"/v1/users/{user['id']}/access-policy", 0, **policy)
    assert (status, impact["affected_users"], impact["ended_sessions"]) == (200, 1, 1), impact
    status, problem = await agency.sign_in(user["userid"])
    assert (status, problem["code"]) == (403, code)
    status, problem = await agency.sign_in(user["userid"], "Wrong7horse")
    assert (status, problem["code"]) == (401, "wrong_credentials")
    assert (await refresh(agency, tokens))[0] == 401

    status, _ = await put(agency, f"/v1/users/{user['id']}/access-policy", 1)
    assert status == 200
    assert (await agency.sign_in(user["userid"]))[0] == 201


@pytest.mark.catalogue("MG-31")
async def test_tokens_name_the_networks_and_work_nowhere_else(agency: Agency) -> None:
    user = await colleague(agency)
    own = f"/v1/users/{user['id']}/access-policy"
    await put(agency, own, 0, networks={"cidrs": ["127.0.0.0/8", "::ffff:192.0.2.0/120"]})
    status, tokens = await agency.sign_in(user["userid"])
    assert (status, claims(tokens)["networks"]) == (201, ["127.0.0.0/8", "192.0.2.0/24"])
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert (await agency.call("GET", "/v1/me", headers=bearer))[0] == 200
    status, problem = await agency.call("GET", "/v1/me", headers={**bearer, **ELSEWHERE})
    assert (status, problem["code"]) == (403, "address_not_allowed")
    status, problem = await refresh(agency, tokens, ELSEWHERE)
    assert (status, problem["code"]) == (403, "address_not_allowed")
    assert (await refresh(agency, tokens))[0] == 401


@pytest.mark.catalogue("MG-28", "MG-30")
async def test_neither_token_nor_session_outlives_the_end_of_access(agency: Agency) -> None:
    end = datetime.now(UTC) + timedelta(seconds=90)
    user = await colleague(agency)
    await put(agency, f"/v1/users/{user['id']}/access-policy", 0, ends_at=end.isoformat())
    _, tokens = await agency.sign_in(user["userid"])
    assert claims(tokens)["exp"] <= end.timestamp()
    assert datetime.fromisoformat(tokens["session_expires_at"]) == end
    _, tokens = await refresh(agency, tokens)
    assert claims(tokens)["exp"] <= end.timestamp()


async def test_a_session_is_cut_to_a_nearer_end_and_not_prolonged_by_a_later_one(agency: Agency) -> None:
    user = await colleague(agency)
    _, tokens = await agency.sign_in(user["userid"])
    end = datetime.now(UTC) + timedelta(minutes=30)
    own = f"/v1/users/{user['id']}/access-policy"
    _, impact = await put(agency, own, 0, ends_at=end.isoformat())
    assert (impact["affected_users"], impact["ended_sessions"]) == (1, 0)
    status, tokens = await refresh(agency, tokens)
    assert (status, datetime.fromisoformat(tokens["session_expires_at"])) == (200, end)
    await put(agency, own, 1)
    _, tokens = await refresh(agency, tokens)
    assert datetime.fromisoformat(tokens["session_expires_at"]) == end


@pytest.mark.catalogue("MG-27")
async def test_a_template_is_changed_for_all_who_have_it_and_nearer_levels_win(agency: Agency) -> None:
    status, template = await agency.call("POST", "/v1/access-templates", {"name": "Segreteria", "hours": ALWAYS})
    assert (status, template["version"], template["hours"]) == (201, 1, ALWAYS)
    people = [await colleague(agency) for _ in range(3)]
    for user in people:
        status, _ = await put(agency, f"/v1/users/{user['id']}/access-policy", 0, template_id=template["id"])
        assert status == 200
    lucky = f"/v1/users/{people[0]['id']}/access-policy"
    await put(agency, lucky, 1, template_id=template["id"], hours={"monday": [], **ALWAYS})
    for user in people:
        assert (await agency.sign_in(user["userid"]))[0] == 201

    path, closed = f"/v1/access-templates/{template['id']}", {"name": "Segreteria", "hours": not_now()}
    status, impact = await agency.call("PUT", path, {**closed, "dry_run": True}, at(1))
    assert (status, impact) == (200, {"affected_users": 2, "ended_sessions": 2, "dry_run": True, "version": 1})
    assert (await agency.sign_in(people[1]["userid"]))[0] == 201
    status, impact = await agency.call("PUT", path, closed, at(1))
    assert (status, impact) == (200, {"affected_users": 2, "ended_sessions": 3, "dry_run": False, "version": 2})
    assert (await agency.call("PUT", path, closed, at(1)))[0] == 412
    assert (await agency.call("PUT", path, closed))[0] == 428
    assert [(await agency.sign_in(user["userid"]))[0] for user in people] == [201, 403, 403]
    _, shown = await agency.call("GET", lucky)
    assert (shown["effective"]["hours_from"], shown["template_id"]) == ("user", template["id"])
    status, problem = await agency.call("DELETE", path, headers=at(2))
    assert (status, problem["code"]) == (409, "template_in_use")


@pytest.mark.catalogue("MG-31")
async def test_an_offices_address_is_changed_once_for_all_who_use_it_by_a_confirmed_number(agency: Agency) -> None:
    status, zone = await agency.call("POST", "/v1/network-zones", {"name": "Centro", "cidrs": ["127.0.0.1"]})
    assert (status, zone["cidrs"]) == (201, ["127.0.0.1/32"])
    _, template = await agency.call(
        "POST", "/v1/access-templates", {"name": "In ufficio", "networks": {"zones": [zone["id"]]}}
    )
    direct, by_template, free = [await colleague(agency) for _ in range(3)]
    await put(agency, f"/v1/users/{direct['id']}/access-policy", 0, networks={"zones": [zone["id"]]})
    await put(agency, f"/v1/users/{by_template['id']}/access-policy", 0, template_id=template["id"])
    sessions = [(await agency.sign_in(user["userid"]))[1] for user in (direct, by_template, free)]

    path = f"/v1/network-zones/{zone['id']}"
    moved = {"name": "Centro", "cidrs": ["203.0.113.5"]}
    assert (await agency.call("PUT", path, {**moved, "dry_run": True}, at(1)))[1]["affected_users"] == 2
    for number in ({}, {"confirmed_users": 3}):
        status, problem = await agency.call("PUT", path, {**moved, **number}, at(1))
        assert (status, problem["code"]) == (409, "not_confirmed")
    status, impact = await agency.call("PUT", path, {**moved, "confirmed_users": 2}, at(1))
    assert (status, impact["ended_sessions"], impact["version"]) == (200, 2, 2)
    assert [(await refresh(agency, tokens))[0] for tokens in sessions] == [401, 401, 200]
    assert [(await agency.sign_in(user["userid"]))[0] for user in (direct, by_template, free)] == [403, 403, 201]
    body = {"licence_code": agency.licence_code, "userid": direct["userid"], "password": "Correct7horse"}
    assert (await agency.call("POST", "/v1/sessions", body, {"X-Real-IP": "203.0.113.5"}))[0] == 201

    status, problem = await agency.call("DELETE", path, headers=at(2))
    assert (status, problem["code"]) == (409, "zone_in_use")
    wider = {"name": "Centro", "cidrs": ["203.0.113.5", "127.0.0.1"], "confirmed_users": 2}
    status, impact = await agency.call("PUT", path, wider, at(2))
    assert (status, impact["ended_sessions"]) == (200, 0)


async def test_nobody_locks_himself_out_by_address(agency: Agency) -> None:
    nowhere = {"networks": {"cidrs": ["203.0.113.5"]}}
    status, problem = await agency.call("PUT", "/v1/access-policy", nowhere, at(0))
    assert (status, problem["code"]) == (409, "locks_you_out")
    own = f"/v1/users/{agency.administrator_id}/access-policy"
    status, problem = await agency.call("PUT", own, nowhere, at(0))
    assert (status, problem["code"]) == (409, "locks_you_out")
    status, zone = await agency.call("POST", "/v1/network-zones", {"name": "Z", "cidrs": ["127.0.0.1"]})
    assert (await agency.call("PUT", "/v1/access-policy", {"networks": {"zones": [zone["id"]]}}, at(0)))[0] == 200
    status, signed_in = await agency.sign_in("admin")
    agency.headers = {"Authorization": f"Bearer {signed_in['access_token']}"}
    moved = {"name": "Z", "cidrs": ["203.0.113.5"], "confirmed_users": 1}
    status, problem = await agency.call("PUT", f"/v1/network-zones/{zone['id']}", moved, at(1))
    assert (status, problem["code"]) == (409, "locks_you_out")
    assert (await agency.sign_in("admin"))[0] == 201


async def test_the_last_administrator_is_not_given_an_end(agency: Agency, authz: StubAuthz) -> None:
    user = await colleague(agency)
    own = f"/v1/users/{user['id']}/access-policy"
    authz.last_administrator = True
    try:
        status, problem = await put(agency, own, 0, ends_at="2099-01-01T00:00:00Z")
        assert (status, problem["code"]) == (409, "last_administrator")
    finally:
        authz.last_administrator = False
    assert (await agency.call("GET", own))[1]["version"] == 0
    assert (await put(agency, own, 0, ends_at="2099-01-01T00:00:00Z"))[0] == 200
    assert (await agency.call("GET", f"/v1/users/{user['id']}"))[1]["ends_at"] == "2099-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "policy",
    [
        {"hours": {}},
        {"hours": {"monday": [{"opens": "08:00", "closes": "08:00"}]}},
        {"hours": {"monday": [{"opens": "24:00", "closes": "08:00"}]}},
        {"hours": {"monday": [{"opens": "8:00", "closes": "12:00"}]}},
        {"hours": {"someday": []}},
        {"networks": {"cidrs": ["192.0.2.5/24"]}},
        {"networks": {"cidrs": ["192.0.2.005"]}},
        {"networks": {"cidrs": ["fe80::1%eth0"]}},
        {"networks": {"cidrs": ["nowhere"]}},
        {"networks": {"zones": ["019e4a00-0000-7000-8000-000000000001"]}},
        {"template_id": "019e4a00-0000-7000-8000-000000000001"},
        {"ends_at": "2099-01-01T00:00:00"},
    ],
)
async def test_a_policy_that_cannot_be_kept_is_refused(agency: Agency, policy: dict[str, object]) -> None:
    path = f"/v1/users/{agency.administrator_id}/access-policy"
    assert (await agency.call("PUT", path, policy, at(0)))[0] == 422


async def test_a_trial_says_every_step_and_which_level_decides(agency: Agency) -> None:
    user = await colleague(agency)
    await put(agency, "/v1/access-policy", 0, networks={"cidrs": ["127.0.0.0/8", "192.0.2.0/24"]})
    _, signed_in = await agency.sign_in("admin")
    agency.headers = {"Authorization": f"Bearer {signed_in['access_token']}"}
    own = f"/v1/users/{user['id']}/access-policy"
    week = {day: [{"opens": "08:30", "closes": "13:00"}, {"opens": "15:00", "closes": "19:00"}] for day in DAYS[:5]}
    await put(agency, own, 0, hours=week)
    sunday = {"at": "2026-06-07T10:00:00+02:00", "address": "192.0.2.7"}
    status, verdict = await agency.call("POST", f"{own}/trials", sunday)
    assert (status, verdict["let_in"], verdict["until"]) == (200, False, None)
    assert (verdict["decided_by"]["part"], verdict["decided_by"]["source"]) == ("hours", "user")
    assert [(step["part"], step["passed"], step["source"]) for step in verdict["steps"]] == [
        ("state", True, None),
        ("end", True, None),
        ("hours", False, "user"),
        ("networks", True, "tenant"),
    ]
    monday = {"at": "2026-06-08T10:00:00+02:00", "address": "::ffff:192.0.2.7"}
    _, verdict = await agency.call("POST", f"{own}/trials", monday)
    assert (verdict["let_in"], verdict["decided_by"], verdict["until"]) == (True, None, "2026-06-08T11:00:00Z")
    _, verdict = await agency.call("POST", f"{own}/trials", {**monday, "address": "2001:db8::1"})
    assert (verdict["decided_by"]["part"], verdict["decided_by"]["source"]) == ("networks", "tenant")


async def test_without_the_permission_no_policy_is_seen_or_changed(agency: Agency) -> None:
    user = await colleague(agency)
    _, tokens = await agency.sign_in(user["userid"])
    bearer = {"Authorization": f"Bearer {tokens['access_token']}", **at(0)}
    thing = "019e4a00-0000-7000-8000-000000000001"
    for method, path, body in (
        ("GET", "/v1/access-policy", None),
        ("PUT", "/v1/access-policy", {}),
        ("GET", f"/v1/users/{user['id']}/access-policy", None),
        ("PUT", f"/v1/users/{user['id']}/access-policy", {}),
        ("POST", f"/v1/users/{user['id']}/access-policy/trials", {"at": "2026-06-07T10:00:00Z", "address": "::1"}),
        ("GET", "/v1/access-templates", None),
        ("POST", "/v1/access-templates", {"name": "X"}),
        ("GET", f"/v1/access-templates/{thing}", None),
        ("PUT", f"/v1/access-templates/{thing}", {"name": "X"}),
        ("DELETE", f"/v1/access-templates/{thing}", None),
        ("GET", "/v1/network-zones", None),
        ("POST", "/v1/network-zones", {"name": "X", "cidrs": ["192.0.2.1"]}),
        ("GET", f"/v1/network-zones/{thing}", None),
        ("PUT", f"/v1/network-zones/{thing}", {"name": "X", "cidrs": ["192.0.2.1"]}),
        ("DELETE", f"/v1/network-zones/{thing}", None),
    ):
        status, problem = await agency.call(method, path, body, bearer)
        assert (status, problem["code"]) == (403, "permission_missing"), path


@pytest.mark.catalogue("MG-61")
async def test_however_a_sign_in_and_a_change_of_policy_meet_no_session_is_left_that_the_policy_forbids(
    agency: Agency,
) -> None:
    user = await colleague(agency)
    own = f"/v1/users/{user['id']}/access-policy"
    for version in range(0, 24, 2):
        (status, tokens), (changed, _) = await asyncio.gather(
            agency.sign_in(user["userid"]), put(agency, own, version, networks={"cidrs": ["203.0.113.5"]})
        )
        assert changed == 200
        assert status in {201, 403}
        if status == 201:
            assert (await refresh(agency, tokens))[0] == 401
        assert (await put(agency, own, version + 1))[0] == 200


async def test_an_end_that_could_no_longer_be_given_is_shown_all_the_same(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    user = await colleague(agency)
    own = f"/v1/users/{user['id']}/access-policy"
    assert (await put(agency, own, 0, ends_at="2999-12-31T00:00:00Z"))[0] == 200
    connection = await asyncpg.connect(identity_database.worker)
    try:
        await connection.execute(
            "UPDATE access_policies SET ends_at = '9999-12-31 00:00+00' WHERE holder_id = $1", user["id"]
        )
    finally:
        await connection.close()
    status, shown = await agency.call("GET", own)
    assert (status, shown["ends_at"]) == (200, "9999-12-31T00:00:00Z")
    assert (await agency.call("GET", f"/v1/users/{user['id']}"))[0] == 200


@pytest.mark.catalogue("MG-61")
async def test_however_a_refresh_and_a_change_of_policy_meet_no_session_is_left_that_the_policy_forbids(
    agency: Agency,
) -> None:
    user = await colleague(agency)
    own = f"/v1/users/{user['id']}/access-policy"
    for version in range(0, 75, 3):
        assert (await put(agency, own, version, networks={"cidrs": ["127.0.0.1", "203.0.113.5"]}))[0] == 200
        _, opened = await agency.sign_in(user["userid"])
        assert (await put(agency, own, version + 1))[0] == 200  # wider: the next refresh keeps what it opens
        (status, tokens), (changed, _) = await asyncio.gather(
            refresh(agency, opened), put(agency, own, version + 2, networks={"cidrs": ["203.0.113.5"]})
        )
        assert changed == 200
        assert status in {200, 401, 403}
        if status == 200:
            assert (await refresh(agency, tokens))[0] == 401
        assert (await refresh(agency, opened))[0] == 401
        assert (await agency.call("GET", f"/v1/users/{user['id']}/sessions"))[1]["items"] == []
