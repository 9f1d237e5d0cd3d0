"""Regions of offices and teams of people: changed, announced, never across agencies."""

import json
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import pytest

from tests.integration.identity.conftest import Agency, found_agency
from tests.support.databases import ServiceDatabase
from tests.support.stub_authz import StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")


def at(version: int) -> dict[str, str]:
    return {"If-Match": f'"{version}"'}


async def told(database: ServiceDatabase, tenant_id: UUID, topic: str) -> list[dict[str, Any]]:
    """Return what the events of a topic of an agency say, oldest first."""
    connection = await asyncpg.connect(database.worker)
    try:
        rows = await connection.fetch(
            "SELECT data::text AS data FROM outbox WHERE tenant_id = $1 AND topic = $2 ORDER BY seq", tenant_id, topic
        )
    finally:
        await connection.close()
    return [json.loads(row["data"]) for row in rows]


async def test_an_office_lies_in_one_region_at_most_and_every_change_is_told(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    status, region = await agency.call("POST", "/v1/regions", {"name": "Toscana"})
    assert (status, region["version"]) == (201, 1)
    assert (await agency.call("POST", "/v1/regions", {"name": "Toscana"}))[1]["code"] == "region_name_taken"
    path, place = f"/v1/regions/{region['id']}", f"/v1/offices/{agency.office_id}/region"
    status, office = await agency.call("PUT", place, {"region_id": region["id"]}, at(1))
    assert (status, office["region_id"], office["version"]) == (200, region["id"], 2)
    assert (await agency.call("PUT", place, {"region_id": region["id"]}, at(1)))[0] == 412
    status, problem = await agency.call("PUT", place, {"region_id": str(agency.office_id)}, at(2))
    assert (status, problem["code"]) == (422, "unknown_region")
    status, problem = await agency.call("DELETE", path, headers=at(1))
    assert (status, problem["code"]) == (409, "region_in_use")
    assert (await agency.call("PATCH", path, {"name": "Toscana e Umbria"}, at(1)))[1]["version"] == 2
    assert (await agency.call("PUT", place, {"region_id": None}, at(2)))[1]["region_id"] is None
    assert (await agency.call("DELETE", path, headers=at(2)))[0] == 204
    assert (await agency.call("GET", "/v1/regions"))[1] == {"items": []}

    regions = await told(identity_database, agency.tenant_id, "identity.region.changed.v1")
    assert [(one["version"], one["name"], one["removed"]) for one in regions] == [
        (1, "Toscana", False),
        (2, "Toscana e Umbria", False),
        (3, "Toscana e Umbria", True),
    ]
    offices = await told(identity_database, agency.tenant_id, "identity.office.changed.v1")
    assert [one["region_id"] for one in offices] == [None, region["id"], None]


async def test_a_team_has_members_and_every_change_tells_all_of_them(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    people = sorted([(await agency.add_user())["id"] for _ in range(3)])
    status, team = await agency.call("POST", "/v1/teams", {"name": "Vendite", "members": people[:2]})
    assert (status, team["members"]) == (201, people[:2])
    path = f"/v1/teams/{team['id']}"
    status, problem = await agency.call("PUT", path, {"name": "Vendite", "members": [str(agency.office_id)]}, at(1))
    assert (status, problem["code"]) == (422, "unknown_member")
    status, team = await agency.call("PUT", path, {"name": "Vendite", "members": people[1:] * 2}, at(1))
    assert (status, team["members"], team["version"]) == (200, people[1:], 2)
    assert (await agency.call("PUT", path, {"name": "Vendite", "members": []}, at(1)))[0] == 412
    assert (await agency.call("GET", "/v1/teams"))[1]["items"] == [team]
    assert (await agency.call("DELETE", path, headers=at(2)))[0] == 204
    teams = await told(identity_database, agency.tenant_id, "identity.team.changed.v1")
    assert [(one["version"], one["members"], one["removed"]) for one in teams] == [
        (1, people[:2], False),
        (2, people[1:], False),
        (3, [], True),
    ]


async def test_without_the_permission_or_of_another_agency_nothing_is_changed(
    agency: Agency, http: aiohttp.ClientSession, identity_url: str, authz: StubAuthz
) -> None:
    other = await found_agency(http, identity_url, authz)
    _, region = await other.call("POST", "/v1/regions", {"name": "Umbria"})
    _, team = await other.call("POST", "/v1/teams", {"name": "Affitti", "members": []})
    place = f"/v1/offices/{agency.office_id}/region"
    assert (await agency.call("PUT", place, {"region_id": region["id"]}, at(1)))[0] == 422
    stranger = str(other.administrator_id)
    assert (await agency.call("POST", "/v1/teams", {"name": "X", "members": [stranger]}))[0] == 422
    user = await agency.add_user()
    await agency.activate(user["id"])
    _, tokens = await agency.sign_in(user["userid"])
    bearer = {"Authorization": f"Bearer {tokens['access_token']}", **at(1)}
    changes: list[tuple[str, str, object]] = [
        ("POST", "/v1/regions", {"name": "X"}),
        ("PATCH", f"/v1/regions/{region['id']}", {"name": "X"}),
        ("DELETE", f"/v1/regions/{region['id']}", None),
        ("PUT", place, {"region_id": None}),
        ("POST", "/v1/teams", {"name": "X", "members": []}),
        ("PUT", f"/v1/teams/{team['id']}", {"name": "X", "members": []}),
        ("DELETE", f"/v1/teams/{team['id']}", None),
    ]
    for method, path, body in changes:
        status, problem = await agency.call(method, path, body, bearer)
        assert (status, problem["code"]) == (403, "permission_missing"), path
        if path != place and method != "POST":
            assert (await agency.call(method, path, body, at(1)))[0] == 404, path
