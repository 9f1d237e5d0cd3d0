"""Whoever guesses shuts out himself: not the person at a known device, nor for good who proves himself anew."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from services.identity.domain.sign_in_limits import ACCOUNT, CODE
from tests.integration.identity.conftest import PASSWORD, Agency
from tests.integration.identity.test_passkeys import Person as PasskeyHolder
from tests.integration.identity.test_passkeys import with_passkey
from tests.integration.identity.test_passwords import change, reset_token
from tests.integration.identity.test_second_factor import Person, bearer, code_of, with_app
from tests.integration.identity.test_sign_in_protection import attempt
from tests.support.clock import later
from tests.support.databases import ServiceDatabase

pytestmark = pytest.mark.asyncio(loop_scope="session")
NEW = "Another8horse"
SHUT = (429, "too_many_tries")


def outcome(answer: tuple[int, Any]) -> tuple[int, str]:
    status, body = answer[0], answer[1]
    return status, body.get("code", "")


@pytest_asyncio.fixture(loop_scope="session")
async def counters(identity_database: ServiceDatabase) -> AsyncGenerator[asyncpg.Connection]:
    """The rows of counted tries; only this test's, as each agency begins without any."""
    connection = await asyncpg.connect(identity_database.worker)
    yield connection
    await connection.close()


async def guess(person: Person | PasskeyHolder, challenge: str, **more: str) -> tuple[int, str]:
    body = {"challenge_token": challenge, "code": "nosuchcode", **more}
    return outcome(await person.agency.call("POST", "/v1/sessions/second-factor", body))


async def shut(counters: asyncpg.Connection, person: Person | PasskeyHolder, **more: str) -> None:
    """Guess codes until none is looked at any more, as if it had been done for an hour."""
    challenge = await person.begin()
    answers = [await guess(person, challenge, **more) for _ in range(CODE.tries + 1)]
    assert answers == [(401, "wrong_code")] * CODE.tries + [SHUT]
    query = "UPDATE sign_in_counters SET in_a_row = $1, busy_until = now() WHERE in_a_row = $2"
    assert await counters.execute(query, CODE.most_in_a_row, CODE.tries) == "UPDATE 1"
    assert await guess(person, challenge, **more) == SHUT


async def test_fifty_codes_in_a_row_are_looked_at_however_long_one_waits(agency: Agency) -> None:
    person = await with_app(agency)
    looked_at = 0
    for minutes in range(0, 70, 4):
        with later(timedelta(minutes=minutes)):
            challenge = await person.begin()
            answers = [await guess(person, challenge) for _ in range(CODE.tries + 1)]
        looked_at += answers.count((401, "wrong_code"))
        assert set(answers) <= {(401, "wrong_code"), SHUT}
    assert looked_at == 50


async def test_who_guesses_codes_elsewhere_keeps_nobody_from_a_known_device(
    agency: Agency, counters: asyncpg.Connection
) -> None:
    person = await with_app(agency)
    _, mine = await person.finish(await person.begin(), code_of(person.secret))
    await shut(counters, person)
    assert outcome(await person.finish(await person.begin(), person.codes[0])) == SHUT

    device = {"device_token": mine["device_token"]}
    assert (await person.finish(await person.begin(), person.codes[0], **device))[0] == 201
    assert outcome(await person.finish(await person.begin(), person.codes[1])) == SHUT


async def test_a_known_device_has_tries_of_its_own_at_codes_and_is_known_for_its_person_only(agency: Agency) -> None:
    person, other = await with_app(agency), await with_app(agency)
    _, mine = await person.finish(await person.begin(), code_of(person.secret))
    _, theirs = await other.finish(await other.begin(), code_of(other.secret))
    device = {"device_token": mine["device_token"]}
    for _ in range(CODE.tries):
        assert outcome(await person.finish(await person.begin(), "nosuchcode", **device)) == (401, "wrong_code")
    assert outcome(await person.finish(await person.begin(), person.codes[0], **device)) == SHUT

    foreign = {"device_token": theirs["device_token"]}
    for _ in range(CODE.tries):
        assert outcome(await person.finish(await person.begin(), "nosuchcode", **foreign)) == (401, "wrong_code")
    for made_up in ("x", theirs["device_token"], None):
        more = {"device_token": made_up} if made_up else {}
        assert outcome(await person.finish(await person.begin(), person.codes[0], **more)) == SHUT
    assert (await other.finish(await other.begin(), other.codes[0], **foreign))[0] == 201


