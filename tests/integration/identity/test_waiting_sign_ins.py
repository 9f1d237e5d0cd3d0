"""A sign-in that waits for a second factor ends with the password that it began with."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.integration.identity.conftest import PASSWORD, Agency
from tests.integration.identity.test_agent_cards import at
from tests.integration.identity.test_passkeys import Person as Holder
from tests.integration.identity.test_passkeys import colleague, with_passkey
from tests.integration.identity.test_passwords import change, reset_token
from tests.integration.identity.test_second_factor import bearer, code_of
from tests.support.authenticator import Authenticator

pytestmark = pytest.mark.asyncio(loop_scope="session")
NEW = "Another8horse"
OVER = (401, "challenge_over")
Choice = Callable[[Agency, Holder], Awaitable[None]]


async def by_present_password(agency: Agency, person: Holder) -> None:
    assert (await change(agency, bearer(person.tokens), PASSWORD, NEW))[0] == 204


async def by_link(agency: Agency, person: Holder) -> None:
    body = {"token": await reset_token(agency, person.user), "password": NEW}
    assert (await agency.call("POST", "/v1/password-resets", body))[0] == 204


async def by_activation(agency: Agency, person: Holder) -> None:
    path = f"/v1/users/{person.user['id']}"
    for state in ("suspended", "provisioned"):
        version = (await agency.call("GET", path))[1]["version"]
        assert (await agency.call("PUT", f"{path}/state", {"state": state}, at(version)))[0] == 200
    assert (await agency.activate(person.user["id"], NEW))[0] == 204


CHOICES = [by_present_password, by_link, by_activation]


def outcome(answer: tuple[int, Any]) -> tuple[int, str]:
    status, body = answer
    return status, body.get("code", "")


@pytest.mark.parametrize("choose", CHOICES)
async def test_a_new_password_ends_a_sign_in_that_waits_for_a_first_factor(agency: Agency, choose: Choice) -> None:
    person = await colleague(agency)
    demand = {"demanded": True}
    assert (await agency.call("PUT", "/v1/second-factor-policy", demand, at(1)))[0] == 200
    _, stolen = await agency.sign_in(person.user["userid"])
    token = {"challenge_token": stolen["challenge_token"]}
    assert stolen["enrolling"] is True
    asked = await person.options("/v1/sessions/new-passkey", token)
    _, enrolment = await agency.call("POST", "/v1/sessions/authenticator", token)

    await choose(agency, person)

    assert outcome(await agency.call("POST", "/v1/sessions/authenticator", token)) == OVER
    code = {**token, "code": code_of(enrolment["secret"])}
    assert outcome(await agency.call("POST", "/v1/sessions/second-factor", code)) == OVER
    body = {**token, "name": "X", "credential": Authenticator().make(asked)}
    assert outcome(await agency.call("POST", "/v1/sessions/new-passkey", body)) == OVER
    assert (await agency.sign_in(person.user["userid"], NEW))[1]["enrolling"] is True


@pytest.mark.parametrize("choose", CHOICES)
async def test_a_new_password_ends_a_sign_in_that_waits_for_a_factor_in_use(agency: Agency, choose: Choice) -> None:
    person = await with_passkey(agency)
    token = {"challenge_token": await person.begin()}
    asked = await person.options("/v1/sessions/second-factor/passkey", token)

    await choose(agency, person)

    body = {**token, "credential": person.device.sign(asked)}
    assert outcome(await agency.call("POST", "/v1/sessions/second-factor/passkey", body)) == OVER
    code = {**token, "code": person.codes[0]}
    assert outcome(await agency.call("POST", "/v1/sessions/second-factor", code)) == OVER
    assert (await agency.sign_in(person.user["userid"], NEW))[0] == 201
