"""Sub-accounts: a contact signs in by a tick, no longer without it, and stays a contact all the while."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.integration.identity.conftest import PASSWORD, Agency
from tests.integration.identity.test_agent_cards import at
from tests.integration.identity.test_audit_trail import bearer, entries
from tests.support.databases import ServiceDatabase
from tests.support.stub_authz import StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")


def fields(**more: object) -> dict[str, Any]:
    name = uuid4().hex[:8]
    return {
        "userid": f"s-{name}",
        "code": name.upper(),
        "given_name": "Carla",
        "family_name": "Neri",
        "email": f"{name}@client.example",
        **more,
    }


async def told(database: ServiceDatabase, contact_id: object) -> list[str]:
    connection = await asyncpg.connect(database.worker)
    try:
        rows = await connection.fetch(
            "SELECT topic FROM outbox WHERE data->>'contact_id' = $1 ORDER BY seq", str(contact_id)
        )
    finally:
        await connection.close()
    return [row["topic"].split(".")[2] for row in rows]


async def seats_taken(agency: Agency) -> int:
    return (await agency.call("GET", "/v1/licence"))[1]["seats_taken"]


@pytest.mark.catalogue("SB-1", "SB-16", "SB-25")
async def test_a_contact_signs_in_by_a_tick_and_no_longer_without_it(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    contact = uuid4()
    path = f"/v1/sub-accounts/{contact}"
    assert (await agency.call("GET", path))[0] == 404
    asked = fields(secondary_offices=[str(agency.office_id)])
    status, account = await agency.call("PUT", path, asked)
    assert (status, account["granted"], account["state"]) == (200, True, "provisioned")
    assert await seats_taken(agency) == 1
    assert (await agency.call("PUT", path, fields()))[1] == account
    assert (await agency.activate(account["user_id"]))[0] == 204
    assert await seats_taken(agency) == 2
    own = await bearer(agency, asked)
    assert (await agency.call("GET", "/v1/me", headers=own))[1]["secondary_offices"] == [str(agency.office_id)]

    assert (await agency.call("DELETE", path))[0] == 428
    assert (await agency.call("DELETE", path, headers=at(1)))[0] == 412
    assert (await agency.call("DELETE", path, headers=at(2)))[0] == 204
    assert await seats_taken(agency) == 1
    assert (await agency.call("GET", path))[1]["granted"] is False
    assert (await agency.call("DELETE", path, headers=at(3)))[0] == 404
    assert (await agency.sign_in(asked["userid"]))[0] == 401

    again = fields(family_name="Bianchi")
    status, back = await agency.call("PUT", path, again)
    assert (status, back["user_id"], back["state"]) == (200, account["user_id"], "provisioned")
    assert (await agency.sign_in(asked["userid"]))[0] == 401
    assert (await agency.activate(account["user_id"], PASSWORD))[0] == 204
    me = (await agency.call("GET", "/v1/me", headers=await bearer(agency, asked)))[1]
    assert (me["family_name"], me["email"], me["userid"]) == ("Bianchi", again["email"], asked["userid"])
    assert await told(identity_database, contact) == ["granted", "revoked", "granted"]
    kinds = [entry["kind"] for entry in await entries(agency, subject_id=account["user_id"])]
    assert (kinds.count("sub_account.granted"), kinds.count("sub_account.revoked")) == (2, 1)


async def test_who_comes_back_keeps_the_end_and_the_sponsor_that_he_had(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    contact, ends_at = uuid4(), (datetime.now(UTC) + timedelta(days=9)).isoformat()
    path = f"/v1/sub-accounts/{contact}"
    _, account = await agency.call("PUT", path, fields())
    user = f"/v1/users/{account['user_id']}"
    assert (await agency.call("PUT", f"{user}/access-policy", {"ends_at": ends_at}, at(0)))[0] == 200
    version = (await agency.call("GET", path))[1]["version"]
    assert (await agency.call("DELETE", path, headers=at(version)))[0] == 204
    assert (await agency.call("PUT", path, fields()))[1]["granted"] is True

    shown = (await agency.call("GET", user))[1]
    connection = await asyncpg.connect(identity_database.worker)
    told = await connection.fetch(
        """
        SELECT (data->'user'->>'version')::int AS version, (data->'user'->>'ends_at')::timestamptz AS ends_at
          FROM outbox WHERE data->'user'->>'user_id' = $1 ORDER BY seq DESC LIMIT 2
        """,
        account["user_id"],
    )
    await connection.close()
    assert [tuple(row) for row in told] == [(shown["version"], datetime.fromisoformat(ends_at))] * 2
    noted = [one for one in await entries(agency, subject_id=account["user_id"]) if one["kind"] == "user.state_changed"]
    assert not {"ends_at", "sponsor_id"} & {*noted[0]["before"], *noted[0]["after"]}


async def test_making_the_person_a_ghost_or_bringing_him_back_is_the_same_tick(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    contact = uuid4()
    _, account = await agency.call("PUT", f"/v1/sub-accounts/{contact}", fields())
    path = f"/v1/users/{account['user_id']}/state"
    assert (await agency.call("PUT", path, {"state": "ghost"}, at(1)))[0] == 200
    assert (await agency.call("GET", f"/v1/sub-accounts/{contact}"))[1]["granted"] is False
    assert (await agency.call("PUT", path, {"state": "provisioned"}, at(2)))[0] == 200
    assert (await agency.call("GET", f"/v1/sub-accounts/{contact}"))[1]["granted"] is True
    assert await told(identity_database, contact) == ["granted", "revoked", "granted"]
    colleague = await agency.add_user()
    assert (await agency.call("PUT", f"/v1/users/{colleague['id']}/state", {"state": "ghost"}, at(1)))[0] == 200


async def test_ticked_by_many_at_once_a_contact_has_one_account(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    for _ in range(10):
        contact = uuid4()
        path = f"/v1/sub-accounts/{contact}"
        answers = await asyncio.gather(*(agency.call("PUT", path, fields()) for _ in range(8)))
        assert {status for status, _ in answers} == {200}
        assert len({answer["user_id"] for _, answer in answers}) == 1
        assert await told(identity_database, contact) == ["granted"]


async def test_a_tick_that_cannot_be_changes_nothing(agency: Agency) -> None:
    taken = await agency.add_user()
    path = f"/v1/sub-accounts/{uuid4()}"
    for wrong, status, code in (
        ({"email": taken["email"]}, 409, "email_taken"),
        ({"userid": taken["userid"]}, 409, "userid_taken"),
        ({"code": taken["code"]}, 409, "code_taken"),
        ({"secondary_offices": [str(uuid4())]}, 422, "unknown_office"),
        ({"email": "nobody"}, 422, "invalid"),
    ):
        got, problem = await agency.call("PUT", path, fields(**wrong))
        assert (got, problem["code"]) == (status, code)
        assert (await agency.call("GET", path))[0] == 404
    await agency.activate(taken["id"])
    own = await bearer(agency, taken)
    for method, what, body in (
        ("GET", "/v1/sub-accounts", None),
        ("GET", path, None),
        ("PUT", path, fields()),
        ("DELETE", path, None),
    ):
        status, problem = await agency.call(method, what, body, {**own, **at(1)})
        assert (status, problem["code"]) == (403, "permission_missing")


async def test_an_account_that_cannot_come_back_stays_away(agency: Agency) -> None:
    taken = await agency.add_user()
    path = f"/v1/sub-accounts/{uuid4()}"
    assert (await agency.call("PUT", path, fields()))[0] == 200
    assert (await agency.call("DELETE", path, headers=at(1)))[0] == 204
    for wrong, status, code in (
        ({"email": taken["email"]}, 409, "email_taken"),
        ({"code": taken["code"]}, 409, "code_taken"),
        ({"secondary_offices": [str(uuid4())]}, 422, "unknown_office"),
        ({"secondary_offices": [str(agency.office_id)] * 2}, 422, "invalid"),
    ):
        got, problem = await agency.call("PUT", path, fields(**wrong))
        assert (got, problem["code"]) == (status, code), problem
        assert (await agency.call("GET", path))[1]["granted"] is False


async def test_accounts_of_contacts_are_listed_page_by_page(agency: Agency) -> None:
    contacts = [str(uuid4()) for _ in range(5)]
    for contact in contacts:
        assert (await agency.call("PUT", f"/v1/sub-accounts/{contact}", fields()))[0] == 200
    seen, cursor = list[str](), ""
    while cursor is not None:
        _, page = await agency.call("GET", f"/v1/sub-accounts?limit=2{cursor}")
        seen += [one["contact_id"] for one in page["items"]]
        cursor = f"&cursor={page['next']}" if page["next"] else None
    assert seen == contacts[::-1]


@pytest.mark.catalogue("SB-16")
@pytest.mark.parametrize("technician", [False, True])
async def test_who_is_no_colleague_sees_himself_and_nobody_else_whatever_he_may(
    agency: Agency, authz: StubAuthz, technician: bool
) -> None:
    asked = fields(secondary_offices=[str(agency.office_id)])
    if technician:
        ends_at = (datetime.now(UTC) + timedelta(days=2)).isoformat()
        card = {"kind": "external_technician", "telephone": "+39 0583 1234", "ends_at": ends_at}
        own_id = (await agency.add_user(**card, **asked))["id"]
    else:
        own_id = (await agency.call("PUT", f"/v1/sub-accounts/{uuid4()}", asked))[1]["user_id"]
    await agency.activate(own_id)
    staff = await agency.add_user(telephone="+39 0583 5678")
    _, other = await agency.call("PUT", f"/v1/sub-accounts/{uuid4()}", fields())
    assert (await agency.call("POST", "/v1/teams", {"name": "Vendite", "members": [staff["id"]]}))[0] == 201
    authz.give_all(agency.tenant_id, UUID(own_id), "listings.basic.read")
    own = await bearer(agency, asked)

    people = [f"/v1/users/{one}" for one in (staff["id"], other["user_id"], agency.administrator_id, uuid4())]
    about = [one + part for one in people for part in ("", "/card", "/public-card", "/photo", "/photo/facts")]
    for path in ("/v1/users", "/v1/teams", *about):
        status, problem = await agency.call("GET", path, headers=own)
        assert (status, problem["code"]) == (403, "colleagues_only"), path
    for path in (
        *(one + part for one in people for part in ("/photo/original", "/sessions", "/access-policy")),
        f"/v1/users/{own_id}/worked-hours?first=2026-01-01&last=2026-01-02",
        "/v1/reports/worked-hours?first=2026-01-01&last=2026-01-02",
        "/v1/reports/logins",
        "/v1/reports/refused-sign-ins",
        "/v1/sub-accounts",
        "/v1/audit-entries",
        "/v1/licence",
        "/v1/impersonations",
        "/v1/support-consents",
    ):
        status, problem = await agency.call("GET", path, headers=own)
        assert (status, problem["code"]) == (403, "permission_missing"), path
    for path in ("/v1/me", f"/v1/users/{own_id}", f"/v1/users/{own_id}/card"):
        assert (await agency.call("GET", path, headers=own))[0] == 200, path
