"""Guessing is bounded, nobody is locked out of a known device, and everybody is told the same."""

import asyncio
from collections import Counter
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from services.chassis.database import open_database
from services.identity.adapters.passwords import QUEUE, THREADS
from services.identity.domain.sign_in_limits import ACCOUNT, DEVICE, NETWORK
from services.identity.operations.sign_in_limits import tell_refusals
from tests.integration.identity.conftest import PASSWORD, Agency
from tests.support.clock import later, standing_still
from tests.support.databases import ServiceDatabase
from tests.support.running import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def attempt(
    agency: Agency, password: str, *, userid: str = "admin", device: str | None = None, address: str = "192.0.2.7"
) -> tuple[int, Any, str | None]:
    """Return status, answer and Retry-After of a sign-in from an address, as the gateway passes it on."""
    body = {"licence_code": agency.licence_code, "userid": userid, "password": password}
    if device is not None:
        body["device_token"] = device
    headers = {"X-Real-IP": address}
    async with agency.http.post(f"{agency.url}/v1/sessions", json=body, headers=headers) as response:
        return response.status, await response.json(), response.headers.get("Retry-After")


async def patiently(agency: Agency, password: str, **how: Any) -> tuple[int, Any, str | None]:
    """Return the first answer that is not about the hashing having no room."""

    async def answer() -> tuple[int, Any, str | None] | None:
        given = await attempt(agency, password, **how)
        return None if given[1].get("code") == "limited" else given

    given = await eventually(answer, seconds=60)
    assert given is not None
    return given


async def guesses(agency: Agency, count: int, **how: Any) -> list[tuple[int, Any, str | None]]:
    """Return the answers to parallel guesses."""
    return await asyncio.gather(*(patiently(agency, uuid4().hex, **how) for _ in range(count)))


async def test_of_two_hundred_parallel_guesses_ten_are_evaluated(agency: Agency) -> None:
    answers = await guesses(agency, 200)
    assert sum(status == 401 for status, _, _ in answers) == ACCOUNT.tries
    assert {(status, body["code"]) for status, body, _ in answers} == {
        (401, "wrong_credentials"),
        (429, "too_many_tries"),
    }
    assert all(1 <= int(retry or 0) <= 305 for status, _, retry in answers if status == 429)
    status, _, _ = await attempt(agency, PASSWORD)
    assert status == 429

    with later(ACCOUNT.refill):
        assert (await attempt(agency, PASSWORD))[0] == 201
        assert (await attempt(agency, PASSWORD))[0] == 201


async def test_guesses_from_a_thousand_addresses_do_not_keep_the_victim_from_a_known_device(agency: Agency) -> None:
    _, opened, _ = await attempt(agency, PASSWORD)
    for round_ in range(5):
        answers, mine = await asyncio.gather(
            asyncio.gather(*(attempt(agency, uuid4().hex, address=f"10.{round_}.{number}.1") for number in range(200))),
            patiently(agency, PASSWORD, device=opened["device_token"]),
        )
        assert {status for status, _, _ in answers} <= {401, 429}
        assert mine[0] == 201
    assert (await attempt(agency, PASSWORD))[0] == 429
    assert (await attempt(agency, PASSWORD, device=opened["device_token"]))[0] == 201


async def test_a_known_device_has_a_budget_of_its_own_and_is_known_for_its_person_only(agency: Agency) -> None:
    user = await agency.add_user()
    await agency.activate(user["id"])
    _, mine, _ = await attempt(agency, PASSWORD)
    _, theirs, _ = await attempt(agency, PASSWORD, userid=user["userid"])
    assert mine["device_token"] != theirs["device_token"]

    answers = await guesses(agency, 30, device=mine["device_token"])
    while (last := await patiently(agency, uuid4().hex, device=mine["device_token"]))[0] == 401:
        answers.append(last)  # whoever found the hashing threads busy gave a try back
    assert sum(status == 401 for status, _, _ in answers) == DEVICE.tries
    assert (await attempt(agency, PASSWORD, device=mine["device_token"]))[0] == 429
    assert (await attempt(agency, PASSWORD))[0] == 201

    answers = await guesses(agency, 30, device=theirs["device_token"])
    assert sum(status == 401 for status, _, _ in answers) == ACCOUNT.tries
    assert (await attempt(agency, PASSWORD, userid=user["userid"], device=theirs["device_token"]))[0] == 201


