"""With the real authz beside it: whatever is done to administrators, and however much at once, one still gets in."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice, product
from typing import Any, Final
from uuid import uuid4

import aiohttp
import asyncpg
import pytest
import pytest_asyncio

from services.authz.app import SERVICE as AUTHZ
from services.chassis.database import open_database
from services.identity.app import SERVICE
from services.identity.operations.standing_down import LONGEST_CHANGE, count_again
from tests.conftest import FreshDatabase
from tests.integration.identity.conftest import PASSWORD, Agency, identity_settings, take_on
from tests.integration.identity.directory import PATCH, Directory, connect
from tests.support.databases import ServiceDatabase
from tests.support.running import INTERNAL_TOKEN, eventually, serving, settings_of, until_connected, working
from tests.support.stub_authz import StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")
ROUNDS: Final = 100
"""Every pair of ways has one, some have two."""
ELSEWHERE: Final = {"networks": {"cidrs": ["192.0.2.0/24"]}}
OFF: Final = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": False}]}


@dataclass
class System:
    """identity and authz with their workers, as they run together."""

    identity: str
    authz: str
    identity_database: ServiceDatabase
    authz_database: ServiceDatabase


@dataclass
class Two:
    """An agency with two administrators."""

    agency: Agency
    system: System
    directory: Directory
    group_id: str
    template_id: str
    userids: dict[str, str]
    bearers: dict[str, str]

    async def call(self, author: str, method: str, url: str, body: object = None, version: int = 0) -> tuple[int, Any]:
        """Return status and answer of a call by one of the two."""
        headers = {"Authorization": self.bearers[author], "X-Real-IP": "127.0.0.1", "If-Match": f'"{version}"'}
        async with self.agency.http.request(method, url, json=body, headers=headers) as response:
            return response.status, await response.json() if response.content_length else None

    async def get(self, author: str, url: str) -> Any:
        """Return what is shown to one of the two."""
        status, shown = await self.call(author, "GET", url)
        assert status == 200, shown
        return shown

    def user(self, one: str) -> str:
        """Return where identity shows somebody."""
        return f"{self.system.identity}/v1/users/{one}"

    @property
    def group(self) -> str:
        """Return where authz shows the administrators' group."""
        return f"{self.system.authz}/v1/groups/{self.group_id}"

    async def sign_in(self, one: str) -> None:
        """Give somebody a fresh session."""
        status, tokens = await self.agency.sign_in(self.userids[one])
        assert status == 201, tokens
        self.bearers[one] = f"Bearer {tokens['access_token']}"

    async def in_office(self) -> set[str]:
        """Return who of the two is an active member of the group who gets in from here, now and for ever."""
        identity, authz = self.system.identity_database.worker, self.system.authz_database.worker
        active = await query(
            identity,
            """
            SELECT u.id FROM users u WHERE u.id = ANY($1::uuid[]) AND u.state = 'active'
               AND NOT EXISTS (SELECT FROM access_policies p
                                WHERE p.holder_id = u.id AND (p.ends_at IS NOT NULL OR p.networks IS NOT NULL))
               AND NOT EXISTS (SELECT FROM access_template_members m WHERE m.user_id = u.id)
            """,
            list(self.userids),
        )
        members = await query(authz, "SELECT user_id FROM group_members WHERE group_id = $1::uuid", self.group_id)
        return active & members

    async def counted(self) -> set[str]:
        """Return whom authz counts on."""
        return await query(
            self.system.authz_database.worker,
            """
            SELECT id FROM people WHERE id = ANY($1::uuid[]) AND state = 'active' AND ends_at IS NULL
               AND (stood_down_at IS NULL OR stood_down_at < user_version)
            """,
            list(self.userids),
        )

    async def restore(self) -> None:
        """Have whoever stayed bring the other back, by the product's own means."""
        stayed = await self.in_office()
        assert stayed
        author = min(stayed)
        await self.sign_in(author)
        for one in self.userids.keys() - stayed:
            policy = await self.get(author, f"{self.user(one)}/access-policy")
            status, answer = await self.call(author, "PUT", f"{self.user(one)}/access-policy", {}, policy["version"])
            assert status == 200, answer
            await self._reactivate(author, one)
            group = await self.get(author, self.group)
            status, answer = await self.call(author, "PUT", f"{self.group}/members/{one}", {}, group["version"])
            assert status == 200, answer
            await self.sign_in(one)

        async def both_count() -> bool:
            return await self.counted() == self.userids.keys()

        assert await eventually(both_count)

    async def _reactivate(self, author: str, one: str) -> None:
        shown = await self.get(author, self.user(one))
        if shown["state"] == "active":
            return
        wanted = "active" if shown["state"] == "suspended" else "provisioned"
        status, answer = await self.call(author, "PUT", f"{self.user(one)}/state", {"state": wanted}, shown["version"])
        assert status == 200, answer
        if wanted == "provisioned":
            assert (await self.agency.activate(one))[0] == 204


