"""The login report over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from tests.integration.identity.conftest import Agency
from tests.integration.identity.test_machine_tokens import active_colleague, exchange, make_token
from tests.integration.identity.test_support_access import consent, look
from tests.support.databases import ServiceDatabase
from tests.support.running import INTERNAL_TOKEN
from tests.support.stub_authz import StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def long_ago(database: ServiceDatabase, session_id: str) -> None:
    """Let a session have been opened thirty minutes ago, and refreshed four minutes later."""
    connection = await asyncpg.connect(database.worker)
    try:
        await connection.execute(
            "UPDATE sessions SET created_at = now() - interval '30 minutes' WHERE id = $1", UUID(session_id)
        )
        await connection.execute(
            """
            UPDATE refresh_tokens SET used_at = now() - interval '26 minutes'
             WHERE session_id = $1 AND used_at IS NOT NULL
            """,
            UUID(session_id),
        )
    finally:
        await connection.close()


@pytest.mark.catalogue("IMO-83")
async def test_the_report_says_who_is_there_and_how_long_each_worked(
    agency: Agency, authz: StubAuthz, identity_database: ServiceDatabase
) -> None:
    user = await agency.add_user()
    await agency.activate(user["id"])
    rome = ZoneInfo("Europe/Rome")
    today = datetime.now(UTC).astimezone(rome).date()
    tomorrow = today + timedelta(days=1)
    path = f"/v1/users/{user['id']}/worked-hours?first={today}&last={tomorrow}"
    earlier = f"/v1/users/{user['id']}/worked-hours?first={today - timedelta(days=1)}&last={tomorrow}"
    for refused in ("/v1/reports/logins", path):
        status, problem = await agency.call("GET", refused)
        assert (status, problem["code"]) == (403, "permission_missing")
    authz.give_all(agency.tenant_id, agency.administrator_id, "admin.agents.manage", "reports.logins.read")
    fresh = {"Access-Version": "2"}

    _, page = await agency.call("GET", "/v1/reports/logins", headers=fresh)
    assert [item["user_id"] for item in page["items"]] == [str(agency.administrator_id)]
    _, first = await agency.sign_in(user["userid"])
    _, second = await agency.sign_in(user["userid"])
    _, page = await agency.call("GET", "/v1/reports/logins?limit=2", headers=fresh)
    assert [item["session_id"] for item in page["items"]] == [second["session_id"], first["session_id"]]
    _, page = await agency.call("GET", f"/v1/reports/logins?limit=2&cursor={page['next']}", headers=fresh)
    assert [item["user_id"] for item in page["items"]] == [str(agency.administrator_id)]
    assert page["next"] is None

    _, hours = await agency.call("GET", path, headers=fresh)
    assert sum(item["worked_seconds"] for item in hours["items"]) < 60
    await agency.call("POST", "/v1/sessions/refresh", {"refresh_token": first["refresh_token"]})
    await long_ago(identity_database, first["session_id"])
    _, hours = await agency.call("GET", earlier, headers=fresh)
    assert 540 <= sum(item["worked_seconds"] for item in hours["items"]) < 660
    _, page = await agency.call("GET", "/v1/reports/logins", headers=fresh)
    assert first["session_id"] not in {item["session_id"] for item in page["items"]}
    status, _ = await agency.call("GET", f"/v1/users/{user['id']}/worked-hours?first={tomorrow}&last={today}")
    assert status == 422


async def test_peers_are_told_the_figures_of_a_span(agency: Agency) -> None:
    now = datetime.now(UTC)
    user = await agency.add_user()
    await agency.activate(user["id"])
    for _ in range(2):
        assert (await agency.sign_in(user["userid"]))[0] == 201
    assert (await agency.sign_in(user["userid"], "Wrong7password"))[0] == 401
    machine, silent = await make_token(agency, scopes=["api"], acts_for=user["id"]), await active_colleague(agency)
    assert (await exchange(agency, machine["token"]))[0] == 201
    await consent(agency)
    assert (await look(agency, silent["userid"]))[0] == 201
    soon, late = (now + timedelta(days=days) for days in (3, 20))
    for person, ends_at in ((user["id"], soon), (agency.administrator_id, late)):
        path = f"/v1/users/{person}/access-policy"
        _, policy = await agency.call("GET", path)
        ending = {"ends_at": ends_at.isoformat()}
        status, answer = await agency.call("PUT", path, ending, {"If-Match": f'"{policy["version"]}"'})
        assert status == 200, answer

    async def figures(since: datetime, until: datetime) -> dict[str, object]:
        span = f"since={since:%Y-%m-%dT%H:%M:%SZ}&until={until:%Y-%m-%dT%H:%M:%SZ}"
        status, told = await agency.call(
            "GET",
            f"/internal/v1/tenants/{agency.tenant_id}/figures?{span}",
            headers={"Authorization": f"Bearer {INTERNAL_TOKEN}"},
        )
        assert status == 200, told
        return told

    told = await figures(now - timedelta(hours=1), now + timedelta(hours=1))
    assert (told["sign_ins"], told["people_signed_in"], told["sign_ins_refused"]) == (3, 2, 1)
    assert (told["seats_taken"], told["seats"]) == (3, 103)
    (ending,) = cast("list[dict[str, str]]", told["ending"])
    assert (ending["display_name"], datetime.fromisoformat(ending["ends_at"])) == ("Gina Rossi", soon)
    told = await figures(now - timedelta(days=9), now - timedelta(days=2))
    assert (told["sign_ins"], told["people_signed_in"], told["sign_ins_refused"]) == (0, 0, 0)
    status, _ = await agency.call("GET", f"/internal/v1/tenants/{agency.tenant_id}/figures?since=x&until=y")
    assert status in {401, 403}, "only peers are told"
