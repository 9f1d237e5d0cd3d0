"""The reports about signing in, for everybody and as files, against a walk minute by minute."""

import csv
import io
import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from services.chassis.cursor import START
from services.chassis.database import open_database
from services.contracts.vocabulary import TenantId
from services.identity.app import SERVICE
from services.identity.handlers.login_report import worked_by
from services.identity.store import login_report, users
from tests.integration.identity.conftest import Agency, identity_settings
from tests.integration.identity.test_audit_trail import Explained
from tests.integration.identity.test_support_access import JANE, colleague, consent, look
from tests.support.databases import ServiceDatabase
from tests.support.running import eventually, working
from tests.support.stub_authz import StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")
ROME, MINUTE, FIVE = ZoneInfo("Europe/Rome"), timedelta(minutes=1), timedelta(minutes=5)
SPRING, AUTUMN = date(2025, 3, 30), date(2025, 10, 26)
Walk = dict[tuple[str, str], int]


def allow(agency: Agency, authz: StubAuthz) -> dict[str, str]:
    snapshot = authz.give_all(agency.tenant_id, agency.administrator_id, "admin.agents.manage", "reports.logins.read")
    return {"Access-Version": str(snapshot.version)}


async def file_of(agency: Agency, path: str, fresh: dict[str, str]) -> list[dict[str, str]]:
    async with agency.http.get(agency.url + path, headers={**agency.headers, **fresh}) as response:
        assert response.status == 200, await response.text()
        assert response.headers["Content-Type"] == "text/csv"
        assert "attachment" in response.headers["Content-Disposition"]
        return list(csv.DictReader(io.StringIO(await response.text(), newline="")))


async def worked(
    connection: asyncpg.Connection, agency: Agency, people: list[dict[str, Any]], around: date, chance: random.Random
) -> Walk:
    """Write random sessions round a day; return the seconds of each person and local day, minute by minute."""
    noon = datetime(around.year, around.month, around.day, 12, tzinfo=ROME).astimezone(UTC)
    there = set[tuple[str, datetime]]()
    for user in people:
        for _ in range(chance.randrange(6)):
            begin = noon + chance.randrange(-2400, 2400) * MINUTE
            expires = begin + chance.randrange(1, 900) * MINUTE
            ended = chance.choice([None, begin + chance.randrange(900) * MINUTE])
            session_id = uuid4()
            await connection.execute(
                "INSERT INTO sessions (tenant_id, id, user_id, created_at, expires_at, ended_at) "
                "VALUES ($1, $2, $3, $4, $5, $6)",
                agency.tenant_id,
                session_id,
                UUID(user["id"]),
                begin,
                expires,
                ended,
            )
            seen = [begin, *(begin + chance.randrange(900) * MINUTE for _ in range(chance.randrange(120)))]
            await connection.executemany(
                "INSERT INTO refresh_tokens (tenant_id, token_hash, session_id, used_at) VALUES ($1, $2, $3, $4)",
                [(agency.tenant_id, uuid4().bytes, session_id, at) for at in seen[1:]],
            )
            there |= {
                (user["id"], at + step * MINUTE)
                for at in seen
                for step in range(5)
                if at + step * MINUTE < min(expires, ended or expires)
            }
    walk: Walk = {}
    for user_id, minute in there:
        key = (user_id, minute.astimezone(ROME).date().isoformat())
        walk[key] = walk.get(key, 0) + 60
    return walk


@pytest.mark.catalogue("IMO-83")
@pytest.mark.parametrize("around", [SPRING, AUTUMN, date(2025, 6, 1)])
async def test_whenever_it_is_asked_for_everybody_s_hours_are_those_of_a_walk_minute_by_minute(
    agency: Agency, identity_database: ServiceDatabase, around: date
) -> None:
    made = [await agency.add_user() for _ in range(5)]
    connection = await asyncpg.connect(identity_database.worker)
    try:
        walk = await worked(connection, agency, made, around, random.Random(around.isoformat()))  # noqa: S311 the same walk each time
    finally:
        await connection.close()
    first, last = around - timedelta(days=1), around + timedelta(days=1)
    expected = {key: seconds for key, seconds in walk.items() if first.isoformat() <= key[1] <= last.isoformat()}
    assert len(expected) > 4
    asked_at = datetime(around.year, around.month, around.day, tzinfo=UTC) + timedelta(days=3)
    async with (
        open_database(identity_database.owner, connections=1, name="tests") as db,
        db.transaction(TenantId(agency.tenant_id), readonly=True) as tx,
    ):
        people = await users.page(tx, after=START, limit=10)
        told = await worked_by(tx, people, first, last, asked_at)
    assert {
        (str(user.id), day.isoformat()): int(time.total_seconds())
        for user, days in zip(people, told, strict=True)
        for day, time in days.items()
    } == expected
    assert max(expected.values()) <= 25 * 3600


