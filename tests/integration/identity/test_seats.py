"""Seats: three and those bought (MG-1), never one too many, whoever races for them."""

import asyncio
from typing import Any

import aiohttp
import pytest

from services.identity.adapters.passwords import QUEUE, THREADS
from services.identity.domain.licence import SEATS_INCLUDED
from tests.integration.identity.conftest import OPERATOR_TOKEN, PASSWORD, Agency, found_agency
from tests.support.stub_authz import StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")
OPERATOR = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}
ROUNDS = 100


async def licence(agency: Agency) -> dict[str, Any]:
    return (await agency.call("GET", "/v1/licence"))[1]


async def sell(agency: Agency, seats_bought: int) -> tuple[int, Any]:
    return await agency.call(
        "PATCH", f"/v1/licences/{agency.licence_code}", {"seats_bought": seats_bought}, headers=OPERATOR
    )


async def move(agency: Agency, user: dict[str, Any], state: str) -> int:
    """Return the status of moving somebody, whose version is kept up to date."""
    path = f"/v1/users/{user['id']}/state"
    status, answer = await agency.call("PUT", path, {"state": state}, {"If-Match": f'"{user["version"]}"'})
    assert status in {200, 409}, answer
    if status == 200:
        user["version"] = answer["version"]
    else:
        assert answer["code"] == "seats_exhausted"
    return status


@pytest.mark.catalogue("MG-1")
async def test_two_hundred_activate_at_once_and_not_one_more_than_there_are_seats(
    http: aiohttp.ClientSession, identity_url: str, authz: StubAuthz
) -> None:
    bought = 40
    agency = await found_agency(http, identity_url, authz, seats_bought=bought)
    people = [await agency.add_user() for _ in range(200)]
    tokens = [await agency.link_token(user["id"]) for user in people]

    room = asyncio.Semaphore(THREADS + QUEUE)

    async def activate(token: str) -> int:
        """Activate as soon as there is room to hash the password; more than that is turned away at once."""
        async with room:
            status, answer = await agency.call("POST", "/v1/activations", {"token": token, "password": PASSWORD})
        assert status == 204 or answer["code"] == "seats_exhausted", answer
        return status

    statuses = await asyncio.gather(*map(activate, tokens))
    free = SEATS_INCLUDED + bought - 1
    assert (statuses.count(204), statuses.count(409)) == (free, 200 - free)
    shown = await licence(agency)
    assert (shown["seats"], shown["seats_taken"]) == (43, 43)


async def test_in_a_hundred_races_the_seats_are_filled_and_never_overfilled(
    http: aiohttp.ClientSession, identity_url: str, authz: StubAuthz
) -> None:
    agency = await found_agency(http, identity_url, authz, seats_bought=5)
    people = [await agency.add_user() for _ in range(6)]
    for user in people:
        assert (await agency.activate(user["id"]))[0] == 204
        user["version"] += 1
    for number in range(ROUNDS):
        assert set(await asyncio.gather(*(move(agency, user, "suspended") for user in people))) == {200}
        bought = number % 4
        assert (await sell(agency, bought))[0] == 200
        statuses = await asyncio.gather(*(move(agency, user, "active") for user in people))
        free = SEATS_INCLUDED + bought - 1
        assert statuses.count(200) == free, number
        shown = await licence(agency)
        assert shown["seats_taken"] == shown["seats"] == SEATS_INCLUDED + bought
        assert (await sell(agency, 5))[0] == 200
        await asyncio.gather(
            *(move(agency, user, "active") for user, at in zip(people, statuses, strict=True) if at == 409)
        )


async def test_seats_are_taken_back_only_as_far_as_nobody_sits_on_them(
    http: aiohttp.ClientSession, identity_url: str, authz: StubAuthz
) -> None:
    agency = await found_agency(http, identity_url, authz, seats_bought=4)
    people = [await agency.add_user() for _ in range(4)]
    for user in people:
        assert (await agency.activate(user["id"]))[0] == 204
        user["version"] += 1
    for _ in range(25):
        await asyncio.gather(*(move(agency, user, "suspended") for user in people[2:]))
        (_, taken_back), _, _ = await asyncio.gather(
            sell(agency, 0), move(agency, people[2], "active"), move(agency, people[3], "active")
        )
        shown = await licence(agency)
        assert shown["seats_taken"] <= shown["seats"]
        assert ("seats" in taken_back) == (shown["seats"] == SEATS_INCLUDED)
        assert (await sell(agency, 4))[0] == 200
        for user in people[2:]:
            if (await agency.call("GET", f"/v1/users/{user['id']}"))[1]["state"] == "suspended":
                await move(agency, user, "active")
    status, problem = await sell(agency, 1)
    assert (status, problem["code"]) == (409, "seats_taken")
    assert (await sell(agency, 2))[0] == 200


@pytest.mark.catalogue("MG-24")
async def test_the_licence_code_changes_at_the_operator_s_hand_alone(agency: Agency) -> None:
    other = await agency.call("GET", "/v1/licence")
    path = f"/v1/licences/{agency.licence_code}"
    assert (await agency.call("PATCH", path, {"licence_code": "NEW"}))[0] == 401
    new = f"{agency.licence_code}-2"
    status, shown = await agency.call("PATCH", path, {"licence_code": new}, headers=OPERATOR)
    assert (status, shown) == (200, {**other[1], "licence_code": new, "version": 2})
    assert (await agency.call("PATCH", path, {}, headers=OPERATOR))[0] == 404
    assert (await agency.sign_in("admin"))[0] == 401
    agency.licence_code = new
    assert (await agency.sign_in("admin"))[0] == 201


@pytest.mark.parametrize("code", ["NOBODYS", "a%00b", "%0A", "%EF%BF%BF"])
async def test_what_is_no_licence_code_names_no_agency(agency: Agency, code: str) -> None:
    path = f"/v1/licences/{code}"
    asked = (("GET", path, None), ("PATCH", path, {"seats_bought": 9}), ("POST", f"{path}/announcements", None))
    for method, what, body in asked:
        status, problem = await agency.call(method, what, body, headers=OPERATOR)
        assert (status, problem["code"]) == (404, "not_found")
