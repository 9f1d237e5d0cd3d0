"""The second factor: asked for when in use or demanded, each code good for one use, whoever races for it."""

import asyncio
import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from services.identity.domain.second_factor import CHALLENGE_LIFETIME
from services.identity.domain.totp import code_at, step_of
from tests.integration.identity.conftest import PASSWORD, Agency
from tests.support.clock import later
from tests.support.databases import ServiceDatabase

pytestmark = pytest.mark.asyncio(loop_scope="session")


def code_of(secret: str, ahead: int = 0) -> str:
    padded = secret + "=" * (-len(secret) % 8)
    return code_at(base64.b32decode(padded), step_of(datetime.now(UTC)) + ahead)


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


class Person:
    """A colleague with an authenticator app in use."""

    def __init__(self, agency: Agency, user: dict[str, Any], secret: str, codes: list[str]) -> None:
        self.agency, self.user, self.secret, self.codes = agency, user, secret, codes

    async def begin(self) -> str:
        """Return the challenge of a new sign-in."""
        status, answer = await self.agency.sign_in(self.user["userid"])
        assert (status, "access_token" in answer, answer.get("enrolling")) == (201, False, False)
        return answer["challenge_token"]

    async def finish(self, challenge: str, code: str, **more: str) -> tuple[int, Any]:
        body = {"challenge_token": challenge, "code": code, **more}
        return await self.agency.call("POST", "/v1/sessions/second-factor", body)


async def with_app(agency: Agency) -> Person:
    user = await agency.add_user()
    assert (await agency.activate(user["id"]))[0] == 204
    _, tokens = await agency.sign_in(user["userid"])
    present = {"present_password": PASSWORD}
    status, problem = await agency.call(
        "POST", "/v1/me/authenticator", {"present_password": "Wrong7horse"}, bearer(tokens)
    )
    assert (status, problem["code"]) == (422, "wrong_password")
    status, enrolment = await agency.call("POST", "/v1/me/authenticator", present, bearer(tokens))
    assert status == 201
    status, problem = await agency.call("POST", "/v1/me/authenticator/confirmation", {"code": "000000"}, bearer(tokens))
    assert (status, problem["code"]) == (401, "wrong_code")
    with later(timedelta(seconds=-30)):  # so that the code of the present half minute is not used up
        confirmation = {"code": code_of(enrolment["secret"], -1)}
        status, made = await agency.call("POST", "/v1/me/authenticator/confirmation", confirmation, bearer(tokens))
    assert (status, len(set(made["recovery_codes"]))) == (200, 10)
    return Person(agency, user, enrolment["secret"], made["recovery_codes"])


async def test_the_password_alone_opens_nothing_once_an_app_is_in_use(agency: Agency) -> None:
    person = await with_app(agency)
    challenge = await person.begin()
    for path, body in (("/v1/sessions/refresh", {"refresh_token": challenge}), ("/v1/me", None)):
        method = "POST" if body else "GET"
        status, _ = await agency.call(method, path, body, {"Authorization": f"Bearer {challenge}"})
        assert status == 401

    assert (await person.finish(challenge, "000000"))[0] == 401
    status, tokens = await person.finish(challenge, code_of(person.secret))
    assert status == 201
    status, me = await agency.call("GET", "/v1/me", headers=bearer(tokens))
    assert (status, me["userid"]) == (200, person.user["userid"])
    status, shown = await agency.call("GET", "/v1/me/second-factor", headers=bearer(tokens))
    assert shown == {"in_use": True, "demanded": False, "recovery_codes_left": 10}
    status, problem = await person.finish(challenge, code_of(person.secret, 1))
    assert (status, problem["code"]) == (401, "challenge_over")


async def test_a_code_that_was_used_is_refused_and_so_is_every_older_one(agency: Agency) -> None:
    person = await with_app(agency)
    used, older = code_of(person.secret), code_of(person.secret, -1)
    assert (await person.finish(await person.begin(), used))[0] == 201
    for code in (used, older):
        status, problem = await person.finish(await person.begin(), code)
        assert (status, problem["code"]) == (401, "wrong_code")


async def test_of_parallel_uses_of_one_code_one_succeeds_a_hundred_times(agency: Agency) -> None:
    person = await with_app(agency)
    challenges = await asyncio.gather(*(person.begin() for _ in range(4)))
    for round_ in range(1, 101):
        with later(timedelta(seconds=30 * round_)):
            code = code_of(person.secret, round_)
            answers = await asyncio.gather(*(person.finish(challenge, code) for challenge in challenges))
            statuses = [status for status, _ in answers]
            assert statuses.count(201) == 1
            assert set(statuses) <= {201, 401, 429}
            challenges[statuses.index(201)] = await person.begin()
            if round_ % 8 == 0:  # the others' time would run out
                challenges = await asyncio.gather(*(person.begin() for _ in range(4)))


async def test_of_parallel_uses_of_one_recovery_code_one_succeeds_a_hundred_times(agency: Agency) -> None:
    person = await with_app(agency)
    _, tokens = await person.finish(await person.begin(), code_of(person.secret))
    for _ in range(10):
        for code in person.codes:
            challenges = [await person.begin() for _ in range(2)]
            answers = await asyncio.gather(
                person.finish(challenges[0], code), person.finish(challenges[1], code.upper().replace("-", " "))
            )
            assert sorted(status for status, _ in answers) == [201, 401]
        status, made = await agency.call(
            "POST", "/v1/me/recovery-codes", {"present_password": PASSWORD}, bearer(tokens)
        )
        assert status == 200
        assert not set(made["recovery_codes"]) & set(person.codes)
        person.codes = made["recovery_codes"]