@pytest.mark.catalogue("IMO-83")
async def test_everybody_s_hours_are_those_of_a_walk_minute_by_minute_on_pages_in_files_and_of_each(
    agency: Agency, authz: StubAuthz, identity_database: ServiceDatabase
) -> None:
    fresh = allow(agency, authz)
    people = [await agency.add_user(given_name="=cmd()") for _ in range(5)]
    around = datetime.now(UTC).date() - timedelta(days=40)
    connection = await asyncpg.connect(identity_database.worker)
    try:
        walk = await worked(connection, agency, people, around, random.Random(SPRING.isoformat()))  # noqa: S311 the same walk each time
    finally:
        await connection.close()
    first, last = around - timedelta(days=1), around + timedelta(days=1)
    span = f"first={first}&last={last}"
    expected = {key: seconds for key, seconds in walk.items() if first.isoformat() <= key[1] <= last.isoformat()}
    assert len(expected) > 4
    got, cursor = Walk(), ""
    while cursor is not None:
        status, page = await agency.call("GET", f"/v1/reports/worked-hours?{span}&limit=2{cursor}", headers=fresh)
        assert status == 200, page
        got |= {(one["user_id"], day["day"]): day["worked_seconds"] for one in page["items"] for day in one["days"]}
        cursor = f"&cursor={page['next']}" if page["next"] else None
    assert got == expected
    rows = await file_of(agency, f"/v1/reports/worked-hours.csv?{span}", fresh)
    assert {(row["user_id"], row["day"]): int(row["worked_seconds"]) for row in rows} == expected
    assert {row["display_name"] for row in rows} == {"'=cmd() Rossi"}
    for user in people:
        _, one = await agency.call("GET", f"/v1/users/{user['id']}/worked-hours?{span}", headers=fresh)
        assert {(user["id"], day["day"]): day["worked_seconds"] for day in one["items"]} == {
            key: seconds for key, seconds in expected.items() if key[0] == user["id"]
        }
    assert max(expected.values()) <= 25 * 3600


async def test_who_was_not_let_in_is_listed_with_the_reason(agency: Agency, authz: StubAuthz) -> None:
    fresh = allow(agency, authz)
    user = await agency.add_user()
    await agency.activate(user["id"])
    await agency.sign_in(user["userid"], "Wrong7horse")
    await agency.sign_in("nobody-at-all", "Wrong7horse")
    state = {"state": "suspended"}
    assert (await agency.call("PUT", f"/v1/users/{user['id']}/state", state, {"If-Match": '"2"'}))[0] == 200
    await agency.sign_in(user["userid"])
    found, cursor = list[dict[str, Any]](), ""
    while cursor is not None:
        status, page = await agency.call("GET", f"/v1/reports/refused-sign-ins?limit=1{cursor}", headers=fresh)
        assert status == 200, page
        found += page["items"]
        cursor = f"&cursor={page['next']}" if page["next"] else None
    assert [(one["reason"], one["user_id"], one["code"]) for one in found] == [
        ("account_not_active", user["id"], user["code"]),
        ("wrong_credentials", None, None),
        ("wrong_credentials", user["id"], user["code"]),
    ]
    rows = await file_of(agency, "/v1/reports/refused-sign-ins.csv", fresh)
    assert [(row["reason"], row["user_id"]) for row in rows] == [(one["reason"], one["user_id"] or "") for one in found]
    until = found[1]["refused_at"].replace("+", "%2B")
    assert len(await file_of(agency, f"/v1/reports/refused-sign-ins.csv?until={until}", fresh)) == 1
    assert len(await file_of(agency, f"/v1/reports/refused-sign-ins.csv?since={until}", fresh)) == 2


