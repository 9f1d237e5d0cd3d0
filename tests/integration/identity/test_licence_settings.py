"""What an agency chose when it was taken on can be read and changed, at once for everything that goes by it."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from tests.integration.identity.conftest import OPERATOR_TOKEN, PASSWORD, Agency
from tests.support.databases import ServiceDatabase
from tests.support.stub_authz import StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")
OPERATOR = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HERE, NEARBY, ACROSS = "Pacific/Honolulu", "Pacific/Gambier", "Africa/Johannesburg"
"""Three zones that never change their clocks: NEARBY is an hour ahead of HERE, ACROSS twelve."""


def at(version: int) -> dict[str, str]:
    return {"If-Match": f'"{version}"'}


async def shown(agency: Agency) -> dict[str, Any]:
    status, licence = await agency.call("GET", "/v1/licence")
    assert status == 200, licence
    return licence


async def change(agency: Agency, version: int, **settings: object) -> tuple[int, Any]:
    return await agency.call("PATCH", "/v1/licence", settings, at(version))


async def told(database: ServiceDatabase, agency: Agency, topic: str) -> list[dict[str, Any]]:
    """Return what the other services are told by events of a topic, oldest first."""
    connection = await asyncpg.connect(database.worker)
    rows = await connection.fetch(
        "SELECT data::text AS data FROM outbox WHERE tenant_id = $1 AND topic = $2 ORDER BY seq",
        agency.tenant_id,
        topic,
    )
    await connection.close()
    return [json.loads(row["data"]) for row in rows]


async def colleague(agency: Agency) -> dict[str, Any]:
    user = await agency.add_user()
    assert (await agency.activate(user["id"]))[0] == 204
    return user


def present_hours() -> dict[str, list[Any]]:
    """Return working hours from three hours ago until in six, on the clocks of HERE, whatever day that is."""
    opens = datetime.now(ZoneInfo(HERE)) - timedelta(hours=3)
    closes = opens + timedelta(hours=9)
    return {DAYS[opens.weekday()]: [{"opens": f"{opens:%H:%M}", "closes": f"{closes:%H:%M}"}]}


async def refresh(agency: Agency, tokens: Mapping[str, Any]) -> tuple[int, Any]:
    return await agency.call("POST", "/v1/sessions/refresh", {"refresh_token": tokens["refresh_token"]})


async def test_settings_are_changed_on_top_of_what_was_seen_audited_and_told(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    before = await shown(agency)
    assert (before["name"], before["ownership"], before["version"]) == ("Casa Bella", "assignee", 1)
    wanted = {"name": "Dom Piękny", "timezone": "Europe/Warsaw", "locale": "pl", "ownership": "either"}
    status, after = await change(agency, 1, **wanted)
    assert (status, after) == (200, {**before, **wanted, "version": 2})
    async with agency.http.get(f"{agency.url}/v1/licence", headers=agency.headers) as response:
        assert (response.headers["ETag"], await response.json()) == ('"2"', after)
    assert await change(agency, 2, name="Dom Piękny") == (200, after), "what is the same already is no change"

    _, page = await agency.call("GET", "/v1/audit-entries?kind=licence.changed")
    (entry,) = page["items"]
    assert (entry["actor_id"], entry["after"]) == (str(agency.administrator_id), wanted)
    assert entry["before"] == {name: before[name] for name in wanted}
    (event,) = await told(identity_database, agency, "identity.licence.changed.v1")
    assert event == {**wanted, "version": 2, "licence_code": agency.licence_code, "seats": before["seats"]}


@pytest.mark.parametrize(
    ("settings", "pointer"),
    [
        ({"name": " "}, "/name"),
        ({"timezone": "Europe/Atlantis"}, "/timezone"),
        ({"locale": "italian"}, "/locale"),
        ({"ownership": "nobody"}, "/ownership"),
        ({"seats_bought": 9}, "/seats_bought"),
        ({"licence_code": "MINE"}, "/licence_code"),
    ],
)
async def test_what_an_agency_cannot_choose_changes_nothing(
    agency: Agency, settings: dict[str, object], pointer: str
) -> None:
    before = await shown(agency)
    status, problem = await change(agency, 1, **{"name": "Villa", **settings})
    assert (status, [error["pointer"] for error in problem["errors"]]) == (422, [pointer])
    assert await shown(agency) == before


async def test_settings_seen_too_long_ago_or_not_at_all_are_not_changed(agency: Agency) -> None:
    assert (await change(agency, 1, name="Villa"))[0] == 200
    assert (await change(agency, 1, name="Casa"))[0] == 412
    assert (await agency.call("PATCH", "/v1/licence", {"name": "Casa"}))[0] == 428
    assert (await shown(agency))["name"] == "Villa"


async def test_who_manages_people_changes_settings_and_who_manages_rights_the_ownership_too(
    agency: Agency, authz: StubAuthz
) -> None:
    for keys, body, missing in (
        ((), {"name": "Villa"}, "admin.agents.manage"),
        (("admin.permissions.manage",), {"name": "Villa"}, "admin.agents.manage"),
        (("admin.agents.manage",), {"ownership": "creator"}, "admin.permissions.manage"),
        (("admin.agents.manage",), {"name": "Villa"}, None),
    ):
        user = await colleague(agency)
        authz.give_all(agency.tenant_id, UUID(user["id"]), *keys)
        _, tokens = await agency.sign_in(user["userid"], PASSWORD)
        headers = {"Authorization": f"Bearer {tokens['access_token']}", **at(1)}
        status, answer = await agency.call("PATCH", "/v1/licence", body, headers)
        assert (status, answer.get("code")) == ((403, "permission_missing") if missing else (200, None))
        assert missing is None or missing in answer["detail"]
    assert (await shown(agency))["ownership"] == "assignee"


async def test_the_operator_sees_the_settings_and_what_he_changes_is_told(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    path = f"/v1/licences/{agency.licence_code}"
    assert (await agency.call("GET", path))[0] == 401, "an administrator sees his own agency by no code"
    assert await agency.call("GET", path, None, OPERATOR) == (200, await shown(agency))
    assert await agency.call("PATCH", path, {}, OPERATOR) == (200, await shown(agency))
    assert await told(identity_database, agency, "identity.licence.changed.v1") == []
    code = f"{agency.licence_code}-2"
    for version, terms in ((2, {"seats_bought": 7}), (3, {"licence_code": code})):
        status, after = await agency.call("PATCH", path, terms, OPERATOR)
        assert (status, after["version"]) == (200, version)
    events = await told(identity_database, agency, "identity.licence.changed.v1")
    assert [(event["version"], event["seats"], event["licence_code"]) for event in events] == [
        (2, 10, agency.licence_code),
        (3, 10, code),
    ]
    assert (await change(agency, 1, name="Villa"))[0] == 412
    status, _ = await agency.call("POST", f"/v1/licences/{code}/announcements", headers=OPERATOR)
    (again,) = (await told(identity_database, agency, "identity.licence.created.v1"))[1:]
    assert (status, again["version"]) == (202, 3)


@pytest.mark.catalogue("MG-29", "MG-30")
async def test_another_time_zone_moves_working_hours_at_once_also_in_running_sessions(agency: Agency) -> None:
    timed, untimed = await colleague(agency), await colleague(agency)
    assert (await change(agency, 1, timezone=HERE))[0] == 200
    own = f"/v1/users/{timed['id']}/access-policy"
    assert (await agency.call("PUT", own, {"hours": present_hours()}, at(0)))[0] == 200
    sessions = [(await agency.sign_in(one["userid"]))[1] for one in (timed, untimed)]

    assert (await change(agency, 2, name="Villa"))[0] == 200
    sessions = [(await refresh(agency, tokens))[1] for tokens in sessions]
    assert (await change(agency, 3, timezone=ACROSS))[0] == 200
    assert [(await refresh(agency, tokens))[0] for tokens in sessions] == [401, 200]
    status, problem = await agency.sign_in(timed["userid"])
    assert (status, problem["code"]) == (403, "outside_hours")
    assert (await change(agency, 4, timezone=HERE))[0] == 200
    assert (await agency.sign_in(timed["userid"]))[0] == 201


async def test_a_session_that_goes_on_ends_when_the_hours_end_in_the_new_zone(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    user = await colleague(agency)
    assert (await change(agency, 1, timezone=HERE))[0] == 200
    own = f"/v1/users/{user['id']}/access-policy"
    assert (await agency.call("PUT", own, {"hours": present_hours()}, at(0)))[0] == 200
    _, tokens = await agency.sign_in(user["userid"])
    assert (await change(agency, 2, timezone=NEARBY))[0] == 200
    status, later = await refresh(agency, tokens)
    ends = [datetime.fromisoformat(one["session_expires_at"]) for one in (tokens, later)]
    assert (status, ends[0] - ends[1]) == (200, timedelta(hours=1))
    events = await told(identity_database, agency, "identity.user.access_policy_changed.v1")
    assert (events[-1]["user_ids"], events[-1]["source"]) == ([user["id"]], "tenant")


async def test_an_administrator_outside_of_the_new_hours_comes_back_when_they_come_round(agency: Agency) -> None:
    """Hours pass and lock nobody out: the same is so of a change of the hours themselves."""
    assert (await change(agency, 1, timezone=HERE))[0] == 200
    assert (await agency.call("PUT", "/v1/access-policy", {"hours": present_hours()}, at(0)))[0] == 200
    assert (await change(agency, 2, timezone=ACROSS))[0] == 200
    status, problem = await agency.sign_in("admin")
    assert (status, problem["code"]) == (403, "outside_hours")


async def test_a_new_time_zone_and_new_hours_at_once_leave_no_session_that_neither_allows(agency: Agency) -> None:
    """Whichever comes second sees what the first one wrote; no sign-in slips in between."""
    user = await colleague(agency)
    own, hours = f"/v1/users/{user['id']}/access-policy", present_hours()
    for number in range(20):
        version = (await shown(agency))["version"]
        assert (await change(agency, version, timezone=HERE))[0] == 200
        version = (await shown(agency))["version"]
        assert (await agency.call("PUT", own, {}, at(2 * number)))[0] == 200
        _, tokens = await agency.sign_in(user["userid"])
        moved, limited, (status, other) = await asyncio.gather(
            change(agency, version, timezone=ACROSS),
            agency.call("PUT", own, {"hours": hours}, at(2 * number + 1)),
            agency.sign_in(user["userid"]),
        )
        assert (moved[0], limited[0]) == (200, 200)
        running = [tokens, other] if status == 201 else [tokens]
        assert {(await refresh(agency, one))[0] for one in running} == {401}, number


async def test_neither_operator_nor_administrator_loses_what_the_other_writes_at_once(agency: Agency) -> None:
    path = f"/v1/licences/{agency.licence_code}"
    for number in range(30):
        before = await shown(agency)
        bought, name = 50 + number, f"Villa {number}"
        (sold, _), (named, _) = await asyncio.gather(
            agency.call("PATCH", path, {"seats_bought": bought}, OPERATOR),
            change(agency, before["version"], name=name),
        )
        after = await shown(agency)
        assert (sold, named) in {(200, 200), (200, 412)}
        assert (after["seats"], after["name"]) == (3 + bought, name if named == 200 else before["name"])
        assert after["version"] == before["version"] + (2 if named == 200 else 1)


@pytest.mark.catalogue("IMO-83")
async def test_worked_hours_are_of_the_days_of_the_new_zone_at_once(agency: Agency, authz: StubAuthz) -> None:
    keys = ("admin.agents.manage", "admin.permissions.manage", "reports.logins.read")
    version = authz.give_all(agency.tenant_id, agency.administrator_id, *keys).version
    around = datetime.now(UTC).date()
    path = f"/v1/users/{agency.administrator_id}/worked-hours"
    span = f"first={around - timedelta(days=3)}&last={around + timedelta(days=3)}"

    async def first_day() -> date:
        status, hours = await agency.call("GET", f"{path}?{span}", None, {"Access-Version": str(version)})
        assert status == 200, hours
        return date.fromisoformat(hours["items"][0]["day"])

    assert (await change(agency, 1, timezone="Pacific/Honolulu"))[0] == 200
    before = await first_day()
    assert (await change(agency, 2, timezone="Pacific/Kiritimati"))[0] == 200
    assert await first_day() == before + timedelta(days=1), "the same clock, a day later"
