"""What ends by itself: exactly once, with whatever workers; colleagues come back, technicians do not."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import aiohttp
import asyncpg
import pytest
import pytest_asyncio
from pydantic import SecretStr
from structlog.testing import capture_logs

from services.chassis.database import Database, open_database
from services.chassis.http_client import Peer, open_http
from services.identity.adapters.authz_administrators import Administrators
from services.identity.app import SERVICE
from services.identity.operations import account_ends
from services.identity.operations.standing_down import LONGEST_CHANGE, count_again
from tests.integration.identity.conftest import Agency, found_agency, identity_settings
from tests.support.databases import ServiceDatabase
from tests.support.running import eventually, working
from tests.support.stub_authz import StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app_db(identity_database: ServiceDatabase) -> AsyncGenerator[Database]:
    """The service's own view of its database."""
    async with open_database(identity_database.app, connections=5, name="test") as db:
        yield db


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def worker_db(identity_database: ServiceDatabase) -> AsyncGenerator[Database]:
    """The worker's view, across tenants."""
    async with open_database(identity_database.worker, connections=5, name="test") as db:
        yield db


@pytest_asyncio.fixture(loop_scope="session")
async def administrators(authz: StubAuthz) -> AsyncGenerator[Administrators]:
    """authz, asked as the service asks it."""
    async with open_http() as http:
        yield Administrators(Peer(http, authz.url, SecretStr("internal")))


async def told(database: ServiceDatabase, topic: str, user_id: str) -> list[dict[str, Any]]:
    """Return the state and kind of each event of a topic about a person, oldest first."""
    connection = await asyncpg.connect(database.worker)
    try:
        rows = await connection.fetch(
            """
            SELECT data->'user'->>'state' AS state, data->'user'->>'kind' AS kind, data->>'sponsor_id' AS sponsor
              FROM outbox WHERE topic = $1 AND data->'user'->>'user_id' = $2 ORDER BY seq
            """,
            topic,
            user_id,
        )
    finally:
        await connection.close()
    return [dict(row) for row in rows]


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def nobody_else_is_due(app_db: Database, worker_db: Database, administrators: Administrators) -> None:
    """Let the accounts of earlier tests end before this one counts."""
    await account_ends.end_accounts(app_db, worker_db, administrators, datetime.now(UTC) + timedelta(days=99), set())


async def ends_told(database: ServiceDatabase, user_id: str) -> list[tuple[int, datetime | None]]:
    """Return version and end of each event about a person, oldest first."""
    connection = await asyncpg.connect(database.worker)
    try:
        rows = await connection.fetch(
            """
            SELECT (data->'user'->>'version')::int AS version, (data->'user'->>'ends_at')::timestamptz AS ends_at
              FROM outbox WHERE data->'user'->>'user_id' = $1 ORDER BY seq
            """,
            user_id,
        )
    finally:
        await connection.close()
    return [tuple(row) for row in rows]


def soon(**by: int) -> str:
    return (datetime.now(UTC) + timedelta(**by)).isoformat()


async def state_of(agency: Agency, user: dict[str, Any]) -> str:
    return (await agency.call("GET", f"/v1/users/{user['id']}"))[1]["state"]