async def test_who_is_there_is_in_the_file_as_on_the_page(agency: Agency, authz: StubAuthz) -> None:
    await consent(agency)
    fresh = allow(agency, authz)
    for _ in range(3):
        assert (await agency.sign_in("admin"))[0] == 201
    user = await colleague(agency)
    assert (await look(agency, user["userid"]))[0] == 201
    _, page = await agency.call("GET", "/v1/reports/logins", headers=fresh)
    rows = await file_of(agency, "/v1/reports/logins.csv", fresh)
    assert [row["session_id"] for row in rows] == [one["session_id"] for one in page["items"]]
    assert [row["actor"] for row in rows] == [one["actor"] or "" for one in page["items"]] == [JANE, "", "", "", ""]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "first=2025-03-02&last=2025-03-01",
        "first=2025-01-01&last=2025-03-01",
        "first=0001-01-01&last=0001-01-02",
        "first=9999-12-31&last=9999-12-31",
        "first=x&last=y",
    ],
)
async def test_days_that_cannot_be_are_refused(agency: Agency, authz: StubAuthz, query: str) -> None:
    fresh = allow(agency, authz)
    for path in ("/v1/reports/worked-hours", "/v1/reports/worked-hours.csv"):
        status, problem = await agency.call("GET", f"{path}?{query}", headers=fresh)
        assert (status, problem["code"]) == (422, "invalid")


async def test_this_month_and_the_two_before_are_told_whole_and_what_is_not_kept_is_refused(
    agency: Agency, authz: StubAuthz, identity_database: ServiceDatabase
) -> None:
    fresh, now = allow(agency, authz), datetime.now(UTC)
    old, gone = now - timedelta(days=99), now - timedelta(days=130)
    connection = await asyncpg.connect(identity_database.worker)
    try:
        for begin in (old, gone):
            await connection.execute(
                "INSERT INTO sessions (tenant_id, id, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
                agency.tenant_id,
                uuid4(),
                agency.administrator_id,
                begin,
                begin + timedelta(hours=1),
            )

        async def purged() -> bool:
            return not await connection.fetchval("SELECT count(*) FROM sessions WHERE created_at = $1", gone)

        async with working(SERVICE, identity_settings(identity_database, authz)):
            assert await eventually(purged)
    finally:
        await connection.close()
    first = (old - timedelta(days=1)).astimezone(ROME).date() + timedelta(days=1)
    paths = ("/v1/reports/worked-hours", f"/v1/users/{agency.administrator_id}/worked-hours")
    span = f"first={first}&last={first + timedelta(days=2)}"
    _, everybodys = await agency.call("GET", f"{paths[0]}?{span}", headers=fresh)
    _, own = await agency.call("GET", f"{paths[1]}?{span}", headers=fresh)
    for days in (everybodys["items"][0]["days"], own["items"]):
        assert sum(day["worked_seconds"] for day in days) == 300
    assert sum(int(row["worked_seconds"]) for row in await file_of(agency, f"{paths[0]}.csv?{span}", fresh)) == 300

    begun = (now - timedelta(days=100)).astimezone(ROME).date()
    for path in (*paths, f"{paths[0]}.csv"):
        status, problem = await agency.call("GET", f"{path}?first={begun}&last={first}", headers=fresh)
        assert (status, problem["errors"]) == (
            422,
            [
                {
                    "pointer": "/first",
                    "code": "no_longer_kept",
                    "detail": f"Hours are kept from {begun + timedelta(days=1)} on.",
                }
            ],
        )


async def test_reports_are_for_who_may_read_them(agency: Agency) -> None:
    for path in ("logins", "refused-sign-ins", "worked-hours?first=2025-03-01&last=2025-03-01"):
        for what in (path, path.replace("?", ".csv?") if "?" in path else f"{path}.csv"):
            status, problem = await agency.call("GET", f"/v1/reports/{what}")
            assert (status, problem["code"]) == (403, "permission_missing")


async def test_refused_sign_ins_are_read_from_an_index_however_many_there_are(
    identity_database: ServiceDatabase,
) -> None:
    tenant = TenantId(UUID(int=78))
    async with open_database(identity_database.owner, connections=1, name="tests") as db:
        async with db.transaction(tenant) as tx:
            await tx.execute(
                """
                INSERT INTO refused_sign_ins (id, tenant_id, address, reason, refused_at, announced)
                SELECT gen_random_uuid(), lpad(to_hex(n % 20 + 70), 32, '0')::uuid, '192.0.2.1', 'wrong_credentials',
                       now() - n * interval '1 minute', true
                  FROM generate_series(1, 20000) AS n
                """
            )
            await tx.execute("ANALYZE refused_sign_ins")
        async with db.transaction(tenant, readonly=True) as tx:
            explained = Explained(tx._connection, tenant)  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001
            await login_report.refused(explained, None, None, after=START, limit=51)
    assert "refused_sign_ins_newest" in explained.plan
    assert "Sort" not in explained.plan