async def query(url: str, sql: str, *given: object) -> set[str]:
    connection = await asyncpg.connect(url)
    try:
        return {str(row[0]) for row in await connection.fetch(sql, *given)}
    finally:
        await connection.close()


Way = Callable[[Two, str, str], Awaitable[int]]
"""Does something to somebody as an administrator's author; returns the status."""


def by_state(state: str) -> Way:
    async def way(two: Two, author: str, one: str) -> int:
        version = (await two.get(author, two.user(one)))["version"]
        return (await two.call(author, "PUT", f"{two.user(one)}/state", {"state": state}, version))[0]

    return way


def by_policy(policy: Callable[[Two], object]) -> Way:
    async def way(two: Two, author: str, one: str) -> int:
        path = f"{two.user(one)}/access-policy"
        version = (await two.get(author, path))["version"]
        return (await two.call(author, "PUT", path, policy(two), version))[0]

    return way


async def out_of_the_group(two: Two, author: str, one: str) -> int:
    version = (await two.get(author, two.group))["version"]
    return (await two.call(author, "DELETE", f"{two.group}/members/{one}", version=version))[0]


async def by_scim_patch(two: Two, _author: str, one: str) -> int:
    return (await two.directory.call("PATCH", f"/Users/{one}", OFF))[0]


async def by_scim_delete(two: Two, _author: str, one: str) -> int:
    return (await two.directory.call("DELETE", f"/Users/{one}"))[0]


async def by_scim_bulk(two: Two, _author: str, one: str) -> int:
    answer = (await two.directory.bulk({"method": "PATCH", "path": f"/Users/{one}", "data": OFF}))[1]
    return int(answer["Operations"][0]["status"])


def soon(**by: int) -> str:
    return (datetime.now(UTC) + timedelta(**by)).isoformat()


ENDING: Final[dict[str, Way]] = {
    "suspended": by_state("suspended"),
    "ghost": by_state("ghost"),
    "ending": by_policy(lambda _two: {"ends_at": soon(days=9)}),
    "ended": by_policy(lambda _two: {"ends_at": soon(days=-1)}),
    "template": by_policy(lambda two: {"template_id": two.template_id}),
}
BY_PERSON: Final[dict[str, Way]] = {**ENDING, "elsewhere": by_policy(lambda _two: ELSEWHERE)}
BY_DIRECTORY: Final[dict[str, Way]] = {"patch": by_scim_patch, "delete": by_scim_delete, "bulk": by_scim_bulk}
GROUP: Final[dict[str, Way]] = {"group": out_of_the_group}
# Who is let in from elsewhere only is an administrator still: a directory and authz may then take the other one.
PAIRS: Final = [
    *product(BY_PERSON, BY_PERSON),
    *product(ENDING, [*BY_DIRECTORY, *GROUP]),
    *product(GROUP, [*BY_DIRECTORY, *GROUP]),
    *product(BY_DIRECTORY, BY_DIRECTORY),
]
WAYS: Final = {**BY_PERSON, **BY_DIRECTORY, **GROUP}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def system(database: FreshDatabase, http: aiohttp.ClientSession, amqp_url: str) -> AsyncGenerator[System]:
    """Both services on databases of their own and the tests' broker."""
    databases = [await database(one) for one in (SERVICE, AUTHZ)]
    beside = StubAuthz()
    authz_settings = settings_of(AUTHZ, databases[1], amqp_url, jwks_url="http://127.0.0.1:1/")
    beside.url = f"http://{authz_settings.host}:{authz_settings.port}"
    settings = identity_settings(databases[0], beside, amqp_url)
    jwks_url = f"http://{settings.host}:{settings.port}/.well-known/jwks.json"
    authz_settings = authz_settings.model_copy(update={"jwks_url": jwks_url})
    async with AsyncExitStack() as stack:
        identity = await stack.enter_async_context(serving(SERVICE, settings))
        authz = await stack.enter_async_context(serving(AUTHZ, authz_settings))
        for service, its in ((AUTHZ, authz_settings), (SERVICE, settings)):
            await until_connected(http, await stack.enter_async_context(working(service, its)))
        await until_connected(http, identity)
        await until_connected(http, authz)
        yield System(identity, authz, databases[0], databases[1])