@pytest.mark.catalogue("MG-28")
async def test_a_colleague_expires_once_by_however_many_workers_and_comes_back_by_a_later_end(
    agency: Agency,
    app_db: Database,
    worker_db: Database,
    administrators: Administrators,
    identity_database: ServiceDatabase,
) -> None:
    user = await agency.add_user(ends_at=soon(hours=3))
    assert (await agency.activate(user["id"]))[0] == 204
    _, tokens = await agency.sign_in(user["userid"])
    now = datetime.now(UTC)
    assert await account_ends.end_accounts(app_db, worker_db, administrators, now, set()) == 0
    after = now + timedelta(hours=4)
    done = await asyncio.gather(
        *(account_ends.end_accounts(app_db, worker_db, administrators, after, set()) for _ in range(6))
    )
    assert sum(done) == 1
    assert await state_of(agency, user) == "expired"
    events = await told(identity_database, "identity.user.state_changed.v1", user["id"])
    assert [event["state"] for event in events] == ["active", "suspended"]
    status, problem = await agency.sign_in(user["userid"])
    assert (status, problem["code"]) == (403, "access_ended")
    refresh = {"refresh_token": tokens["refresh_token"]}
    status, problem = await agency.call("POST", "/v1/sessions/refresh", refresh)
    assert (status, problem["code"]) == (403, "access_ended")
    assert (await agency.call("POST", "/v1/sessions/refresh", refresh))[0] == 401

    own = f"/v1/users/{user['id']}/access-policy"
    status, _ = await agency.call("PUT", own, {"ends_at": soon(days=9)}, {"If-Match": '"1"'})
    assert status == 200
    assert await state_of(agency, user) == "active"
    assert (await agency.sign_in(user["userid"]))[0] == 201


