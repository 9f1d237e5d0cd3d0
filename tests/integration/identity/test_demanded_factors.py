"""What a template demands of people, they set up before anything else; a passkey is as good as an app."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.integration.identity.conftest import PASSWORD, Agency
from tests.integration.identity.test_second_factor import code_of
from tests.support.authenticator import Authenticator

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def template(agency: Agency, *, demands: bool) -> str:
    status, made = await agency.call(
        "POST", "/v1/access-templates", {"name": "Strict", "second_factor_required": demands}
    )
    assert (status, made["second_factor_required"]) == (201, demands)
    return made["id"]


async def colleague(agency: Agency) -> tuple[dict[str, Any], dict[str, Any]]:
    user = await agency.add_user()
    assert (await agency.activate(user["id"]))[0] == 204
    return user, (await agency.sign_in(user["userid"]))[1]


async def give(agency: Agency, user: dict[str, Any], version: int, **policy: object) -> dict[str, Any]:
    path = f"/v1/users/{user['id']}/access-policy"
    status, impact = await agency.call("PUT", path, policy, {"If-Match": f'"{version}"'})
    assert status == 200, impact
    return impact


async def ended(agency: Agency, tokens: dict[str, Any]) -> bool:
    body = {"refresh_token": tokens["refresh_token"]}
    return (await agency.call("POST", "/v1/sessions/refresh", body))[0] == 401


async def test_who_gets_a_template_that_demands_a_factor_sets_one_up_before_anything_else(agency: Agency) -> None:
    strict = await template(agency, demands=True)
    user, tokens = await colleague(agency)
    impact = await give(agency, user, 0, template_id=strict)
    assert (impact["affected_users"], impact["ended_sessions"]) == (1, 1)
    assert await ended(agency, tokens)
    _, waiting = await agency.sign_in(user["userid"])
    assert waiting["enrolling"] is True
    headers = {"Authorization": f"Bearer {waiting['challenge_token']}"}
    assert (await agency.call("GET", "/v1/me", headers=headers))[0] == 401
    token = {"challenge_token": waiting["challenge_token"]}
    _, asked = await agency.call("POST", "/v1/sessions/new-passkey/options", token)
    credential = Authenticator().make(asked["public_key"])
    status, tokens = await agency.call(
        "POST", "/v1/sessions/new-passkey", {**token, "name": "Phone", "credential": credential}
    )
    assert status == 201
    own = {"Authorization": f"Bearer {tokens['access_token']}"}
    present = {"present_password": PASSWORD}
    status, problem = await agency.call("POST", "/v1/me/second-factor-removal", present, own)
    assert (status, problem["code"]) == (409, "second_factor_demanded")
    await give(agency, user, 1)
    assert (await agency.call("POST", "/v1/me/second-factor-removal", present, own))[0] == 204


async def test_a_template_that_is_changed_demands_it_of_all_who_have_it_and_lets_those_with_a_factor_be(
    agency: Agency,
) -> None:
    loose = await template(agency, demands=False)
    (with_app, his), (without, hers), (stranger, theirs) = [await colleague(agency) for _ in range(3)]
    own = {"Authorization": f"Bearer {his['access_token']}"}
    _, enrolment = await agency.call("POST", "/v1/me/authenticator", {"present_password": PASSWORD}, own)
    code = {"code": code_of(enrolment["secret"])}
    assert (await agency.call("POST", "/v1/me/authenticator/confirmation", code, own))[0] == 200
    for user in (with_app, without):
        assert (await give(agency, user, 0, template_id=loose))["ended_sessions"] == 0
    change = {"name": "Strict", "second_factor_required": True}
    path = f"/v1/access-templates/{loose}"
    status, impact = await agency.call("PUT", path, {**change, "dry_run": True}, {"If-Match": '"1"'})
    assert (status, impact["affected_users"], impact["ended_sessions"]) == (200, 2, 1)
    status, impact = await agency.call("PUT", path, change, {"If-Match": '"1"'})
    assert (status, impact["affected_users"], impact["ended_sessions"]) == (200, 2, 1)
    assert [await ended(agency, tokens) for tokens in (his, hers, theirs)] == [False, True, False]
    assert (await agency.sign_in(without["userid"]))[1]["enrolling"] is True
    assert "access_token" in (await agency.sign_in(stranger["userid"]))[1]
    assert (await agency.call("GET", path))[1]["second_factor_required"] is True


async def test_one_person_may_be_asked_for_a_factor_and_no_longer(agency: Agency) -> None:
    user, _ = await colleague(agency)
    await give(agency, user, 0, second_factor_required=True)
    path = f"/v1/users/{user['id']}/access-policy"
    assert (await agency.call("GET", path))[1]["second_factor_required"] is True
    assert (await agency.sign_in(user["userid"]))[1]["enrolling"] is True
    await give(agency, user, 1)
    assert "access_token" in (await agency.sign_in(user["userid"]))[1]


async def enrol_passkey(agency: Agency, token: dict[str, str]) -> tuple[int, Any]:
    _, asked = await agency.call("POST", "/v1/sessions/new-passkey/options", token)
    body = {**token, "name": "Phone", "credential": Authenticator().make(asked["public_key"])}
    return await agency.call("POST", "/v1/sessions/new-passkey", body)


async def enrol_app(agency: Agency, token: dict[str, str]) -> tuple[int, Any]:
    _, enrolment = await agency.call("POST", "/v1/sessions/authenticator", token)
    finish = {**token, "code": code_of(enrolment["secret"])}
    return await agency.call("POST", "/v1/sessions/second-factor", finish)


@pytest.mark.parametrize("enrol", [enrol_passkey, enrol_app])
async def test_who_sets_up_the_first_factor_to_sign_in_gets_recovery_codes_that_work(
    agency: Agency, enrol: Callable[[Agency, dict[str, str]], Awaitable[tuple[int, Any]]]
) -> None:
    user, tokens = await colleague(agency)
    assert tokens["recovery_codes"] == []
    await give(agency, user, 0, second_factor_required=True)

    async def waiting() -> dict[str, str]:
        return {"challenge_token": (await agency.sign_in(user["userid"]))[1]["challenge_token"]}

    status, opened = await enrol(agency, await waiting())
    assert (status, len(set(opened["recovery_codes"]))) == (201, 10)
    own = {"Authorization": f"Bearer {opened['access_token']}"}
    assert (await agency.call("GET", "/v1/me/second-factor", headers=own))[1]["recovery_codes_left"] == 10
    finish = {**await waiting(), "code": opened["recovery_codes"][3]}
    status, again = await agency.call("POST", "/v1/sessions/second-factor", finish)
    assert (status, again["recovery_codes"]) == (201, [])
    assert (await agency.call("GET", "/v1/me/second-factor", headers=own))[1]["recovery_codes_left"] == 9