async def one_administrator(system: System, http: aiohttp.ClientSession) -> Agency:
    """Return a fresh agency whose administrator authz counts on."""
    agency = await take_on(http, system.identity, seats_bought=100)
    listed = f"{system.authz}/v1/groups"

    async def holds_every_right() -> bool:
        async with http.get(listed, headers=agency.headers) as response:
            return response.status == 200

    assert await eventually(holds_every_right, 30)
    return agency


@pytest_asyncio.fixture(loop_scope="session")
async def two(system: System, http: aiohttp.ClientSession) -> Two:
    """An agency with two administrators, both counted on."""
    agency = await one_administrator(system, http)
    me, other = str(agency.administrator_id), await agency.add_user()
    assert (await agency.activate(other["id"]))[0] == 204
    _, template = await agency.call("POST", "/v1/access-templates", {"name": uuid4().hex, "ends_at": soon(days=9)})
    bearers = {me: agency.headers["Authorization"]}
    made = Two(agency, system, await connect(agency), "", template["id"], {me: "admin"}, bearers)
    groups = (await made.get(me, f"{system.authz}/v1/groups"))["items"]
    (group,) = [group for group in groups if group["code"] == "administrators"]
    made.group_id = group["id"]
    made.userids[other["id"]] = other["userid"]
    await made.restore()
    return made


async def undone(two: Two, names: tuple[str, str], number: int) -> tuple[int, int]:
    """Do two things at once, to each of the two by the other; return the statuses."""
    one, other = sorted(two.userids, reverse=bool(number % 2))
    return await asyncio.gather(WAYS[names[0]](two, one, other), WAYS[names[1]](two, other, one))


@pytest.mark.catalogue("IMO-B3", "IMO-B4", "MG-9")
async def test_whatever_is_done_to_two_administrators_at_once_one_of_them_stays(two: Two) -> None:
    assert len(PAIRS) < ROUNDS
    for number, names in enumerate(islice(cycle(PAIRS), ROUNDS)):
        statuses = await undone(two, names, number)
        stayed = await two.in_office()
        assert stayed, (number, names, statuses)
        assert sum(status < 300 for status in statuses) <= 1, (number, names, statuses)
        await two.restore()


@pytest.mark.catalogue("IMO-B3", "IMO-B4", "MG-28")
async def test_who_leaves_some_day_cannot_keep_the_last_one_who_stays_out(two: Two) -> None:
    one, other = sorted(two.userids)
    assert await WAYS["elsewhere"](two, one, other) == 200
    await two.restore()
    assert await WAYS["ending"](two, other, one) == 200
    assert await WAYS["elsewhere"](two, one, other) == 409
    assert await two.in_office() == {other}
    await two.restore()


@pytest.mark.catalogue("IMO-B3", "IMO-B4", "MG-31")
async def test_who_is_let_in_from_elsewhere_only_counts_and_can_undo_it_there(two: Two) -> None:
    one, other = sorted(two.userids)
    assert await WAYS["elsewhere"](two, one, other) == 200

    async def both_count() -> bool:
        return await two.counted() == two.userids.keys()

    assert await eventually(both_count)
    assert await WAYS["patch"](two, one, one) == 200
    assert await WAYS["patch"](two, one, other) == 409

    there = {"X-Real-IP": "192.0.2.7"}
    agency, own = two.agency, f"/v1/users/{other}/access-policy"
    codes = {"licence_code": agency.licence_code, "userid": two.userids[other], "password": PASSWORD}
    assert (await agency.call("POST", "/v1/sessions", codes))[0] == 403
    status, tokens = await agency.call("POST", "/v1/sessions", codes, there)
    assert status == 201
    there["Authorization"] = f"Bearer {tokens['access_token']}"
    version = (await agency.call("GET", own, headers=there))[1]["version"]
    assert (await agency.call("PUT", own, {}, {**there, "If-Match": f'"{version}"'}))[0] == 200
    assert (await agency.sign_in(two.userids[other]))[0] == 201