@pytest.mark.catalogue("MG-28")
async def test_an_end_is_told_at_a_new_version_whenever_it_is_set_moved_or_lifted(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    user = await agency.add_user()
    assert (await agency.activate(user["id"]))[0] == 204
    first, second = (datetime.now(UTC) + timedelta(days=days) for days in (5, 9))
    template = {"name": "Ending", "ends_at": first.isoformat()}
    _, template = await agency.call("POST", "/v1/access-templates", template)
    templates, own = f"/v1/access-templates/{template['id']}", f"/v1/users/{user['id']}/access-policy"
    changes: list[tuple[str, dict[str, Any], datetime | None]] = [
        (own, {"ends_at": first.isoformat()}, first),
        (own, {"ends_at": second.isoformat()}, second),
        (own, {"ends_at": second.isoformat(), "template_id": template["id"]}, second),
        (own, {"template_id": template["id"]}, first),
        (templates, {"name": "Ending", "ends_at": second.isoformat()}, second),
        (own, {}, None),
    ]
    before: list[tuple[int, datetime | None]] = []
    for path, body, end in changes:
        before = await ends_told(identity_database, user["id"])
        version = (await agency.call("GET", path))[1]["version"]
        status, answer = await agency.call("PUT", path, {**body, "dry_run": True}, {"If-Match": f'"{version}"'})
        assert (status, await ends_told(identity_database, user["id"])) == (200, before), answer
        status, answer = await agency.call("PUT", path, body, {"If-Match": f'"{version}"'})
        assert status == 200, answer
        told_now = (await ends_told(identity_database, user["id"]))[len(before) :]
        assert told_now == ([(before[-1][0] + 1, end)] if before[-1][1] != end else [])
    assert (await agency.call("GET", f"/v1/users/{user['id']}"))[1]["version"] == before[-1][0] + 1


@pytest.mark.catalogue("MG-28")
async def test_who_is_suspended_returns_only_before_his_end(agency: Agency) -> None:
    user = await agency.add_user()
    assert (await agency.activate(user["id"]))[0] == 204
    path = f"/v1/users/{user['id']}"
    assert (await agency.call("PUT", f"{path}/state", {"state": "suspended"}, {"If-Match": '"2"'}))[0] == 200
    own = f"{path}/access-policy"
    assert (await agency.call("PUT", own, {"ends_at": soon(hours=-1)}, {"If-Match": '"0"'}))[0] == 200
    status, problem = await agency.call("PUT", f"{path}/state", {"state": "active"}, {"If-Match": '"4"'})
    assert (status, problem["code"]) == (409, "state_not_allowed")
    assert (await agency.call("PUT", own, {"ends_at": soon(hours=1)}, {"If-Match": '"1"'}))[0] == 200
    status, back = await agency.call("PUT", f"{path}/state", {"state": "active"}, {"If-Match": '"5"'})
    assert (status, back["state"]) == (200, "active")


@pytest.mark.catalogue("MG-1", "MG-28")
async def test_who_comes_back_needs_a_seat(
    http: aiohttp.ClientSession,
    identity_url: str,
    authz: StubAuthz,
    app_db: Database,
    worker_db: Database,
    administrators: Administrators,
) -> None:
    agency = await found_agency(http, identity_url, authz, seats_bought=0)
    user = await agency.add_user(ends_at=soon(hours=3))
    others = [await agency.add_user() for _ in range(2)]
    assert [(await agency.activate(one["id"]))[0] for one in (user, others[0])] == [204, 204]
    await account_ends.end_accounts(app_db, worker_db, administrators, datetime.now(UTC) + timedelta(hours=4), set())
    assert (await agency.activate(others[1]["id"]))[0] == 204
    own = f"/v1/users/{user['id']}/access-policy"
    status, problem = await agency.call("PUT", own, {"ends_at": soon(days=9)}, {"If-Match": '"1"'})
    assert (status, problem["code"]) == (409, "seats_exhausted")
    assert await state_of(agency, user) == "expired"


@pytest.mark.catalogue("AM-1", "AM-4", "AM-10", "AM-12")
async def test_a_technician_has_an_end_takes_no_seat_is_announced_once_and_is_gone(
    http: aiohttp.ClientSession,
    identity_url: str,
    authz: StubAuthz,
    app_db: Database,
    worker_db: Database,
    administrators: Administrators,
    identity_database: ServiceDatabase,
) -> None:
    agency = await found_agency(http, identity_url, authz, seats_bought=0)
    for _ in range(2):
        assert (await agency.activate((await agency.add_user())["id"]))[0] == 204
    user = await agency.add_user(kind="external_technician", telephone="+39 0583 1234", ends_at=soon(hours=3))
    assert (await agency.activate(user["id"]))[0] == 204
    now = datetime.now(UTC)
    await account_ends.remind_of_technicians(app_db, worker_db, now)
    assert await told(identity_database, "identity.technician.expiring.v1", user["id"]) == []
    for _ in range(3):
        await account_ends.remind_of_technicians(app_db, worker_db, now + timedelta(hours=2))
    (reminder,) = await told(identity_database, "identity.technician.expiring.v1", user["id"])
    assert (reminder["kind"], reminder["sponsor"]) == ("external_technician", str(agency.administrator_id))

    await account_ends.end_accounts(app_db, worker_db, administrators, now + timedelta(hours=4), set())
    assert await state_of(agency, user) == "ghost"
    assert (await agency.sign_in(user["userid"]))[0] == 401


@pytest.mark.catalogue("AM-12")
@pytest.mark.parametrize("end", [None, {"days": 8}])
async def test_a_technician_without_an_end_or_with_a_far_one_is_refused(
    agency: Agency, end: dict[str, int] | None
) -> None:
    card: dict[str, Any] = {
        "userid": "tech",
        "code": "TE",
        "given_name": "Tea",
        "family_name": "Neri",
        "email": "tech@vendor.example",
        "kind": "external_technician",
        "telephone": "+39 0583 1234",
        "ends_at": soon(**end) if end else None,
    }
    status, problem = await agency.call("POST", "/v1/users", card)
    assert (status, problem["code"]) == (422, "end_refused")
    status, user = await agency.call("POST", "/v1/users", {**card, "ends_at": soon(days=6)})
    assert status == 201
    own = f"/v1/users/{user['id']}/access-policy"
    status, problem = await agency.call("PUT", own, {"ends_at": soon(**end) if end else None}, {"If-Match": '"1"'})
    assert (status, problem["code"]) == (422, "end_refused")


@pytest.mark.catalogue("AM-8")
async def test_a_technician_has_a_telephone_and_keeps_one(agency: Agency) -> None:
    card: dict[str, Any] = {
        "userid": "tech",
        "code": "TE",
        "given_name": "Tea",
        "family_name": "Neri",
        "email": "tech@vendor.example",
        "telephone": " +39 0583 1234 ",
        "kind": "external_technician",
        "ends_at": soon(days=6),
    }
    for missing in ("given_name", "family_name", "telephone"):
        refused = {name: value for name, value in card.items() if name != missing}
        status, problem = await agency.call("POST", "/v1/users", refused)
        assert (status, [one["pointer"] for one in problem["errors"]]) == (422, [f"/{missing}"])
    for wrong in ("", "  ", "call me", "12", "+39 0583\r\nBcc: x", "+" + "3" * 60):
        status, problem = await agency.call("POST", "/v1/users", {**card, "telephone": wrong})
        assert (status, [one["pointer"] for one in problem["errors"]]) == (422, ["/telephone"])
    status, user = await agency.call("POST", "/v1/users", card)
    assert status == 201, user
    own = f"/v1/users/{user['id']}/card"
    _, shown = await agency.call("GET", own)
    assert (shown["contacts"], shown["version"]) == ([{"kind": "phone", "value": "+39 0583 1234", "shown": False}], 1)
    for contacts in ([], [{"kind": "fax", "value": "+39 0583 9"}]):
        status, problem = await agency.call("PUT", own, {"contacts": contacts}, {"If-Match": '"1"'})
        assert (status, problem["code"], problem["errors"][0]["pointer"]) == (422, "telephone_needed", "/contacts")
    mobile = [{"kind": "mobile", "value": "+39 333 1234"}]
    assert (await agency.call("PUT", own, {"contacts": mobile}, {"If-Match": '"1"'}))[0] == 200
    colleague = await agency.add_user()
    _, shown = await agency.call("GET", f"/v1/users/{colleague['id']}/card")
    assert (shown["contacts"], shown["version"]) == ([], 0)


async def test_the_last_administrator_does_not_expire(
    agency: Agency, app_db: Database, worker_db: Database, administrators: Administrators, authz: StubAuthz
) -> None:
    user = await agency.add_user(ends_at=soon(hours=3))
    assert (await agency.activate(user["id"]))[0] == 204
    after = datetime.now(UTC) + timedelta(hours=4)
    authz.last_administrator = True
    complained = set[account_ends.Overdue]()
    try:
        with capture_logs() as logs:
            for _ in range(3):
                await account_ends.end_accounts(app_db, worker_db, administrators, after, complained)
    finally:
        authz.last_administrator = False
    assert [log["user_id"] for log in logs if log["event"] == "account_end.last_administrator"] == [user["id"]]
    assert await state_of(agency, user) == "active"
    await account_ends.end_accounts(app_db, worker_db, administrators, after, set())
    assert await state_of(agency, user) == "expired"


async def test_of_whom_authz_gave_no_answer_peers_are_told_anew_later_and_of_whom_it_refused_not(
    agency: Agency, app_db: Database, worker_db: Database, authz: StubAuthz, identity_database: ServiceDatabase
) -> None:
    unanswered, refused = await agency.add_user(), await agency.add_user()

    async def suspend(user: dict[str, Any]) -> int:
        path = f"/v1/users/{user['id']}/state"
        return (await agency.call("PUT", path, {"state": "suspended"}, {"If-Match": '"1"'}))[0]

    authz.down = True
    try:
        assert await suspend(unanswered) == 503
    finally:
        authz.down = False
    authz.last_administrator = True
    try:
        assert await suspend(refused) == 409
    finally:
        authz.last_administrator = False
    await count_again(app_db, worker_db, datetime.now(UTC) + LONGEST_CHANGE)
    versions = [
        [version for version, _ in await ends_told(identity_database, one["id"])] for one in (unanswered, refused)
    ]
    assert versions == [[1, 2], [1]]


@pytest.mark.catalogue("AM-12")
async def test_a_technician_is_reminded_of_while_no_account_can_be_ended(
    agency: Agency, authz: StubAuthz, identity_database: ServiceDatabase
) -> None:
    card = {"kind": "external_technician", "telephone": "+39 0583 1234"}
    due = await agency.add_user(**card, ends_at=soon(seconds=-1))
    leaving = await agency.add_user(**card, ends_at=soon(hours=1))
    authz.down = True
    try:
        async with working(SERVICE, identity_settings(identity_database, authz)):

            async def reminded() -> list[dict[str, Any]]:
                return await told(identity_database, "identity.technician.expiring.v1", leaving["id"])

            assert len(await eventually(reminded)) == 1
    finally:
        authz.down = False
    assert await state_of(agency, due) == "provisioned"


@pytest.mark.catalogue("AM-12")
async def test_the_worker_ends_accounts_by_itself(
    agency: Agency, authz: StubAuthz, identity_database: ServiceDatabase
) -> None:
    user = await agency.add_user(kind="external_technician", telephone="+39 0583 1234", ends_at=soon(seconds=1))
    async with working(SERVICE, identity_settings(identity_database, authz)):

        async def gone() -> bool:
            return await state_of(agency, user) == "ghost"

        assert await eventually(gone, 30)


VISITOR = {"kind": "external_technician", "telephone": "+39 0583 1234"}


async def moved(agency: Agency, user: dict[str, Any], state: str) -> tuple[int, str]:
    """Return status and problem of moving somebody to a state."""
    path = f"/v1/users/{user['id']}"
    version = (await agency.call("GET", path))[1]["version"]
    status, body = await agency.call("PUT", f"{path}/state", {"state": state}, {"If-Match": f'"{version}"'})
    return status, "" if status == 200 else body["code"]


async def end_at(agency: Agency, user: dict[str, Any], ends_at: str) -> None:
    path = f"/v1/users/{user['id']}/access-policy"
    version = (await agency.call("GET", path))[1]["version"]
    status, problem = await agency.call("PUT", path, {"ends_at": ends_at}, {"If-Match": f'"{version}"'})
    assert status == 200, problem


async def mails_to(database: ServiceDatabase, user: dict[str, Any]) -> int:
    return len(await told(database, "identity.activation.requested.v1", user["id"]))


@pytest.mark.catalogue("AM-12")
@pytest.mark.parametrize(
    ("fields", "refused"),
    [(VISITOR, ["provisioned", "suspended"]), ({}, ["provisioned"])],
    ids=["technician", "colleague"],
)
async def test_whose_end_has_come_is_not_invited_again_before_it_is_moved(
    agency: Agency,
    app_db: Database,
    worker_db: Database,
    administrators: Administrators,
    identity_database: ServiceDatabase,
    fields: dict[str, object],
    refused: list[str],
) -> None:
    user = await agency.add_user(**fields, ends_at=soon(hours=3))
    assert await moved(agency, user, "ghost") == (200, "")
    await end_at(agency, user, soon(hours=-1))
    mails = await mails_to(identity_database, user)
    for state in refused:
        assert await moved(agency, user, state) == (409, "state_not_allowed")
    assert (await mails_to(identity_database, user), await state_of(agency, user)) == (mails, "ghost")

    await end_at(agency, user, soon(hours=5))
    assert await moved(agency, user, "provisioned") == (200, "")
    await account_ends.end_accounts(app_db, worker_db, administrators, datetime.now(UTC), set())
    assert (await mails_to(identity_database, user), await state_of(agency, user)) == (mails + 1, "provisioned")


async def test_a_contacts_account_whose_end_has_come_is_not_given_back_before_it_is_moved(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    path, name = f"/v1/sub-accounts/{uuid4()}", uuid4().hex[:8]
    card = {"userid": f"c-{name}", "code": name, "given_name": "Carla", "family_name": "Neri"}
    fields = {**card, "email": f"{name}@contact.example"}
    status, account = await agency.call("PUT", path, fields)
    assert status == 200, account
    user = {"id": account["user_id"]}
    assert await moved(agency, user, "ghost") == (200, "")
    await end_at(agency, user, soon(hours=-1))
    mails = await mails_to(identity_database, user)
    status, problem = await agency.call("PUT", path, fields)
    assert (status, problem["code"]) == (409, "state_not_allowed")
    assert (await mails_to(identity_database, user), await state_of(agency, user)) == (mails, "ghost")
    await end_at(agency, user, soon(hours=5))
    assert (await agency.call("PUT", path, fields))[1]["granted"] is True