async def test_a_passkey_as_second_step_is_open_on_a_known_device_too(
    agency: Agency, counters: asyncpg.Connection
) -> None:
    person = await with_passkey(agency)
    _, mine = await person.second_step()
    await shut(counters, person)
    assert outcome(await person.second_step()) == SHUT

    token = {"challenge_token": await person.begin()}
    asked = await person.options("/v1/sessions/second-factor/passkey", token)
    body = {**token, "credential": person.device.sign(asked), "device_token": mine["device_token"]}
    assert (await agency.call("POST", "/v1/sessions/second-factor/passkey", body))[0] == 201


@pytest.mark.parametrize("by", ["mail", "oneself"])
async def test_a_new_password_opens_what_wrong_codes_had_shut(
    agency: Agency, counters: asyncpg.Connection, by: str
) -> None:
    person = await with_app(agency)
    _, mine = await person.finish(await person.begin(), code_of(person.secret))
    device = {"device_token": mine["device_token"]}
    await shut(counters, person)
    await shut(counters, person, **device)
    if by == "mail":
        token = await reset_token(agency, person.user)
        status, _ = await agency.call("POST", "/v1/password-resets", {"token": token, "password": NEW})
    else:
        status, _ = await change(agency, bearer(mine), PASSWORD, NEW)
    assert status == 204
    for number, more in enumerate(({}, device)):
        _, waiting = await agency.sign_in(person.user["userid"], NEW)
        answer = await person.finish(waiting["challenge_token"], person.codes[number], **more)
        assert answer[0] == 201


async def test_whose_factor_an_administrator_removed_sets_up_a_new_one_at_once(
    agency: Agency, counters: asyncpg.Connection
) -> None:
    person = await with_app(agency)
    _, mine = await person.finish(await person.begin(), code_of(person.secret))
    device = {"device_token": mine["device_token"]}
    await shut(counters, person)
    await shut(counters, person, **device)
    demand = {"demanded": True}
    assert (await agency.call("PUT", "/v1/second-factor-policy", demand, {"If-Match": '"1"'}))[0] == 200
    for more in ({}, device):
        assert (await agency.call("DELETE", f"/v1/users/{person.user['id']}/second-factor"))[0] == 204
        _, waiting = await agency.sign_in(person.user["userid"])
        token = {"challenge_token": waiting["challenge_token"]}
        _, enrolment = await agency.call("POST", "/v1/sessions/authenticator", token)
        answer = await person.finish(waiting["challenge_token"], code_of(enrolment["secret"]), **more)
        assert answer[0] == 201


async def test_who_takes_away_his_last_factor_begins_anew(agency: Agency, counters: asyncpg.Connection) -> None:
    person = await with_passkey(agency)
    await shut(counters, person)
    (passkey,) = (await person.call("GET", "/v1/me/passkeys"))[1]["items"]
    present = {"present_password": PASSWORD}
    assert (await person.call("POST", f"/v1/me/passkeys/{passkey['id']}/removal", present))[0] == 204
    _, enrolment = await person.call("POST", "/v1/me/authenticator", present)
    code = {"code": code_of(enrolment["secret"])}
    assert (await person.call("POST", "/v1/me/authenticator/confirmation", code))[0] == 200


async def test_who_is_activated_signs_in_however_many_had_guessed_before(agency: Agency) -> None:
    user = await agency.add_user()
    for _ in range(ACCOUNT.tries):
        assert (await attempt(agency, uuid4().hex, userid=user["userid"]))[0] == 401
    assert (await attempt(agency, uuid4().hex, userid=user["userid"]))[0] == 429
    assert (await agency.activate(user["id"]))[0] == 204
    assert (await agency.sign_in(user["userid"]))[0] == 201


async def test_who_tries_a_wrong_password_again_pays_for_the_work_that_it_makes(
    agency: Agency, counters: asyncpg.Connection
) -> None:
    """Else whoever has primed made-up names would have them evaluated all day, and nobody would ever say no."""
    spent = "SELECT count(*), sum(in_a_row) FROM sign_in_counters WHERE in_a_row >= $1"
    names = [f"nobody-{uuid4().hex}" for _ in range(5)]
    for _ in range(4):
        for name in names:
            assert (await attempt(agency, "Yesterdays7password", userid=name, address="198.51.100.9"))[0] == 401
    assert await counters.fetchval("SELECT count(*) FROM sign_in_counters WHERE in_a_row = 1") == len(names)
    (network_and_everywhere,) = await counters.fetch(spent, 20)
    assert tuple(network_and_everywhere) == (2, 40)