@pytest.mark.catalogue("IMO-B3", "IMO-B4", "MG-28")
async def test_the_last_administrator_is_refused_on_every_path_and_nothing_changes(
    system: System, http: aiohttp.ClientSession
) -> None:
    agency = await one_administrator(system, http)
    directory, me = await connect(agency), str(agency.administrator_id)
    _, ending = await agency.call("POST", "/v1/access-templates", {"name": "Ending", "ends_at": soon(days=9)})
    _, mine = await agency.call("POST", "/v1/access-templates", {"name": "Mine"})
    own = f"/v1/users/{me}/access-policy"
    assert (await agency.call("PUT", own, {"template_id": mine["id"]}, {"If-Match": '"0"'}))[0] == 200
    _, before = await agency.call("GET", "/v1/me")

    async def refused(method: str, path: str, body: object, version: int) -> tuple[int, str]:
        status, problem = await agency.call(method, path, body, {"If-Match": f'"{version}"'})
        return status, problem.get("code")

    last, out = (409, "last_administrator"), (409, "locks_you_out")
    for state in ("suspended", "ghost"):
        assert await refused("PUT", f"/v1/users/{me}/state", {"state": state}, before["version"]) == last
    assert await refused("PUT", own, {"template_id": mine["id"], "ends_at": soon(days=9)}, 1) == last
    assert await refused("PUT", own, {"template_id": ending["id"]}, 1) == last
    assert await refused("PUT", own, {"ends_at": soon(days=-1)}, 1) == out
    assert await refused("PUT", own, ELSEWHERE, 1) == out
    assert await refused("PUT", own, {"hours": {}}, 1) == (422, "hours_refused")
    template = f"/v1/access-templates/{mine['id']}"
    assert await refused("PUT", template, {"name": "Mine", "ends_at": soon(days=9)}, mine["version"]) == last
    assert await refused("PUT", template, {"name": "Mine", **ELSEWHERE}, mine["version"]) == out
    assert await refused("PUT", "/v1/access-policy", ELSEWHERE, 0) == out
    assert (await directory.call("PATCH", f"/Users/{me}", OFF))[0] == 409
    assert (await directory.call("DELETE", f"/Users/{me}"))[0] == 409
    _, bulk = await directory.bulk(
        {"method": "PATCH", "path": f"/Users/{me}", "data": OFF}, {"method": "DELETE", "path": f"/Users/{me}"}
    )
    assert [one["status"] for one in bulk["Operations"]] == ["409", "409"]
    status, after = await agency.call("GET", "/v1/me")
    assert (status, after) == (200, before)


async def both_counted(two: Two) -> bool:
    async def both_count() -> bool:
        return await two.counted() == two.userids.keys()

    return await eventually(both_count)


async def test_who_stood_down_for_nothing_counts_again(two: Two) -> None:
    one, other = sorted(two.userids)
    body = {
        **OFF,
        "Operations": [*OFF["Operations"], {"op": "replace", "path": "userName", "value": two.userids[one]}],
    }
    status, error = await two.directory.call("PATCH", f"/Users/{other}", body)
    assert (status, error["scimType"]) == (409, "uniqueness")
    assert await both_counted(two)
    assert await by_state("suspended")(two, other, one) == 200


async def test_who_stood_down_before_something_broke_counts_again(two: Two) -> None:
    one, other = sorted(two.userids)
    connection = await asyncpg.connect(two.system.identity_database.owner)
    try:
        await connection.execute(
            """
            CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'broken'; END $$;
            CREATE TRIGGER break BEFORE UPDATE ON users FOR EACH ROW WHEN (NEW.state = 'suspended')
               EXECUTE FUNCTION break();
            """
        )
        assert await by_state("suspended")(two, one, other) == 500
    finally:
        await connection.execute("DROP TRIGGER break ON users; DROP FUNCTION break()")
        await connection.close()
    assert await both_counted(two)
    assert await by_state("suspended")(two, other, one) == 200


async def test_who_stood_down_before_a_process_died_counts_again_by_itself(two: Two) -> None:
    one, other = sorted(two.userids)
    databases = two.system.identity_database
    async with (
        open_database(databases.app, connections=2, name="test") as db,
        open_database(databases.worker, connections=2, name="test") as worker_db,
    ):
        await count_again(db, worker_db, datetime.now(UTC) + LONGEST_CHANGE)  # whom other tests' 503 left so
        version = (await two.get(one, two.user(other)))["version"]
        connection = await asyncpg.connect(databases.worker)
        await connection.execute("UPDATE users SET stands_down_since = now() WHERE id = $1::uuid", other)
        await connection.close()
        person = f"{two.system.authz}/internal/v1/tenants/{two.agency.tenant_id}/users/{other}"
        asked = {"Authorization": f"Bearer {INTERNAL_TOKEN}", "If-Match": f'"{version}"'}
        async with two.agency.http.post(f"{person}/stand-down", headers=asked) as response:
            assert response.status == 204
        assert await by_state("suspended")(two, other, one) == 409

        assert await count_again(db, worker_db, datetime.now(UTC)) == 0
        assert await count_again(db, worker_db, datetime.now(UTC) + LONGEST_CHANGE) == 1
        assert await count_again(db, worker_db, datetime.now(UTC) + LONGEST_CHANGE) == 0
    assert await both_counted(two)
    assert await by_state("suspended")(two, other, one) == 200
