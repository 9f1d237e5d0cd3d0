"""Machine tokens: made by administrators, shown once, good for what they say, over at once when revoked (ADR-0014)."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import asyncpg
import jwt
import pytest

from services.identity.domain.machine_token import LONGEST_LIFE
from tests.integration.identity.conftest import PASSWORD, Agency, found_agency
from tests.integration.identity.test_access_policy import put
from tests.support.databases import ServiceDatabase
from tests.support.stub_authz import StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


async def make_token(agency: Agency, **fields: object) -> dict[str, Any]:
    body = {"name": "Entra ID", "scopes": ["scim"], "ends_at": in_days(30), **fields}
    status, made = await agency.call("POST", "/v1/machine-tokens", body)
    assert status == 201, made
    return made


async def exchange(agency: Agency, token: str, address: str | None = None) -> tuple[int, Any]:
    headers = {"X-Real-IP": address} if address else {}
    return await agency.call("POST", "/v1/machine-sessions", {"token": token}, headers)


async def active_colleague(agency: Agency) -> dict[str, Any]:
    user = await agency.add_user()
    assert (await agency.activate(user["id"]))[0] == 204
    _, user = await agency.call("GET", f"/v1/users/{user['id']}")
    return user


async def events_of(database: ServiceDatabase, topic: str, tenant_id: object) -> list[dict[str, Any]]:
    connection = await asyncpg.connect(database.worker)
    rows = await connection.fetch(
        "SELECT data::text AS data FROM outbox WHERE topic = $1 AND tenant_id = $2 ORDER BY seq", topic, tenant_id
    )
    await connection.close()
    return [json.loads(row["data"]) for row in rows]


async def test_a_token_is_shown_once_and_stored_as_a_hash(agency: Agency, identity_database: ServiceDatabase) -> None:
    made = await make_token(agency, name="Okta", cidrs=["192.0.2.0/24"])
    assert made["token"].startswith("khm_")
    _, page = await agency.call("GET", "/v1/machine-tokens")
    assert [item["name"] for item in page["items"]] == ["Okta"]
    assert made["token"] not in json.dumps(page)
    connection = await asyncpg.connect(identity_database.worker)
    stored = await connection.fetchval("SELECT t::text FROM machine_tokens t WHERE tenant_id = $1", agency.tenant_id)
    await connection.close()
    assert made["token"].removeprefix("khm_") not in stored


async def test_making_and_revoking_are_told(agency: Agency, identity_database: ServiceDatabase) -> None:
    made = await make_token(agency)
    assert (await agency.call("DELETE", f"/v1/machine-tokens/{made['id']}"))[0] == 204
    assert (await agency.call("DELETE", f"/v1/machine-tokens/{made['id']}"))[0] == 204
    assert (await agency.call("DELETE", f"/v1/machine-tokens/{uuid4()}"))[0] == 404
    for topic in ("identity.machine_token.issued.v1", "identity.machine_token.revoked.v1"):
        (told,) = await events_of(identity_database, topic, agency.tenant_id)
        assert (told["machine"]["machine_id"], told["by"]) == (made["id"], str(agency.administrator_id))
        assert made["token"] not in json.dumps(told)
    _, noted = await agency.call("GET", f"/v1/audit-entries?subject_id={made['id']}")
    assert [entry["kind"] for entry in noted["items"]] == ["machine_token.revoked", "machine_token.issued"]
    assert made["token"] not in json.dumps(noted)
    _, page = await agency.call("GET", "/v1/machine-tokens")
    assert page["items"][0]["revoked_at"] is not None


async def test_pages_of_tokens_show_each_once(agency: Agency) -> None:
    made = {(await make_token(agency, name=f"T{n}"))["id"] for n in range(5)}
    seen = list[str]()
    query = "limit=2"
    while query:
        _, page = await agency.call("GET", f"/v1/machine-tokens?{query}")
        seen += [item["id"] for item in page["items"]]
        query = f"limit=2&cursor={page['next']}" if page["next"] else ""
    assert sorted(seen) == sorted(made)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"ends_at": in_days(-1)}, "end_refused"),
        ({"ends_at": in_days(LONGEST_LIFE.days + 1)}, "end_refused"),
        ({"scopes": []}, "invalid"),
        ({"scopes": ["scim", "scim"]}, "invalid"),
        ({"scopes": ["root"]}, "invalid"),
        ({"scopes": ["api"]}, "person_needed"),
        ({"scopes": ["api"], "acts_for": str(uuid4())}, "person_needed"),
        ({"acts_for": str(uuid4())}, "person_needed"),
        ({"cidrs": ["192.0.2.5/24"]}, "invalid"),
        ({"name": ""}, "invalid"),
    ],
)
async def test_a_token_that_cannot_be_is_refused(agency: Agency, fields: dict[str, object], code: str) -> None:
    body = {"name": "X", "scopes": ["scim"], "ends_at": in_days(1), **fields}
    status, problem = await agency.call("POST", "/v1/machine-tokens", body)
    assert (status, problem["code"]) == (422, code)
    assert (await agency.call("GET", "/v1/machine-tokens"))[1]["items"] == []


async def test_the_same_idempotency_key_makes_one_token_and_shows_it_once(agency: Agency) -> None:
    body = {"name": "X", "scopes": ["scim"], "ends_at": in_days(1)}
    key = {"Idempotency-Key": uuid4().hex}
    answers = await asyncio.gather(*(agency.call("POST", "/v1/machine-tokens", body, key) for _ in range(5)))
    assert sorted(status for status, _ in answers) == [201] + [409] * 4
    assert {body["code"] for status, body in answers if status == 409} == {"shown_once"}
    assert len((await agency.call("GET", "/v1/machine-tokens"))[1]["items"]) == 1


@pytest.mark.parametrize("held", [("admin.agents.manage",), ("admin.permissions.manage",), ()])
async def test_only_an_administrator_sees_makes_and_revokes_tokens(
    agency: Agency, authz: StubAuthz, held: tuple[str, ...]
) -> None:
    made = await make_token(agency)
    user = await active_colleague(agency)
    authz.give_all(agency.tenant_id, UUID(user["id"]), *held)
    _, tokens = await agency.sign_in(user["userid"])
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    body = {"name": "X", "scopes": ["scim"], "ends_at": in_days(1)}
    for method, path, sent in (
        ("GET", "/v1/machine-tokens", None),
        ("POST", "/v1/machine-tokens", body),
        ("DELETE", f"/v1/machine-tokens/{made['id']}", None),
    ):
        status, problem = await agency.call(method, path, sent, bearer)
        assert (status, problem["code"]) == (403, "permission_missing"), method


async def test_a_machine_acts_for_its_person_with_an_ordinary_access_token(agency: Agency) -> None:
    user = await active_colleague(agency)
    made = await make_token(agency, scopes=["api"], acts_for=user["id"])
    status, access = await exchange(agency, made["token"])
    assert status == 201, access
    claims = jwt.decode(access["access_token"], options={"verify_signature": False})
    assert (claims["sub"], claims["scope"], claims["client_id"]) == (
        user["id"],
        "api",
        f"urn:keyholder:machine:{made['id']}",
    )
    assert claims["exp"] - claims["iat"] == 300
    bearer = {"Authorization": f"Bearer {access['access_token']}"}
    status, me = await agency.call("GET", "/v1/me", headers=bearer)
    assert (status, me["id"]) == (200, user["id"])
    status, problem = await agency.call("POST", "/v1/offices", {"name": "X"}, bearer)
    assert (status, problem["code"]) == (403, "permission_missing")
    _, page = await agency.call("GET", "/v1/machine-tokens")
    assert page["items"][0]["last_used_at"] is not None
    _, listed = await agency.call("GET", "/v1/sessions", headers=bearer)
    assert access["session_id"] in {session["id"] for session in listed["items"]}


async def test_a_machine_makes_no_token_even_if_it_acts_for_an_administrator(agency: Agency) -> None:
    made = await make_token(agency, scopes=["api", "scim"], acts_for=str(agency.administrator_id))
    _, access = await exchange(agency, made["token"])
    bearer = {"Authorization": f"Bearer {access['access_token']}"}
    body = {"name": "X", "scopes": ["scim"], "ends_at": in_days(1)}
    status, problem = await agency.call("POST", "/v1/machine-tokens", body, bearer)
    assert (status, problem["code"]) == (403, "machine_not_allowed")


async def test_revoking_ends_what_the_machine_has_open(agency: Agency, identity_database: ServiceDatabase) -> None:
    user = await active_colleague(agency)
    made, other = [await make_token(agency, scopes=["api"], acts_for=user["id"]) for _ in range(2)]
    (_, first), (_, second) = await exchange(agency, made["token"]), await exchange(agency, other["token"])
    await agency.call("DELETE", f"/v1/machine-tokens/{made['id']}")
    revoked = await events_of(identity_database, "identity.session.revoked.v1", agency.tenant_id)
    ended = {session for event in revoked for session in event["session_ids"]}
    assert first["session_id"] in ended
    assert second["session_id"] not in ended
    assert (await exchange(agency, made["token"]))[0] == 401
    assert (await exchange(agency, other["token"]))[0] == 201


async def test_a_machine_stops_with_its_person(agency: Agency, identity_database: ServiceDatabase) -> None:
    user = await active_colleague(agency)
    made = await make_token(agency, scopes=["api"], acts_for=user["id"])
    _, access = await exchange(agency, made["token"])
    await agency.call(
        "PUT", f"/v1/users/{user['id']}/state", {"state": "suspended"}, {"If-Match": f'"{user["version"]}"'}
    )
    revoked = await events_of(identity_database, "identity.session.revoked.v1", agency.tenant_id)
    assert access["session_id"] in {session for event in revoked for session in event["session_ids"]}
    status, problem = await exchange(agency, made["token"])
    assert (status, problem["code"]) == (403, "account_not_active")


async def test_addresses_of_the_person_and_of_the_token_both_count(agency: Agency) -> None:
    user = await active_colleague(agency)
    await put(
        agency, f"/v1/users/{user['id']}/access-policy", 0, networks={"cidrs": ["192.0.2.0/24", "198.51.100.0/24"]}
    )
    made = await make_token(agency, scopes=["api"], acts_for=user["id"], cidrs=["192.0.2.128/25", "203.0.113.0/24"])
    for address in ("198.51.100.7", "203.0.113.7", "192.0.2.7"):
        status, problem = await exchange(agency, made["token"], address)
        assert (status, problem["code"]) == (403, "address_not_allowed"), address
    status, access = await exchange(agency, made["token"], "192.0.2.200")
    assert status == 201
    claims = jwt.decode(access["access_token"], options={"verify_signature": False})
    assert claims["networks"] == ["192.0.2.128/25"]


async def test_every_token_that_is_not_good_gets_one_answer(
    agency: Agency, http: aiohttp.ClientSession, identity_url: str, authz: StubAuthz, identity_database: ServiceDatabase
) -> None:
    user = await active_colleague(agency)
    other = await found_agency(http, identity_url, authz)
    provisioning = await make_token(agency)
    revoked = await make_token(agency, scopes=["api"], acts_for=user["id"])
    await agency.call("DELETE", f"/v1/machine-tokens/{revoked['id']}")
    expired = await make_token(agency, scopes=["api"], acts_for=user["id"])
    connection = await asyncpg.connect(identity_database.worker)
    await connection.execute(
        "UPDATE machine_tokens SET ends_at = now() - interval '1 second' WHERE id = $1", expired["id"]
    )
    await connection.close()
    good = await make_token(agency, scopes=["api"], acts_for=user["id"])
    elsewhere = (await make_token(other, scopes=["api"], acts_for=str(other.administrator_id)))["token"]
    texts = [
        provisioning["token"],
        revoked["token"],
        expired["token"],
        good["token"][:-4] + "AAA=",
        good["token"].removeprefix("khm_"),
        "khm_" + elsewhere[4:26] + good["token"][26:],
        "khm_",
        "x",
        "khm_" + "A" * 64,
        "khm_" + "ü" * 64,
    ]
    answers = [await exchange(agency, text) for text in texts]
    assert {(status, body["code"], body["detail"]) for status, body in answers} == {
        (401, "invalid_token", "The token is not valid here.")
    }


async def test_hours_of_machines_are_nobodys_hours(agency: Agency, authz: StubAuthz) -> None:
    user = await active_colleague(agency)
    made = await make_token(agency, scopes=["api"], acts_for=user["id"])
    assert (await exchange(agency, made["token"]))[0] == 201
    reader = await active_colleague(agency)
    authz.give_all(agency.tenant_id, UUID(reader["id"]), "reports.logins.read")
    _, tokens = await agency.sign_in(reader["userid"])
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    _, present = await agency.call("GET", "/v1/reports/logins", headers=bearer)
    assert {item["user_id"] for item in present["items"]} == {str(agency.administrator_id), reader["id"]}
    today = datetime.now(UTC).date()
    query = f"first={today - timedelta(days=1)}&last={today + timedelta(days=1)}"
    status, worked = await agency.call("GET", f"/v1/users/{user['id']}/worked-hours?{query}", headers=bearer)
    assert (status, worked.get("items")) == (200, []), worked


async def test_a_machine_changes_nothing_of_how_its_person_gets_in_even_with_the_password(
    agency: Agency, authz: StubAuthz
) -> None:
    user = await active_colleague(agency)
    authz.give_all(agency.tenant_id, UUID(user["id"]), "admin.agents.manage", "admin.permissions.manage")
    _, tokens = await agency.sign_in(user["userid"])
    person = {"Authorization": f"Bearer {tokens['access_token']}"}
    made = await make_token(agency, scopes=["api"], acts_for=user["id"])
    _, access = await exchange(agency, made["token"])
    machine = {"Authorization": f"Bearer {access['access_token']}"}
    known, passkey = {"present_password": PASSWORD}, f"/v1/me/passkeys/{uuid4()}"
    credential = {
        "id": "x",
        "rawId": "x",
        "type": "public-key",
        "response": {"clientDataJSON": "x", "attestationObject": "x"},
    }
    account = f"/v1/users/{user['id']}"
    refused: list[tuple[str, str, object]] = [
        ("PUT", "/v1/me/password", {**known, "password": "Another9horse"}),
        ("POST", "/v1/me/authenticator", known),
        ("POST", "/v1/me/authenticator/confirmation", {"code": "123456"}),
        ("POST", "/v1/me/recovery-codes", known),
        ("POST", "/v1/me/second-factor-removal", known),
        ("POST", "/v1/me/passkeys/options", known),
        ("POST", "/v1/me/passkeys", {"name": "X", "credential": credential}),
        ("PATCH", passkey, {"name": "X"}),
        ("POST", f"{passkey}/removal", known),
        ("DELETE", "/v1/sessions", None),
        ("DELETE", f"/v1/sessions/{tokens['session_id']}", None),
        ("DELETE", f"{account}/sessions", None),
        ("DELETE", f"{account}/sessions/{tokens['session_id']}", None),
        ("DELETE", f"{account}/second-factor", None),
        ("POST", f"{account}/password-reset-mail", None),
        ("POST", f"{account}/activation-mail", None),
        ("PATCH", account, {"email": "machine@elsewhere.example"}),
        ("PUT", f"{account}/state", {"state": "provisioned"}),
        ("POST", "/v1/support-consents", {"ends_at": in_days(1)}),
    ]
    before = await agency.call("GET", "/v1/me", headers=person)
    for method, path, body in refused:
        status, problem = await agency.call(method, path, body, {**machine, "If-Match": f'"{user["version"]}"'})
        assert (status, problem["code"]) == (403, "machine_not_allowed"), (method, path)
    assert await agency.call("GET", "/v1/me", headers=person) == before
    assert (await agency.sign_in(user["userid"]))[0] == 201
    other = await active_colleague(agency)
    assert (await agency.call("DELETE", f"/v1/users/{other['id']}/sessions", headers=machine))[0] == 204
    assert (await agency.call("DELETE", f"/v1/sessions/{access['session_id']}", headers=machine))[0] == 204
    _, running = await agency.call("GET", "/v1/sessions", headers=person)
    left = {one["id"] for one in running["items"]}
    assert tokens["session_id"] in left
    assert access["session_id"] not in left


async def test_however_often_a_machine_comes_its_person_finds_his_own_sessions(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    user = await active_colleague(agency)
    _, first = await agency.sign_in(user["userid"])
    token = await make_token(agency, scopes=["api"], acts_for=user["id"])
    _, machine = await exchange(agency, token["token"])
    connection = await asyncpg.connect(identity_database.worker)
    copied = await connection.execute(
        """
        INSERT INTO sessions (tenant_id, id, user_id, created_at, expires_at, address, user_agent, machine_token_id)
        SELECT tenant_id, gen_random_uuid(), user_id, created_at + n * interval '1 second', expires_at, address,
               user_agent, machine_token_id
          FROM sessions, generate_series(1, 250) AS n WHERE id = $1
        """,
        machine["session_id"],
    )
    await connection.close()
    assert copied == "INSERT 0 250"
    _, second = await agency.sign_in(user["userid"])
    own = {"Authorization": f"Bearer {second['access_token']}"}
    for path, headers in (("/v1/sessions", own), (f"/v1/users/{user['id']}/sessions", None)):
        status, listed = await agency.call("GET", path, headers=headers)
        assert (status, len(listed["items"])) == (200, 200)
        assert [one["id"] for one in listed["items"][:2]] == [second["session_id"], first["session_id"]]
        machines = [one["created_at"] for one in listed["items"][2:]]
        assert machines == sorted(machines, reverse=True)
