"""Passkeys: made, used once per challenge, beside the password or without it, and never by anybody else."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

import aiohttp
import asyncpg
import pytest

from services.identity.domain.passkey import CEREMONY_LIFETIME, MOST_PASSKEYS
from services.identity.domain.sign_in_limits import NETWORK
from tests.integration.identity.conftest import PASSWORD, Agency, found_agency
from tests.integration.identity.test_access_policy import not_now
from tests.integration.identity.test_second_factor import code_of
from tests.support.authenticator import Authenticator
from tests.support.clock import later, standing_still
from tests.support.databases import ServiceDatabase
from tests.support.stub_authz import StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")
PRESENT = {"present_password": PASSWORD}
WRONG = (401, "wrong_passkey")


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


class Person:
    """A colleague who is signed in, and his authenticator."""

    def __init__(self, agency: Agency, user: dict[str, Any], tokens: dict[str, Any]) -> None:
        self.agency, self.user, self.tokens = agency, user, tokens
        self.device = Authenticator()
        self.codes: list[str] = []

    async def call(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        return await self.agency.call(method, path, body, {**bearer(self.tokens), **headers})

    async def options(self, path: str, body: object, address: str = "192.0.2.1") -> dict[str, Any]:
        status, asked = await self.call("POST", f"{path}/options", body, **{"X-Real-IP": address})
        assert status == 200, asked
        return asked["public_key"]

    async def add(self, name: str = "Phone") -> dict[str, Any]:
        """Return a new passkey of his authenticator."""
        credential = self.device.make(await self.options("/v1/me/passkeys", PRESENT))
        status, added = await self.call("POST", "/v1/me/passkeys", {"name": name, "credential": credential})
        assert status == 201, added
        self.codes = self.codes or added["recovery_codes"]
        return added

    async def begin(self) -> str:
        """Return the challenge of a sign-in by password that waits."""
        status, answer = await self.agency.sign_in(self.user["userid"])
        assert (status, answer.get("passkey"), answer.get("enrolling")) == (201, True, False)
        return answer["challenge_token"]

    async def second_step(self, device: Authenticator | None = None, **instead: Any) -> tuple[int, Any]:
        token = {"challenge_token": await self.begin()}
        asked = await self.options("/v1/sessions/second-factor/passkey", token)
        credential = (device or self.device).sign(asked, **instead)
        return await self.agency.call("POST", "/v1/sessions/second-factor/passkey", {**token, "credential": credential})

    async def alone(self, device: Authenticator | None = None, **instead: Any) -> tuple[int, Any]:
        """Return the answer to signing in by passkey and nothing else."""
        licence = {"licence_code": self.agency.licence_code}
        asked = await self.options("/v1/sessions/passkey", licence)
        credential = (device or self.device).sign(asked, **instead)
        return await self.agency.call("POST", "/v1/sessions/passkey", {**licence, "credential": credential})


async def colleague(agency: Agency) -> Person:
    user = await agency.add_user()
    assert (await agency.activate(user["id"]))[0] == 204
    _, tokens = await agency.sign_in(user["userid"])
    return Person(agency, user, tokens)


async def with_passkey(agency: Agency) -> Person:
    person = await colleague(agency)
    await person.add()
    return person


def outcome(answer: tuple[int, Any]) -> tuple[int, str]:
    status, body = answer
    return status, body.get("code", "")


async def test_a_person_has_several_passkeys_and_names_and_removes_them(agency: Agency) -> None:
    person = await colleague(agency)
    first = await person.add("Phone")
    assert len(set(first["recovery_codes"])) == 10
    second = await person.add("Key ring")
    assert second["recovery_codes"] == []
    status, listed = await person.call("GET", "/v1/me/passkeys")
    assert (status, [one["name"] for one in listed["items"]]) == (200, ["Phone", "Key ring"])
    assert (await person.call("GET", "/v1/me/second-factor"))[1]["in_use"] is True

    path = f"/v1/me/passkeys/{first['id']}"
    assert (await person.call("PATCH", path, {"name": "Old phone"}))[0] == 428
    status, renamed = await person.call("PATCH", path, {"name": "Old phone"}, **{"If-Match": '"1"'})
    assert (status, renamed["name"], renamed["version"]) == (200, "Old phone", 2)
    assert (await person.call("PATCH", path, {"name": "X"}, **{"If-Match": '"1"'}))[0] == 412
    assert (await person.call("POST", f"{path}/removal", {"present_password": "Wrong7horse"}))[0] == 422
    assert (await person.call("POST", f"{path}/removal", PRESENT))[0] == 204
    assert (await person.call("POST", f"{path}/removal", PRESENT))[0] == 404
    assert (await person.call("PATCH", path, {"name": "X"}, **{"If-Match": '"2"'}))[0] == 404

    other = await colleague(agency)
    theirs = f"/v1/me/passkeys/{second['id']}"
    assert (await other.call("POST", f"{theirs}/removal", PRESENT))[0] == 404
    assert (await other.call("PATCH", theirs, {"name": "X"}, **{"If-Match": '"1"'}))[0] == 404
    assert (await person.call("POST", f"{theirs}/removal", PRESENT))[0] == 204
    status, answer = await agency.sign_in(person.user["userid"])
    assert (status, "access_token" in answer) == (201, True)


async def test_the_password_alone_opens_nothing_beside_a_passkey_which_is_the_second_step(agency: Agency) -> None:
    person = await with_passkey(agency)
    for _ in range(3):
        status, tokens = await person.second_step()
        assert status == 201
        assert (await agency.call("GET", "/v1/me", headers=bearer(tokens)))[1]["id"] == person.user["id"]
    _, listed = await person.call("GET", "/v1/me/passkeys")
    assert listed["items"][0]["used_at"] is not None


async def test_a_recovery_code_stands_for_a_lost_passkey_and_an_administrator_takes_it_away(agency: Agency) -> None:
    person = await with_passkey(agency)
    body = {"challenge_token": await person.begin(), "code": person.codes[0]}
    assert (await agency.call("POST", "/v1/sessions/second-factor", body))[0] == 201
    body["challenge_token"] = await person.begin()
    assert outcome(await agency.call("POST", "/v1/sessions/second-factor", body)) == (401, "wrong_code")
    assert (await agency.call("DELETE", f"/v1/users/{person.user['id']}/second-factor"))[0] == 204
    assert (await agency.sign_in(person.user["userid"]))[1]["access_token"]
    assert outcome(await person.alone()) == WRONG


async def test_a_passkey_that_verifies_its_holder_is_a_whole_sign_in(agency: Agency) -> None:
    person = await with_passkey(agency)
    licence = {"licence_code": agency.licence_code.lower()}
    asked = await person.options("/v1/sessions/passkey", licence)
    assert (asked["allowCredentials"], asked["userVerification"], asked["rpId"]) == ([], "required", "gateway.example")
    signed = {**licence, "credential": person.device.sign(asked)}
    status, tokens = await agency.call("POST", "/v1/sessions/passkey", signed)
    assert (status, tokens["user_id"]) == (201, person.user["id"])
    status, again = await agency.call("POST", "/v1/sessions/refresh", {"refresh_token": tokens["refresh_token"]})
    assert (status, again["session_id"]) == (200, tokens["session_id"])


async def test_the_handle_on_an_authenticator_names_nobody(agency: Agency) -> None:
    person = await with_passkey(agency)
    ((_, handle),) = person.device.held.values()
    assert len(handle) == 32
    for known in (person.user["id"], agency.tenant_id, person.user["userid"], person.user["email"]):
        assert str(known).replace("-", "")[:8].encode() not in handle
        assert str(known).replace("-", "")[:8] not in handle.hex()
    other = await with_passkey(agency)
    assert {held for _, held in other.device.held.values()}.isdisjoint({handle})


HOSTILE: dict[str, tuple[Callable[[Authenticator], object], dict[str, Any]]] = {
    "another origin": (lambda device: setattr(device, "origin", "https://evil.example"), {}),
    "the origin with a port": (lambda device: setattr(device, "origin", "http://gateway.example:81"), {}),
    "another domain": (lambda device: setattr(device, "domain", "evil.example"), {}),
    "from within another page": (lambda device: setattr(device, "cross_origin", True), {}),
    "an unknown credential": (lambda _: None, {"credential_id": b"x" * 32}),
    "a wrong signature": (lambda _: None, {"signature": b"\x30\x06\x02\x01\x01\x02\x01\x01"}),
    "no signature": (lambda _: None, {"signature": b"x"}),
    "somebody else's handle": (lambda _: None, {"userHandle": b"h" * 32}),
    "other data than signed": (lambda _: None, {"authenticatorData": bytes(32) + b"\x05\x00\x00\x00\x09"}),
    "client data that is no JSON": (lambda _: None, {"clientDataJSON": b"\xff{"}),
    "client data that nests": (lambda _: None, {"clientDataJSON": b"[" * 20_000}),
}


@pytest.mark.parametrize("wrong", HOSTILE)
async def test_every_wrong_passkey_gets_the_same_answer(agency: Agency, wrong: str) -> None:
    person = await with_passkey(agency)
    spoil, instead = HOSTILE[wrong]
    spoil(person.device)
    bodies: list[Any] = []
    for answer in (await person.alone(**instead), await person.second_step(**instead)):
        assert outcome(answer) == WRONG
        bodies.append({**answer[1], "request_id": ""})
    assert bodies[0] == bodies[1]
    assert bodies[0]["title"] == bodies[0]["detail"] == "This passkey does not let you in."


async def test_without_verification_a_passkey_is_a_second_step_only(agency: Agency) -> None:
    person = await with_passkey(agency)
    person.device.verifies = False
    assert outcome(await person.alone()) == WRONG
    assert (await person.second_step())[0] == 201
    person.device.verifies = True
    assert outcome(await person.alone(userHandle=None)) == WRONG
    assert (await person.second_step(userHandle=None))[0] == 201


async def test_a_challenge_is_good_once_for_five_minutes_for_its_agency_person_and_purpose(
    agency: Agency, http: aiohttp.ClientSession, identity_url: str, authz: StubAuthz
) -> None:
    person, other = await with_passkey(agency), await with_passkey(agency)
    elsewhere = await found_agency(http, identity_url, authz)
    licence = {"licence_code": agency.licence_code}
    asked = await person.options("/v1/sessions/passkey", licence)
    signed = {**licence, "credential": person.device.sign(asked)}

    async def alone(options: dict[str, Any], code: str = agency.licence_code) -> tuple[int, str]:
        body = {"licence_code": code, "credential": person.device.sign(options)}
        return outcome(await agency.call("POST", "/v1/sessions/passkey", body))

    over = (401, "challenge_over")
    assert (await agency.call("POST", "/v1/sessions/passkey", signed))[0] == 201
    assert outcome(await agency.call("POST", "/v1/sessions/passkey", signed)) == over
    assert await alone(asked) == over
    asked = await person.options("/v1/sessions/passkey", licence)
    with later(CEREMONY_LIFETIME):
        assert await alone(asked) == over
    asked = await person.options("/v1/sessions/passkey", {"licence_code": elsewhere.licence_code})
    assert await alone(asked) == over
    assert await alone(asked, elsewhere.licence_code) == WRONG
    asked = await person.options("/v1/sessions/passkey", {"licence_code": "NO-SUCH-AGENCY"})
    assert await alone(asked) == over
    assert await alone(asked, "NO-SUCH-AGENCY") == WRONG
    assert await alone({"challenge": "bWFkZSB1cA", "rpId": "gateway.example", "allowCredentials": []}) == over

    token = {"challenge_token": await person.begin()}
    second = await person.options("/v1/sessions/second-factor/passkey", token)
    assert await alone(second) == over
    theirs = await other.options("/v1/sessions/second-factor/passkey", {"challenge_token": await other.begin()})
    for options in (theirs, await person.options("/v1/sessions/passkey", licence)):
        credential = person.device.sign({**options, "allowCredentials": []})
        body = {**token, "credential": credential}
        assert outcome(await agency.call("POST", "/v1/sessions/second-factor/passkey", body)) == over

    making = await person.options("/v1/me/passkeys", PRESENT)
    assert await alone({**making, "rpId": "gateway.example", "allowCredentials": []}) == over
    for options in (second, await other.options("/v1/me/passkeys", PRESENT)):
        shaped = {**making, "challenge": options["challenge"]}
        made = {"name": "X", "credential": Authenticator().make(shaped)}
        assert outcome(await person.call("POST", "/v1/me/passkeys", made)) == (422, "passkey_refused")
    made = {"name": "X", "credential": Authenticator().make(making)}
    assert (await person.call("POST", "/v1/me/passkeys", made))[0] == 201
    assert outcome(await person.call("POST", "/v1/me/passkeys", made)) == (422, "passkey_refused")


async def test_of_parallel_uses_of_one_challenge_one_succeeds_a_hundred_times(agency: Agency) -> None:
    person = await with_passkey(agency)
    licence = {"licence_code": agency.licence_code}
    for _ in range(100):
        asked = await person.options("/v1/sessions/passkey", licence)
        signed = {**licence, "credential": person.device.sign(asked)}
        answers = await asyncio.gather(*(agency.call("POST", "/v1/sessions/passkey", signed) for _ in range(3)))
        assert sorted(status for status, _ in answers) == [201, 401, 401]


async def test_a_copy_that_counts_behind_is_refused_and_reported(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    person = await with_passkey(agency)
    copy = person.device.copied()
    assert (await person.alone())[0] == 201
    assert (await person.second_step())[0] == 201
    assert outcome(await person.alone(copy)) == WRONG
    assert outcome(await person.second_step(copy)) == WRONG
    assert outcome(await person.alone(copy, signature=b"x")) == WRONG
    assert (await person.alone())[0] == 201
    connection = await asyncpg.connect(identity_database.worker)
    written = await connection.fetch(
        "SELECT reason FROM refused_sign_ins WHERE user_id = $1 ORDER BY id", person.user["id"]
    )
    await connection.close()
    assert [row["reason"] for row in written] == ["passkey_copied", "passkey_copied", "wrong_passkey"]


async def test_of_two_uses_of_one_count_at_once_one_is_a_copy_a_hundred_times(agency: Agency) -> None:
    person = await with_passkey(agency)
    licence = {"licence_code": agency.licence_code}
    for round_ in range(100):
        bodies: list[Any] = []
        copy = person.device.copied()
        for device in (person.device, copy):
            asked = await person.options("/v1/sessions/passkey", licence, f"198.18.{round_}.1")
            bodies.append({**licence, "credential": device.sign(asked)})
        answers = await asyncio.gather(*(agency.call("POST", "/v1/sessions/passkey", body) for body in bodies))
        assert sorted(status for status, _ in answers) == [201, 401]


async def test_authenticators_that_keep_no_count_are_taken_again_and_again(agency: Agency) -> None:
    person = await colleague(agency)
    person.device.counting = False
    await person.add()
    for _ in range(3):
        assert (await person.alone())[0] == 201


async def test_the_access_policy_holds_as_with_a_password(agency: Agency) -> None:
    person = await with_passkey(agency)
    path = f"/v1/users/{person.user['id']}/access-policy"
    for version, (policy, code) in enumerate(
        (
            ({"networks": {"cidrs": ["192.0.2.0/24"]}}, "address_not_allowed"),
            ({"hours": not_now()}, "outside_hours"),
            ({"ends_at": "2020-01-01T00:00:00Z"}, "access_ended"),
        )
    ):
        assert (await agency.call("PUT", path, policy, {"If-Match": f'"{version}"'}))[0] == 200
        assert outcome(await person.alone()) == (403, code)
        assert outcome(await agency.sign_in(person.user["userid"])) == (403, code)
    assert (await agency.call("PUT", path, {}, {"If-Match": '"3"'}))[0] == 200
    assert (await person.alone())[0] == 201

    state = f"/v1/users/{person.user['id']}/state"
    _, user = await agency.call("GET", f"/v1/users/{person.user['id']}")
    status, _ = await agency.call("PUT", state, {"state": "suspended"}, {"If-Match": f'"{user["version"]}"'})
    assert status == 200
    assert outcome(await person.alone()) == (403, "account_not_active")
    status, _ = await agency.call("PUT", state, {"state": "ghost"}, {"If-Match": f'"{user["version"] + 1}"'})
    assert status == 200
    assert outcome(await person.alone()) == WRONG


async def test_a_passkey_is_what_an_agency_demands(agency: Agency) -> None:
    person = await colleague(agency)
    demand = {"demanded": True}
    assert (await agency.call("PUT", "/v1/second-factor-policy", demand, {"If-Match": '"1"'}))[0] == 200
    _, waiting = await agency.sign_in(person.user["userid"])
    assert (waiting["enrolling"], waiting["passkey"]) == (True, False)
    token = {"challenge_token": waiting["challenge_token"]}
    status, _ = await agency.call("POST", "/v1/sessions/second-factor/passkey/options", token)
    assert status == 401
    asked = await person.options("/v1/sessions/new-passkey", token)
    body = {**token, "name": "Phone", "credential": person.device.make(asked)}
    status, person.tokens = await agency.call("POST", "/v1/sessions/new-passkey", body)
    assert status == 201
    assert outcome(await agency.call("POST", "/v1/sessions/new-passkey", body)) == (401, "challenge_over")
    assert (await person.second_step())[0] == 201
    assert (await person.alone())[0] == 201

    _, listed = await person.call("GET", "/v1/me/passkeys")
    path = f"/v1/me/passkeys/{listed['items'][0]['id']}/removal"
    assert outcome(await person.call("POST", path, PRESENT)) == (409, "second_factor_demanded")
    await person.add("Second")
    assert (await person.call("POST", path, PRESENT))[0] == 204


async def test_beside_a_passkey_the_password_alone_sets_up_no_other_factor(agency: Agency) -> None:
    person = await colleague(agency)
    demand = {"demanded": True}
    assert (await agency.call("PUT", "/v1/second-factor-policy", demand, {"If-Match": '"1"'}))[0] == 200
    _, waiting = await agency.sign_in(person.user["userid"])
    status, enrolment = await agency.call(
        "POST", "/v1/sessions/authenticator", {"challenge_token": waiting["challenge_token"]}
    )
    assert status == 201
    stale = await person.options("/v1/sessions/new-passkey", {"challenge_token": waiting["challenge_token"]})
    await person.add()

    token = {"challenge_token": await person.begin()}
    code = {**token, "code": code_of(enrolment["secret"])}
    assert outcome(await agency.call("POST", "/v1/sessions/second-factor", code)) == (401, "wrong_code")
    in_use = (409, "second_factor_in_use")
    assert outcome(await agency.call("POST", "/v1/sessions/authenticator", token)) == in_use
    assert outcome(await agency.call("POST", "/v1/sessions/new-passkey/options", token)) == in_use
    body = {**token, "name": "X", "credential": Authenticator().make(stale)}
    assert outcome(await agency.call("POST", "/v1/sessions/new-passkey", body)) == in_use
    assert (await person.second_step())[0] == 201


async def test_what_an_authenticator_did_not_make_is_refused(agency: Agency) -> None:
    person = await colleague(agency)
    for device in (
        Authenticator(origin="https://evil.example"),
        Authenticator(domain="evil.example"),
        Authenticator(cross_origin=True),
    ):
        made = {"name": "X", "credential": device.make(await person.options("/v1/me/passkeys", PRESENT))}
        assert outcome(await person.call("POST", "/v1/me/passkeys", made)) == (422, "passkey_refused")
    for _ in range(50):
        credential = Authenticator().make(await person.options("/v1/me/passkeys", PRESENT))
        response = credential["response"]
        at = secrets.randbelow(len(response["attestationObject"]))
        response["attestationObject"] = response["attestationObject"][:at] + "_w" + response["attestationObject"][at:]
        status, _ = await person.call("POST", "/v1/me/passkeys", {"name": "X", "credential": credential})
        assert status == 422
    assert (await person.call("GET", "/v1/me/passkeys"))[1] == {"items": []}


async def test_one_authenticator_is_registered_once_and_a_person_has_twenty_passkeys_at_most(agency: Agency) -> None:
    person, other = await with_passkey(agency), await colleague(agency)
    options = await other.options("/v1/me/passkeys", PRESENT)
    credential = other.device.make(options)
    assert (await other.call("POST", "/v1/me/passkeys", {"name": "X", "credential": credential}))[0] == 201
    asked = await person.options("/v1/me/passkeys", PRESENT)
    assert [one["id"] for one in asked["excludeCredentials"]]
    for _ in range(MOST_PASSKEYS - 1):
        await person.add()
    status, problem = await person.call("POST", "/v1/me/passkeys/options", PRESENT)
    assert (status, problem["code"]) == (409, "too_many_passkeys")
    late = {"name": "X", "credential": Authenticator().make(asked)}
    assert outcome(await person.call("POST", "/v1/me/passkeys", late)) == (409, "too_many_passkeys")


async def test_asking_for_sign_ins_by_passkey_is_bounded_by_network(agency: Agency) -> None:
    async def ask(address: str) -> int:
        body, headers = {"licence_code": agency.licence_code}, {"X-Real-IP": address}
        return (await agency.call("POST", "/v1/sessions/passkey/options", body, headers))[0]

    with standing_still():  # or some tries would come back meanwhile
        answers = [await ask("198.51.100.7") for _ in range(110)]
    assert answers.count(200) == NETWORK.tries
    assert await ask("198.51.101.7") == 200
