"""Choosing passwords: one's own, by a mail, by an administrator who never learns it; and the agency's rules."""

import asyncio
import unicodedata
from itertools import pairwise
from typing import Any

import asyncpg
import pytest

from services.chassis.database import open_database
from services.identity.domain.sign_in_limits import RESET
from services.identity.operations.passwords import LINK_LIFETIME, request_resets
from tests.integration.identity.conftest import PASSWORD, Agency
from tests.support.clock import later
from tests.support.databases import ServiceDatabase
from tests.support.running import INTERNAL_TOKEN

pytestmark = pytest.mark.asyncio(loop_scope="session")
NEW = "Another8horse"


async def gina(agency: Agency) -> dict[str, Any]:
    """Return an active colleague."""
    user = await agency.add_user()
    assert (await agency.activate(user["id"]))[0] == 204
    return user


async def bearer(agency: Agency, userid: str, password: str = PASSWORD) -> dict[str, str]:
    status, tokens = await agency.sign_in(userid, password)
    assert status == 201
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def change(agency: Agency, headers: dict[str, str], present: str, password: str) -> tuple[int, Any]:
    body = {"present_password": present, "password": password}
    return await agency.call("PUT", "/v1/me/password", body, headers)


async def link(agency: Agency, user: dict[str, Any]) -> tuple[int, Any]:
    path = f"/internal/v1/tenants/{agency.tenant_id}/users/{user['id']}/password-reset-links"
    return await agency.call("POST", path, headers={"Authorization": f"Bearer {INTERNAL_TOKEN}"})


async def reset_token(agency: Agency, user: dict[str, Any]) -> str:
    status, made = await link(agency, user)
    assert status == 201
    address, _, token = made["url"].partition("#token=")
    assert address == "http://gateway.example/reset-password"
    return token


async def told(database: ServiceDatabase, agency: Agency, topic: str) -> list[str]:
    """Return the user ids that events of a topic are about."""
    connection = await asyncpg.connect(database.worker)
    try:
        rows = await connection.fetch(
            "SELECT data->'user'->>'user_id' AS id FROM outbox WHERE tenant_id = $1 AND topic = $2",
            agency.tenant_id,
            topic,
        )
    finally:
        await connection.close()
    return [row["id"] for row in rows]