async def test_the_same_wrong_password_is_counted_once(agency: Agency) -> None:
    for _ in range(ACCOUNT.tries * 3):
        assert (await attempt(agency, "Yesterdays7password"))[0] == 401
    answers = [(await attempt(agency, uuid4().hex))[0] for _ in range(ACCOUNT.tries)]
    assert answers == [401] * (ACCOUNT.tries - 1) + [429]


async def test_a_success_forgets_the_failures_before_it(agency: Agency) -> None:
    for _ in range(3):
        for _ in range(ACCOUNT.tries - 1):
            assert (await attempt(agency, uuid4().hex))[0] == 401
        assert (await attempt(agency, PASSWORD))[0] == 201


async def test_people_who_do_not_exist_are_locked_like_those_who_do(agency: Agency) -> None:
    bodies: list[list[Any]] = []
    for userid in ("admin", f"nobody-{uuid4().hex}"):
        answers = [await attempt(agency, uuid4().hex, userid=userid) for _ in range(ACCOUNT.tries + 2)]
        bodies.append([(status, {**body, "request_id": ""}) for status, body, _ in answers])
    assert bodies[0] == bodies[1]
    assert [status for status, _ in bodies[0]] == [401] * ACCOUNT.tries + [429] * 2
    assert (await attempt(agency, uuid4().hex, userid="ADMIN"))[0] == 429


async def test_one_network_pays_for_all_whom_it_tries(agency: Agency) -> None:
    room = asyncio.Semaphore(THREADS + QUEUE)

    async def guess(address: str) -> int:
        async with room:
            return (await attempt(agency, uuid4().hex, userid=f"nobody-{uuid4().hex}", address=address))[0]

    with standing_still():  # or some tries would come back meanwhile
        statuses = await asyncio.gather(*(guess("198.51.100.7") for _ in range(NETWORK.tries + 30)))
        assert Counter(statuses) == {401: NETWORK.tries, 429: 30}
        assert await guess("198.51.100.200") == 429
        assert (await attempt(agency, PASSWORD, address="198.51.101.7"))[0] == 201


async def test_who_comes_and_how_it_ended_is_told_and_a_new_device_too(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    _, first, _ = await attempt(agency, PASSWORD)
    await attempt(agency, PASSWORD, device=first["device_token"])
    await attempt(agency, "Wrong7horse", address="203.0.113.9")
    await attempt(agency, "Wrong7horse", userid="nobody")
    async with open_database(identity_database.worker, connections=1, name="test") as db:
        assert await tell_refusals(db) == 1
        assert await tell_refusals(db) == 0
    connection = await asyncpg.connect(identity_database.worker)
    rows = await connection.fetch(
        "SELECT topic, data::text AS data FROM outbox WHERE tenant_id = $1 ORDER BY seq", agency.tenant_id
    )
    await connection.close()
    told = [(row["topic"], row["data"]) for row in rows if "sign_in" in row["topic"] or "device" in row["topic"]]
    assert [topic for topic, _ in told] == [
        "identity.sign_in.succeeded.v1",  # the agency's own, from its first device: no mail
        "identity.device.added.v1",
        "identity.sign_in.succeeded.v1",
        "identity.sign_in.succeeded.v1",
        "identity.sign_in.refused.v1",
    ]
    assert '"new_device": false' in told[3][1]
    assert "203.0.113.9" in told[4][1]
    assert "Wrong7horse" not in str(rows)


@pytest.mark.parametrize("token", ["x", "A" * 64, "ü" * 64, ""])
async def test_a_made_up_device_is_an_unknown_one(agency: Agency, token: str) -> None:
    status, body, _ = await attempt(agency, PASSWORD, device=token)
    assert (status, body.get("code")) in {(201, None), (422, "invalid")}
    assert token == "" or body["device_token"] != token


async def test_settings_of_hashing_that_changed_are_followed_at_the_next_sign_in(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    from argon2 import PasswordHasher  # noqa: PLC0415

    connection = await asyncpg.connect(identity_database.worker)
    weak = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    await connection.execute(
        "UPDATE credentials SET password_hash = $1 WHERE user_id = $2", weak, agency.administrator_id
    )
    assert (await attempt(agency, PASSWORD))[0] == 201
    stored = await connection.fetchval(
        "SELECT password_hash FROM credentials WHERE user_id = $1", agency.administrator_id
    )
    await connection.close()
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert (await attempt(agency, PASSWORD))[0] == 201