async def test_guessing_codes_is_bounded_and_does_not_shut_out_the_password(agency: Agency) -> None:
    person = await with_app(agency)
    challenge = await person.begin()
    answers = await asyncio.gather(*(person.finish(challenge, f"{number:06}") for number in range(40)))
    assert sorted({status for status, _ in answers}) == [401, 429]
    assert sum(status == 401 for status, _ in answers) == 5
    assert (await person.finish(challenge, code_of(person.secret)))[0] == 429
    assert await person.begin()
    with later(timedelta(minutes=1)):
        assert (await person.finish(challenge, code_of(person.secret, 2)))[0] == 201


async def test_a_sign_in_waits_five_minutes(agency: Agency) -> None:
    person = await with_app(agency)
    challenge = await person.begin()
    with later(CHALLENGE_LIFETIME):
        status, problem = await person.finish(challenge, code_of(person.secret, 10))
    assert (status, problem["code"]) == (401, "challenge_over")
    for made_up in ("x", "A" * 64):
        assert (await person.finish(made_up, code_of(person.secret)))[1]["code"] == "challenge_over"


async def test_what_an_agency_demands_is_set_up_at_the_next_sign_in(agency: Agency) -> None:
    user = await agency.add_user()
    await agency.activate(user["id"])
    wanted = {"demanded": True}
    status, demand = await agency.call("PUT", "/v1/second-factor-policy", wanted, {"If-Match": '"1"'})
    assert (status, demand) == (200, {"demanded": True, "version": 2})
    _, policy = await agency.call("GET", "/v1/password-policy")
    assert policy["second_factor_required"] is True
    assert (await agency.call("PUT", "/v1/second-factor-policy", wanted, {"If-Match": '"1"'}))[0] == 412

    _, waiting = await agency.sign_in(user["userid"])
    assert waiting["enrolling"] is True
    token = {"challenge_token": waiting["challenge_token"]}
    finish = {**token, "code": "000000"}
    assert (await agency.call("POST", "/v1/sessions/second-factor", finish))[0] == 401
    status, enrolment = await agency.call("POST", "/v1/sessions/authenticator", token)
    assert status == 201
    finish = {**token, "code": code_of(enrolment["secret"])}
    status, tokens = await agency.call("POST", "/v1/sessions/second-factor", finish)
    assert status == 201
    assert (await agency.call("POST", "/v1/sessions/authenticator", token))[1]["code"] == "challenge_over"
    status, problem = await agency.call(
        "POST", "/v1/me/second-factor-removal", {"present_password": PASSWORD}, bearer(tokens)
    )
    assert (status, problem["code"]) == (409, "second_factor_demanded")
    _, again = await agency.sign_in(user["userid"])
    status, problem = await agency.call(
        "POST", "/v1/sessions/authenticator", {"challenge_token": again["challenge_token"]}
    )
    assert (status, problem["code"]) == (409, "authenticator_in_use")


async def test_a_second_factor_is_removed_by_its_owner_or_an_administrator_and_told(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    person = await with_app(agency)
    _, tokens = await person.finish(await person.begin(), code_of(person.secret))
    path = f"/v1/users/{person.user['id']}/second-factor"
    assert (await agency.call("DELETE", path, headers=bearer(tokens)))[0] == 403
    assert (await agency.call("DELETE", path))[0] == 204
    assert (await agency.call("DELETE", path))[0] == 404
    status, _ = await agency.call("POST", "/v1/sessions/refresh", {"refresh_token": tokens["refresh_token"]})
    assert status == 401
    status, tokens = await agency.sign_in(person.user["userid"])
    assert (status, "access_token" in tokens) == (201, True)

    connection = await asyncpg.connect(identity_database.worker)
    rows = await connection.fetch(
        "SELECT data::text AS data FROM outbox WHERE tenant_id = $1 AND topic LIKE '%second_factor%' ORDER BY seq",
        agency.tenant_id,
    )
    kept = await connection.fetchval(
        "SELECT count(*) FROM authenticators a JOIN recovery_codes USING (tenant_id, user_id) WHERE user_id = $1",
        person.user["id"],
    )
    await connection.close()
    assert ['"in_use": true' in row["data"] for row in rows] == [True, False]
    assert kept == 0


async def test_the_database_holds_neither_the_apps_secret_nor_a_recovery_code(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    person = await with_app(agency)
    connection = await asyncpg.connect(identity_database.worker)
    stored = await connection.fetch(
        "SELECT secret AS kept FROM authenticators UNION ALL SELECT code_hash FROM recovery_codes"
    )
    await connection.close()
    secret = base64.b32decode(person.secret + "=" * (-len(person.secret) % 8))
    raw = [base64.b32decode(code.replace("-", "").upper()) for code in person.codes]
    written = [code.encode() for code in person.codes]
    assert not [row for row in stored for each in (secret, *raw, *written) if each in row["kept"]]


async def test_a_device_stays_known_through_the_second_step(agency: Agency) -> None:
    person = await with_app(agency)
    _, first = await person.finish(await person.begin(), code_of(person.secret))
    _, second = await person.finish(await person.begin(), code_of(person.secret, 1), device_token=first["device_token"])
    assert second["device_token"] == first["device_token"]
