"""Signing in with the three codes, staying signed in, signing out."""

import asyncio
from uuid import UUID, uuid4

import pytest

from tests.integration.identity.conftest import PASSWORD, Agency
from tests.support.running import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.catalogue("MG-24", "MG-25")
async def test_the_three_codes_open_a_session(agency: Agency) -> None:
    status, tokens = await agency.sign_in("admin")
    assert status == 201
    assert UUID(tokens["user_id"]) == agency.administrator_id

    status, me = await agency.call("GET", "/v1/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert (status, me["userid"]) == (200, "admin")


@pytest.mark.catalogue("MG-24")
async def test_user_id_and_licence_code_are_read_without_regard_to_case(agency: Agency) -> None:
    body = {"licence_code": agency.licence_code.lower(), "userid": "ADMIN", "password": PASSWORD}
    assert (await agency.call("POST", "/v1/sessions", body))[0] == 201


@pytest.mark.catalogue("MG-24")
async def test_every_wrong_combination_gets_the_same_answer(agency: Agency) -> None:
    provisioned = await agency.add_user()
    right = {"licence_code": agency.licence_code, "userid": "admin", "password": PASSWORD}
    answers = [
        await agency.call("POST", "/v1/sessions", {**right, **wrong})
        for wrong in (
            {"licence_code": "NOBODY"},
            {"userid": "nobody"},
            {"password": "Wrong7horse"},
            {"password": PASSWORD + " "},
            {"userid": provisioned["userid"]},
            {"licence_code": "NOBODY", "userid": "nobody", "password": "x"},
        )
    ]
    bodies = [{name: value for name, value in body.items() if name != "request_id"} for _, body in answers]
    assert {status for status, _ in answers} == {401}
    assert all(body == bodies[0] for body in bodies)
    assert bodies[0]["code"] == "wrong_credentials"


@pytest.mark.catalogue("MG-61", "MG-9")
async def test_a_suspended_person_is_told_so_only_after_the_right_password(agency: Agency) -> None:
    user = await agency.add_user()
    assert (await agency.activate(user["id"]))[0] == 204
    _, user = await agency.call("GET", f"/v1/users/{user['id']}")
    status, user = await agency.call(
        "PUT", f"/v1/users/{user['id']}/state", {"state": "suspended"}, {"If-Match": f'"{user["version"]}"'}
    )
    assert (status, user["state"]) == (200, "suspended")

    status, problem = await agency.sign_in(user["userid"])
    assert (status, problem["code"]) == (403, "account_not_active")
    status, problem = await agency.sign_in(user["userid"], "Wrong7horse")
    assert (status, problem["code"]) == (401, "wrong_credentials")


async def test_who_signs_out_sees_the_session_gone(agency: Agency) -> None:
    _, tokens = await agency.sign_in("admin")
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    _, before = await agency.call("GET", "/v1/sessions", headers=bearer)
    assert [s["id"] for s in before["items"] if s["current"]] == [tokens["session_id"]]

    assert (await agency.call("DELETE", f"/v1/sessions/{tokens['session_id']}", headers=bearer))[0] == 204
    _, after = await agency.call("GET", "/v1/sessions")
    assert tokens["session_id"] not in {s["id"] for s in after["items"]}
    status, _ = await agency.call("POST", "/v1/sessions/refresh", {"refresh_token": tokens["refresh_token"]})
    assert status == 401


async def test_nobody_ends_a_session_of_somebody_else(agency: Agency) -> None:
    user = await agency.add_user()
    await agency.activate(user["id"])
    _, tokens = await agency.sign_in(user["userid"])
    assert (await agency.call("DELETE", f"/v1/sessions/{tokens['session_id']}"))[0] == 404
    assert (await agency.call("DELETE", f"/v1/sessions/{uuid4()}"))[0] == 404
    status, _ = await agency.call("POST", "/v1/sessions/refresh", {"refresh_token": tokens["refresh_token"]})
    assert status == 200


async def test_a_flood_of_sign_ins_is_bounded_and_other_requests_go_on(agency: Agency) -> None:
    flood = asyncio.gather(*(agency.sign_in("admin", "Wrong7horse") for _ in range(60)))
    status, _ = await agency.call("GET", "/v1/me")
    assert status == 200
    answers = await flood
    assert {status for status, _ in answers} == {401, 429}

    async def works_again() -> bool:
        return (await agency.sign_in("admin"))[0] == 201

    assert await eventually(works_again)