@pytest.mark.catalogue("MG-26", "MG-67")
async def test_a_person_changes_his_password_with_the_present_one_and_is_signed_out_everywhere(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    user = await gina(agency)
    _, elsewhere = await agency.sign_in(user["userid"])
    headers = await bearer(agency, user["userid"])

    status, problem = await change(agency, headers, "Wrong7horse", NEW)
    assert (status, problem["code"]) == (422, "wrong_password")
    status, problem = await change(agency, headers, PASSWORD, "short")
    assert (status, problem["code"]) == (422, "password_refused")
    assert (await change(agency, headers, PASSWORD, NEW))[0] == 204

    status, _ = await agency.call("POST", "/v1/sessions/refresh", {"refresh_token": elsewhere["refresh_token"]})
    assert status == 401
    assert (await agency.sign_in(user["userid"]))[0] == 401
    assert (await agency.sign_in(user["userid"], NEW))[0] == 201
    assert await told(identity_database, agency, "identity.password.changed.v1") == [user["id"]]


async def test_whoever_holds_a_session_cannot_guess_the_password_with_it(agency: Agency) -> None:
    user = await gina(agency)
    headers = await bearer(agency, user["userid"])
    answers = [(await change(agency, headers, f"Guess{number}word", NEW))[0] for number in range(12)]
    assert answers == [422] * 10 + [429] * 2
    assert (await agency.sign_in(user["userid"]))[0] == 201


async def test_the_last_five_passwords_do_not_come_again(agency: Agency) -> None:
    user = await gina(agency)
    passwords = [PASSWORD, *(f"Changing{number}horse" for number in range(1, 6))]
    for old, new in pairwise(passwords):
        assert (await change(agency, await bearer(agency, user["userid"], old), old, new))[0] == 204
    headers = await bearer(agency, user["userid"], passwords[-1])
    for again in passwords[1:]:
        status, problem = await change(agency, headers, passwords[-1], again)
        assert (status, [error["code"] for error in problem["errors"]]) == (422, ["reused"])
    assert (await change(agency, headers, passwords[-1], PASSWORD))[0] == 204


async def test_a_reset_link_works_once_ends_everything_and_lasts_an_hour(agency: Agency) -> None:
    user = await gina(agency)
    _, session = await agency.sign_in(user["userid"])
    late = await reset_token(agency, user)
    with later(LINK_LIFETIME):
        status, problem = await agency.call("POST", "/v1/password-resets", {"token": late, "password": NEW})
        assert (status, problem["code"]) == (409, "reset_link_over")

    first, second = await reset_token(agency, user), await reset_token(agency, user)
    status, problem = await agency.call("POST", "/v1/password-resets", {"token": first, "password": "weak"})
    assert (status, problem["code"]) == (422, "password_refused")
    answers = await asyncio.gather(
        *(
            agency.call("POST", "/v1/password-resets", {"token": token, "password": NEW})
            for token in (first, second) * 5
        )
    )
    assert sorted(status for status, _ in answers) == [204] + [409] * 9
    assert (await agency.sign_in(user["userid"]))[0] == 401
    assert (await agency.sign_in(user["userid"], NEW))[0] == 201
    status, _ = await agency.call("POST", "/v1/sessions/refresh", {"refresh_token": session["refresh_token"]})
    assert status == 401
    assert (await agency.call("GET", "/v1/password-resets"))[0] == 405


@pytest.mark.parametrize("token", ["x", "A" * 64, "ü" * 64])
async def test_a_made_up_reset_link_is_refused(agency: Agency, token: str) -> None:
    status, problem = await agency.call("POST", "/v1/password-resets", {"token": token, "password": NEW})
    assert (status, problem["code"]) == (409, "reset_link_over")


async def test_whoever_asks_for_a_mail_gets_the_same_answer_and_only_who_exists_gets_the_mail(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    user = await gina(agency)
    provisioned = await agency.add_user()
    for codes in (
        {"licence_code": agency.licence_code, "userid": user["userid"]},
        {"licence_code": agency.licence_code, "userid": provisioned["userid"]},
        {"licence_code": agency.licence_code, "userid": "nobody"},
        {"licence_code": "NOBODY", "userid": "nobody"},
    ):
        answers = [await agency.call("POST", "/v1/password-reset-requests", codes) for _ in range(RESET.tries + 1)]
        assert [status for status, _ in answers] == [202] * RESET.tries + [429]
    async with open_database(identity_database.worker, connections=1, name="test") as db:
        assert await request_resets(db) == 1
        assert await request_resets(db) == 0
    assert await told(identity_database, agency, "identity.password.reset_requested.v1") == [user["id"]]


async def test_an_administrator_has_the_mail_sent_and_nobody_else(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    user = await gina(agency)
    path = f"/v1/users/{user['id']}/password-reset-mail"
    assert (await agency.call("POST", path)) == (202, None)
    assert await told(identity_database, agency, "identity.password.reset_requested.v1") == [user["id"]]
    status, problem = await agency.call("POST", path, headers=await bearer(agency, user["userid"]))
    assert (status, problem["code"]) == (403, "permission_missing")
    provisioned = await agency.add_user()
    status, problem = await agency.call("POST", f"/v1/users/{provisioned['id']}/password-reset-mail")
    assert (status, problem["code"]) == (409, "state_not_allowed")
    assert (await link(agency, provisioned))[0] == 409


async def test_who_is_suspended_between_mail_and_click_keeps_out(agency: Agency) -> None:
    user = await gina(agency)
    token = await reset_token(agency, user)
    _, user = await agency.call("GET", f"/v1/users/{user['id']}")
    match = {"If-Match": f'"{user["version"]}"'}
    assert (await agency.call("PUT", f"/v1/users/{user['id']}/state", {"state": "suspended"}, match))[0] == 200
    status, problem = await agency.call("POST", "/v1/password-resets", {"token": token, "password": NEW})
    assert (status, problem["code"]) == (409, "reset_link_over")


async def test_a_new_password_opens_what_wrong_ones_had_shut(agency: Agency) -> None:
    user = await gina(agency)
    for number in range(10):
        assert (await agency.sign_in(user["userid"], f"Wrong{number}horse"))[0] == 401
    assert (await agency.sign_in(user["userid"]))[0] == 429
    token = await reset_token(agency, user)
    assert (await agency.call("POST", "/v1/password-resets", {"token": token, "password": NEW}))[0] == 204
    assert (await agency.sign_in(user["userid"], NEW))[0] == 201


async def test_the_agency_chooses_its_rules_and_is_told_what_they_fail(agency: Agency) -> None:
    status, policy = await agency.call("GET", "/v1/password-policy")
    assert (status, policy["profile"], policy["version"]) == (200, "classic", 1)
    failed = {one["standard"]: {fail["requirement"] for fail in one["fails"]} for one in policy["standards"]}
    assert failed["miogest"] == set()
    assert failed["asvs-5.0-l1"] == {"6.2.5"}
    assert {one["standard"]: one["met"] for one in policy["standards"]}["asvs-5.0-l1"] is False

    match = {"If-Match": '"1"'}
    status, policy = await agency.call("PUT", "/v1/password-policy", {"profile": "nist"}, match)
    assert (status, policy["rules"]["shortest"], policy["rules"]["kinds"], policy["version"]) == (200, 15, [], 2)
    assert (await agency.call("PUT", "/v1/password-policy", {"profile": "classic"}, match))[0] == 412
    user = await agency.add_user()
    status, problem = await agency.activate(user["id"], PASSWORD)
    assert [error["code"] for error in problem["errors"]] == ["too_short"]
    assert (await agency.activate(user["id"], "a sentence that is easy to keep"))[0] == 204
    assert (await agency.sign_in("admin"))[0] == 201

    custom = {"shortest": 10, "kinds": ["digit"], "own_data": "as_a_whole", "remembered": 0}
    wanted = {"profile": "custom", "custom": custom}
    status, policy = await agency.call("PUT", "/v1/password-policy", wanted, {"If-Match": '"2"'})
    assert (status, policy["rules"]["kinds"]) == (200, ["digit"])
    assert (await agency.call("GET", "/v1/password-policy"))[1] == policy

    for wrong in ({"profile": "custom"}, {"profile": "nist", "custom": custom}, {"profile": "none"}):
        assert (await agency.call("PUT", "/v1/password-policy", wrong, {"If-Match": '"3"'}))[0] == 422
    headers = await bearer(agency, user["userid"], "a sentence that is easy to keep")
    status, _ = await agency.call("PUT", "/v1/password-policy", {"profile": "nist"}, {**headers, "If-Match": '"3"'})
    assert status == 403


async def test_a_change_that_loses_a_race_with_another_is_refused_every_time(agency: Agency) -> None:
    user = await gina(agency)
    password = PASSWORD
    for number in range(25):
        headers = await bearer(agency, user["userid"], password)
        wanted = [f"Racing{number}horse{letter}" for letter in "ab"]
        answers = await asyncio.gather(*(change(agency, headers, password, new) for new in wanted))
        assert sorted(status for status, _ in answers) in ([204, 401], [204, 422])
        password = wanted[[status for status, _ in answers].index(204)]


async def invited_again(agency: Agency, user: dict[str, Any]) -> None:
    """Take an active colleague's access, and invite him anew."""
    for state in ("suspended", "provisioned"):
        _, seen = await agency.call("GET", f"/v1/users/{user['id']}")
        path, version = f"/v1/users/{user['id']}/state", {"If-Match": f'"{seen["version"]}"'}
        assert (await agency.call("PUT", path, {"state": state}, version))[0] == 200


async def test_passwords_before_an_activation_are_remembered_by_it_and_after_it(agency: Agency) -> None:
    user = await gina(agency)
    await invited_again(agency, user)
    status, problem = await agency.activate(user["id"], PASSWORD)
    assert (status, [error["code"] for error in problem["errors"]]) == (422, ["reused"])
    assert (await agency.activate(user["id"], NEW))[0] == 204
    for present, again in ((NEW, PASSWORD), (NEW, NEW)):
        status, problem = await change(agency, await bearer(agency, user["userid"], NEW), present, again)
        assert (status, [error["code"] for error in problem["errors"]]) == (422, ["reused"])
    await invited_again(agency, user)
    assert (await agency.activate(user["id"], PASSWORD))[0] == 422


LONG = "\u1f82" * 253
"""Of the letters that take the most characters when they are taken apart."""


@pytest.mark.parametrize(
    ("written", "status"),
    [
        (f"Aa1{LONG}", 204),
        (unicodedata.normalize("NFD", f"Aa1{LONG}"), 204),
        (unicodedata.normalize("NFD", f"Aa1{LONG}x"), 422),
    ],
    ids=["composed", "taken apart", "one too long"],
)
async def test_a_password_that_may_be_set_may_be_used_wherever_one_is_asked_for(
    agency: Agency, written: str, status: int
) -> None:
    user = await agency.add_user()
    assert (await agency.activate(user["id"], written))[0] == status
    if status != 204:
        return
    for typed in (written, unicodedata.normalize("NFC", written), unicodedata.normalize("NFD", written)):
        headers = await bearer(agency, user["userid"], typed)
        present = {"present_password": typed}
        assert (await agency.call("POST", "/v1/me/authenticator", present, headers))[0] == 201
        assert (await agency.call("POST", "/v1/me/passkeys/options", present, headers))[0] == 200
        status, problem = await change(agency, headers, typed, typed)
        assert (status, [error["code"] for error in problem["errors"]]) == (422, ["reused"])
