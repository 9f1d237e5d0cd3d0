"""Support looks with consent only, for a while, in the open; it changes nothing and is out the moment consent ends."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import jwt
import pytest

from services.chassis.web import Access
from services.identity.app import SERVICE
from tests.conftest import FreshDatabase
from tests.integration.identity.conftest import OPERATOR_TOKEN, Agency, found_agency, identity_settings
from tests.support import echo
from tests.support.clock import later
from tests.support.databases import ServiceDatabase
from tests.support.running import eventually, serving, settings_of, until_connected, working
from tests.support.stub_authz import StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")
OPERATOR = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}
JANE = "urn:keyholder:support:jane"


async def consent(agency: Agency, *, administrators: bool = False, hours: float = 2) -> dict[str, Any]:
    ends_at = (datetime.now(UTC) + timedelta(hours=hours)).isoformat()
    body = {"ends_at": ends_at, "administrators": administrators}
    status, given = await agency.call("POST", "/v1/support-consents", body)
    assert status == 201, given
    return given


async def look(agency: Agency, userid: str, **more: object) -> tuple[int, Any]:
    body = {"userid": userid, "agent": "jane", "reason": "Ticket 4711", **more}
    return await agency.call("POST", f"/v1/licences/{agency.licence_code}/impersonations", body, OPERATOR)


async def colleague(agency: Agency) -> dict[str, Any]:
    user = await agency.add_user()
    assert (await agency.activate(user["id"]))[0] == 204
    return user


def outcome(answer: tuple[int, Any]) -> tuple[int, str]:
    status, body = answer
    return status, body.get("code", "") if body else ""


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def renewed(agency: Agency, looking: dict[str, Any]) -> tuple[int, Any]:
    path = f"/v1/licences/{agency.licence_code}/impersonations/{looking['impersonation_id']}/tokens"
    return await agency.call("POST", path, headers=OPERATOR)


async def test_without_consent_nobody_looks_and_with_it_as_far_as_it_goes(agency: Agency) -> None:
    user = await colleague(agency)
    assert outcome(await look(agency, user["userid"])) == (409, "no_consent")
    given = await consent(agency)
    assert (await look(agency, user["userid"]))[0] == 201
    assert outcome(await look(agency, "admin")) == (409, "no_consent")
    assert outcome(await look(agency, "nobody")) == (404, "not_found")
    await consent(agency, administrators=True)
    assert (await look(agency, "admin"))[0] == 201
    status, listed = await agency.call("GET", "/v1/support-consents")
    assert (status, len(listed["items"]), listed["items"][1]) == (200, 2, given)
    with later(timedelta(hours=3)):
        assert outcome(await look(agency, user["userid"])) == (409, "no_consent")


async def test_only_administrators_consent_and_only_the_operator_looks(agency: Agency) -> None:
    user = await colleague(agency)
    _, tokens = await agency.sign_in(user["userid"])
    ends_at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    for method, path, body in (
        ("POST", "/v1/support-consents", {"ends_at": ends_at}),
        ("GET", "/v1/support-consents", None),
        ("GET", "/v1/impersonations", None),
    ):
        assert outcome(await agency.call(method, path, body, bearer(tokens))) == (403, "permission_missing")
    for hours in (-1, 24 * 7 + 1):
        ends_at = (datetime.now(UTC) + timedelta(hours=hours)).isoformat()
        answer = await agency.call("POST", "/v1/support-consents", {"ends_at": ends_at})
        assert outcome(answer) == (422, "consent_end_refused")
    await consent(agency)
    body = {"userid": user["userid"], "agent": "jane", "reason": "Ticket 4711"}
    path = f"/v1/licences/{agency.licence_code}/impersonations"
    assert (await agency.call("POST", path, body))[0] == 401
    for wrong in ({"reason": " "}, {"agent": "a b"}, {"minutes": 61}, {"minutes": 0}):
        assert (await look(agency, user["userid"], **wrong))[0] == 422


async def test_everywhere_is_seen_who_looks(
    agency: Agency, identity_database: ServiceDatabase, authz: StubAuthz
) -> None:
    user = await colleague(agency)
    authz.give_all(agency.tenant_id, agency.administrator_id, *ADMINISTRATOR, "reports.logins.read")
    await consent(agency)
    _, looking = await look(agency, user["userid"])
    claims = jwt.decode(looking["access_token"], options={"verify_signature": False})
    assert (claims["act"], claims["sub"]) == ({"sub": JANE}, user["id"])
    assert claims["exp"] - claims["iat"] <= 300
    _, me = await agency.call("GET", "/v1/me", headers=bearer(looking))
    assert me["id"] == user["id"]
    assert me["impersonation"] == {"actor": JANE, "reason": "Ticket 4711", "ends_at": looking["session_expires_at"]}
    _, own = await agency.sign_in(user["userid"])
    assert (await agency.call("GET", "/v1/me", headers=bearer(own)))[1]["impersonation"] is None
    _, seen = await agency.call("GET", "/v1/sessions", headers=bearer(own))
    assert {one["id"]: one["actor"] for one in seen["items"]}[looking["session_id"]] == JANE
    _, report = await agency.call("GET", "/v1/reports/logins", headers={"Access-Version": "2"})
    assert {one["session_id"]: one["actor"] for one in report["items"]}[looking["session_id"]] == JANE
    _, listed = await agency.call("GET", "/v1/impersonations")
    assert [(one["user_id"], one["actor"], one["reason"]) for one in listed["items"]] == [
        (user["id"], JANE, "Ticket 4711")
    ]
    connection = await asyncpg.connect(identity_database.worker)
    noted = await connection.fetchrow(
        "SELECT author, after::text AS after FROM audit_entries WHERE subject_id = $1 AND kind = 'user.impersonated'",
        user["id"],
    )
    told = await connection.fetchval(
        "SELECT data::text FROM outbox WHERE tenant_id = $1 AND topic = 'identity.impersonation.begun.v1'",
        agency.tenant_id,
    )
    await connection.close()
    assert noted is not None
    assert (noted["author"], JANE in noted["after"], JANE in told) == ("operator", True, True)


ADMINISTRATOR = ("admin.agents.manage", "admin.permissions.manage")


async def test_hours_that_support_looks_are_nobodys_work(agency: Agency, authz: StubAuthz) -> None:
    user = await colleague(agency)
    authz.give_all(agency.tenant_id, agency.administrator_id, *ADMINISTRATOR, "reports.logins.read")
    await consent(agency)
    assert (await look(agency, user["userid"]))[0] == 201
    today = datetime.now(UTC).date()
    path = f"/v1/users/{user['id']}/worked-hours?first={today - timedelta(days=1)}&last={today + timedelta(days=1)}"
    with later(timedelta(minutes=4)):
        assert (await agency.call("GET", path, headers={"Access-Version": "2"}))[1]["items"] == []


async def test_whoever_looks_changes_nothing_not_even_as_an_administrator(agency: Agency) -> None:
    await consent(agency, administrators=True)
    _, looking = await look(agency, "admin")
    assert (await agency.call("GET", "/v1/users", headers=bearer(looking)))[0] == 200
    changing = [route for route in SERVICE.routes if route.method != "GET" and route.access is Access.CALLER]
    assert len(changing) > 40
    for route in changing:
        path = route.path.replace("{", "").replace("}", "")
        answer = await agency.call(route.method, path, {}, bearer(looking))
        assert outcome(answer) == (403, "only_looking"), f"{route.method} {route.path}"


async def test_looking_lasts_as_long_as_asked_and_consented_and_goes_on_by_the_operator_only(agency: Agency) -> None:
    user = await colleague(agency)
    given = await consent(agency, hours=0.5)
    _, looking = await look(agency, user["userid"], minutes=60)
    assert datetime.fromisoformat(looking["session_expires_at"]) == datetime.fromisoformat(given["ends_at"])
    _, short = await look(agency, user["userid"], minutes=10)
    with later(timedelta(minutes=6)):
        assert (await agency.call("GET", "/v1/me", headers=bearer(short)))[0] == 401
        status, again = await renewed(agency, short)
        assert (status, again["session_id"]) == (201, short["session_id"])
        assert again["expires_at"] == again["session_expires_at"]
    with later(timedelta(minutes=10)):
        assert outcome(await renewed(agency, short)) == (409, "impersonation_over")


async def test_who_becomes_an_administrator_is_looked_at_no_further(agency: Agency, authz: StubAuthz) -> None:
    user = await colleague(agency)
    await consent(agency)
    _, looking = await look(agency, user["userid"])
    assert (await renewed(agency, looking))[0] == 201
    authz.give_all(agency.tenant_id, UUID(user["id"]), "admin.permissions.manage")

    async def noticed() -> tuple[int, str] | None:
        answer = outcome(await renewed(agency, looking))
        return None if answer[0] == 201 else answer

    assert await eventually(noticed) == (409, "no_consent")
    assert outcome(await renewed(agency, looking)) == (409, "impersonation_over")


async def test_people_who_may_not_come_in_are_not_looked_as(agency: Agency) -> None:
    user = await colleague(agency)
    await consent(agency)
    _, looking = await look(agency, user["userid"])
    version = (await agency.call("GET", f"/v1/users/{user['id']}"))[1]["version"]
    path = f"/v1/users/{user['id']}/state"
    assert (await agency.call("PUT", path, {"state": "suspended"}, {"If-Match": f'"{version}"'}))[0] == 200
    assert outcome(await look(agency, user["userid"])) == (403, "account_not_active")
    assert outcome(await renewed(agency, looking)) == (409, "impersonation_over")


async def test_hours_and_addresses_of_the_person_do_not_bind_support(agency: Agency) -> None:
    user = await colleague(agency)
    policy = {"networks": {"cidrs": ["192.0.2.0/24"]}, "hours": {"monday": [{"opens": "03:00", "closes": "03:01"}]}}
    path = f"/v1/users/{user['id']}/access-policy"
    assert (await agency.call("PUT", path, policy, {"If-Match": '"0"'}))[0] == 200
    await consent(agency)
    status, looking = await look(agency, user["userid"])
    assert status == 201
    assert (await agency.call("GET", "/v1/me", headers=bearer(looking)))[0] == 200


async def test_the_operator_and_the_person_end_it(agency: Agency) -> None:
    user = await colleague(agency)
    await consent(agency)
    _, first = await look(agency, user["userid"])
    path = f"/v1/licences/{agency.licence_code}/impersonations/{first['impersonation_id']}"
    assert (await agency.call("DELETE", path, headers=OPERATOR))[0] == 204
    assert (await agency.call("DELETE", path, headers=OPERATOR))[0] == 204
    assert outcome(await renewed(agency, first)) == (409, "impersonation_over")
    _, second = await look(agency, user["userid"])
    _, own = await agency.sign_in(user["userid"])
    assert (await agency.call("DELETE", f"/v1/sessions/{second['session_id']}", headers=bearer(own)))[0] == 204
    assert outcome(await renewed(agency, second)) == (409, "impersonation_over")


async def test_of_beginning_and_revoking_at_once_none_goes_on_a_hundred_times(agency: Agency) -> None:
    user = await colleague(agency)
    given = await consent(agency)
    for _ in range(100):
        begun, revoked = await asyncio.gather(
            look(agency, user["userid"]), agency.call("DELETE", f"/v1/support-consents/{given['id']}")
        )
        assert revoked[0] == 204
        assert outcome(begun) in {(201, ""), (409, "no_consent")}
        if begun[0] == 201:
            assert outcome(await renewed(agency, begun[1])) == (409, "impersonation_over")
        assert (await agency.call("DELETE", f"/v1/support-consents/{given['id']}"))[0] == 204
        given = await consent(agency)
    assert (await agency.call("DELETE", f"/v1/support-consents/{user['id']}"))[0] == 404


async def test_a_revoked_consent_puts_support_out_of_every_service_at_once(
    database: FreshDatabase, http: aiohttp.ClientSession, authz: StubAuthz, amqp_url: str
) -> None:
    settings = identity_settings(await database(SERVICE), authz, amqp_url)
    echo_database = await database(echo.SERVICE)
    async with serving(SERVICE, settings) as url, working(SERVICE, settings) as work_url:
        there = settings_of(echo.SERVICE, echo_database, amqp_url, jwks_url=f"{url}/.well-known/jwks.json")
        async with serving(echo.SERVICE, there) as echo_url:
            for process in (url, work_url, echo_url):
                await until_connected(http, process)
            agency = await found_agency(http, url, authz)
            user = await colleague(agency)
            given = await consent(agency)
            _, looking = await look(agency, user["userid"])

            def refused_at(address: str) -> Callable[[], Awaitable[bool]]:
                async def refused() -> bool:
                    async with http.get(address, headers=bearer(looking)) as response:
                        return response.status == 401

                return refused

            places = [refused_at(f"{echo_url}/v1/words"), refused_at(f"{url}/v1/me")]
            assert [await refused() for refused in places] == [False, False]
            assert (await agency.call("DELETE", f"/v1/support-consents/{given['id']}"))[0] == 204
            for refused in places:
                await eventually(refused)
