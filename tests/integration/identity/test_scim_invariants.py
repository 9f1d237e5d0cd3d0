"""Neither the last administrator nor a seat too many gets past SCIM, by whichever method and however many at once."""

import asyncio
from itertools import cycle
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import pytest

from tests.integration.identity.conftest import Agency, found_agency
from tests.integration.identity.directory import PATCH, Directory, connect
from tests.support.databases import ServiceDatabase
from tests.support.stub_authz import StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROUNDS = 100


def whole(user: dict[str, Any], *, active: bool) -> dict[str, Any]:
    return {**{name: user[name] for name in ("schemas", "userName", "name", "emails")}, "active": active}


def patch(*, active: bool) -> dict[str, Any]:
    return {"schemas": [PATCH], "Operations": [{"op": "Replace", "path": "active", "value": str(active)}]}


async def by_patch(directory: Directory, user: dict[str, Any], *, active: bool) -> int:
    return (await directory.call("PATCH", f"/Users/{user['id']}", patch(active=active)))[0]


async def by_put(directory: Directory, user: dict[str, Any], *, active: bool) -> int:
    return (await directory.call("PUT", f"/Users/{user['id']}", whole(user, active=active)))[0]


async def by_bulk(directory: Directory, user: dict[str, Any], *, active: bool) -> int:
    operation = {"method": "PATCH", "path": f"/Users/{user['id']}", "data": patch(active=active)}
    return int((await directory.bulk(operation))[1]["Operations"][0]["status"])


async def by_delete(directory: Directory, user: dict[str, Any], *, active: bool) -> int:
    assert not active
    return (await directory.call("DELETE", f"/Users/{user['id']}"))[0]


async def by_bulk_delete(directory: Directory, user: dict[str, Any], *, active: bool) -> int:
    assert not active
    answer = (await directory.bulk({"method": "DELETE", "path": f"/Users/{user['id']}"}))[1]
    return int(answer["Operations"][0]["status"])


RESTORING = (by_patch, by_put, by_bulk)
ENDING = (by_patch, by_put, by_bulk, by_delete, by_bulk_delete)


async def activated(agency: Agency, directory: Directory, count: int) -> list[dict[str, Any]]:
    users = [await directory.add_user() for _ in range(count)]
    for user in users:
        assert (await agency.activate(user["id"]))[0] == 204
    return users


async def in_state(database: ServiceDatabase, tenant_id: UUID, state: str) -> int:
    connection = await asyncpg.connect(database.worker)
    found: int = await connection.fetchval(
        "SELECT count(*) FROM users WHERE tenant_id = $1 AND state = $2", tenant_id, state
    )
    await connection.close()
    return found


async def suspend_all(database: ServiceDatabase, users: list[dict[str, Any]]) -> None:
    """Put people back where a round begins, beside the product."""
    connection = await asyncpg.connect(database.worker)
    await connection.execute(
        "UPDATE users SET state = 'suspended' WHERE id = ANY($1)", [UUID(user["id"]) for user in users]
    )
    await connection.close()


@pytest.mark.catalogue("MG-1")
async def test_however_many_return_at_once_no_seat_is_taken_twice(
    http: aiohttp.ClientSession, identity_url: str, authz: StubAuthz, identity_database: ServiceDatabase
) -> None:
    agency = await found_agency(http, identity_url, authz, seats_bought=2)
    directory = await connect(agency)
    users = await activated(agency, directory, 4)
    for user in users:
        await by_patch(directory, user, active=False)
    users.append((await activated(agency, directory, 1))[0])
    for number in range(ROUNDS):
        await suspend_all(identity_database, users)
        ways = cycle(RESTORING[number % 3 :] + RESTORING[: number % 3])
        answers = await asyncio.gather(*(next(ways)(directory, user, active=True) for user in users))
        assert sorted(answers) == [200] * 4 + [409], number
        assert await in_state(identity_database, agency.tenant_id, "active") == 5, number


@pytest.mark.catalogue("MG-9", "IMO-B4")
async def test_however_many_administrators_go_at_once_one_stays(
    agency: Agency, authz: StubAuthz, identity_database: ServiceDatabase
) -> None:
    directory = await connect(agency)
    users = await activated(agency, directory, 3)
    ids = [UUID(user["id"]) for user in users]
    connection = await asyncpg.connect(identity_database.worker)
    for number in range(ROUNDS):
        await connection.execute("UPDATE users SET state = 'active' WHERE id = ANY($1)", ids)
        authz.administrators[agency.tenant_id] = list(ids)
        ways = cycle(ENDING[number % 5 :] + ENDING[: number % 5])
        answers = await asyncio.gather(*(next(ways)(directory, user, active=False) for user in users))
        assert sum(status == 409 for status in answers) == 1, (number, answers)
        (kept,) = [user for user, status in zip(users, answers, strict=True) if status == 409]
        assert authz.administrators[agency.tenant_id] == [UUID(kept["id"])]
        states = {str(row["id"]): row["state"] for row in await connection.fetch("SELECT id, state FROM users")}
        assert [user["id"] for user in users if states[user["id"]] == "active"] == [kept["id"]], number
    await connection.close()
