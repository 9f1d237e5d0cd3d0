"""People: added, invited, activated, moved, suspended; within the seats; never across agencies."""

import asyncio
from typing import Any
from uuid import uuid4

import aiohttp
import asyncpg
import pytest

from tests.integration.identity.conftest import OPERATOR_TOKEN, PASSWORD, Agency, found_agency
from tests.support.databases import ServiceDatabase
from tests.support.stub_authz import StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")


def matching(user: dict[str, object]) -> dict[str, str]:
    return {"If-Match": f'"{user["version"]}"'}


@pytest.mark.catalogue("AM-16", "MG-4", "MG-5")
async def test_a_colleague_is_provisioned_first_and_activates_himself(agency: Agency) -> None:
    user = await agency.add_user(principal_offices=[str(agency.office_id)])
    assert (user["state"], user["locale"]) == ("provisioned", "it")
    assert (await agency.sign_in(user["userid"]))[0] == 401

    assert (await agency.activate(user["id"]))[0] == 204
    _, user = await agency.call("GET", f"/v1/users/{user['id']}")
    assert user["state"] == "active"
    assert (await agency.sign_in(user["userid"]))[0] == 201


async def test_an_activation_link_works_once_and_all_links_of_a_person_end_with_it(agency: Agency) -> None:
    user = await agency.add_user()
    first, second = await agency.link_token(user["id"]), await agency.link_token(user["id"])
    answers = await asyncio.gather(
        *(
            agency.call("POST", "/v1/activations", {"token": token, "password": PASSWORD})
            for token in (first, second) * 5
        )
    )
    assert sorted(status for status, _ in answers) == [204] + [409] * 9
    assert {body["code"] for status, body in answers if status == 409} == {"activation_link_over"}


@pytest.mark.parametrize("token", ["", "x", "A" * 64, "A" * 500, "ü" * 64])
async def test_a_made_up_activation_link_is_refused(agency: Agency, token: str) -> None:
    status, problem = await agency.call("POST", "/v1/activations", {"token": token, "password": PASSWORD})
    assert (status, problem["code"]) in {(409, "activation_link_over"), (422, "invalid")}


@pytest.mark.catalogue("MG-26", "MG-67")
@pytest.mark.parametrize(
    ("password", "broken"),
    [
        ("Sh0rt", {"too_short"}),
        ("alllower7", {"no_upper_case"}),
        ("ALLUPPER7", {"no_lower_case"}),
        ("NoDigitsHere", {"no_digit"}),
        ("xROSSIx77", {"own_data"}),
        ("Gina12345", {"own_data"}),
        ("short", {"too_short", "no_upper_case", "no_digit"}),
    ],
)
async def test_a_password_against_the_rules_is_refused_and_the_link_still_works(
    agency: Agency, password: str, broken: set[str]
) -> None:
    user = await agency.add_user()
    status, problem = await agency.activate(user["id"], password)
    assert (status, problem["code"]) == (422, "password_refused")
    assert {error["code"] for error in problem["errors"]} == broken
    assert (await agency.activate(user["id"]))[0] == 204


async def test_the_operator_has_a_lost_activation_mail_sent_again_and_nobody_else_does(agency: Agency) -> None:
    user = await agency.add_user()
    operator = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}
    asked = {"licence_code": agency.licence_code, "userid": user["userid"]}
    assert (await agency.call("POST", "/v1/activation-mails", asked, operator))[0] == 202
    assert (await agency.call("POST", "/v1/activation-mails", asked))[0] == 401
    for wrong in ({"userid": "nobody"}, {"licence_code": "NOBODY"}):
        assert (await agency.call("POST", "/v1/activation-mails", {**asked, **wrong}, operator))[0] == 404
    active = {**asked, "userid": "admin"}
    status, problem = await agency.call("POST", "/v1/activation-mails", active, operator)
    assert (status, problem["code"]) == (409, "state_not_allowed")


@pytest.mark.catalogue("MG-1")
async def test_however_many_activate_at_once_no_seat_is_taken_twice(
    http: aiohttp.ClientSession, identity_url: str, authz: StubAuthz
) -> None:
    agency = await found_agency(http, identity_url, authz, seats_bought=2)
    people = [await agency.add_user() for _ in range(8)]
    answers = await asyncio.gather(*(agency.activate(user["id"]) for user in people))
    assert sorted(status for status, _ in answers) == [204] * 4 + [409] * 4
    assert {body["code"] for status, body in answers if status == 409} == {"seats_exhausted"}


@pytest.mark.catalogue("MG-14")
async def test_offices_are_assigned_as_principal_or_secondary(agency: Agency) -> None:
    _, harbour = await agency.call("POST", "/v1/offices", {"name": "Porto"})
    user = await agency.add_user(principal_offices=[str(agency.office_id)])
    wanted = {"principal_offices": [harbour["id"]], "secondary_offices": [str(agency.office_id)]}
    status, changed = await agency.call("PUT", f"/v1/users/{user['id']}/assignments", wanted, matching(user))
    assert status == 200
    assert {name: changed[name] for name in wanted} == wanted

    twice = {"principal_offices": [harbour["id"]], "secondary_offices": [harbour["id"]]}
    status, problem = await agency.call("PUT", f"/v1/users/{user['id']}/assignments", twice, matching(changed))
    assert (status, problem["errors"][0]["pointer"]) == (422, "/secondary_offices/0")
    unknown = {"principal_offices": [str(uuid4())], "secondary_offices": []}
    status, problem = await agency.call("PUT", f"/v1/users/{user['id']}/assignments", unknown, matching(changed))
    assert (status, problem["code"], problem["errors"][0]["pointer"]) == (422, "unknown_office", "/principal_offices/0")
    assert (await agency.call("GET", f"/v1/users/{user['id']}"))[1] == changed


@pytest.mark.catalogue("MG-4", "AM-15")
@pytest.mark.parametrize(
    ("field", "code"), [("userid", "userid_taken"), ("code", "code_taken"), ("email", "email_taken")]
)
async def test_user_id_code_and_address_belong_to_one_person(agency: Agency, field: str, code: str) -> None:
    first = await agency.add_user()
    body = {
        "userid": "other",
        "code": "OTHER",
        "given_name": "Ugo",
        "family_name": "Verdi",
        "email": "other@agency.example",
        field: str(first[field]).swapcase(),
    }
    status, problem = await agency.call("POST", "/v1/users", body)
    assert (status, problem["code"]) == (409, code)


async def test_a_change_must_name_the_current_version(agency: Agency) -> None:
    user = await agency.add_user()
    path = f"/v1/users/{user['id']}"
    assert (await agency.call("PATCH", path, {"given_name": "Nina"}))[0] == 428
    assert (await agency.call("PATCH", path, {"given_name": "Nina"}, {"If-Match": '"99"'}))[0] == 412
    assert (await agency.call("PATCH", path, {"given_name": "Nina"}, {"If-Match": "nonsense"}))[0] == 412
    status, changed = await agency.call("PATCH", path, {"given_name": "Nina"}, matching(user))
    assert (status, changed["given_name"], changed["version"]) == (200, "Nina", user["version"] + 1)


async def test_of_parallel_changes_of_one_version_one_succeeds(agency: Agency) -> None:
    user = await agency.add_user()
    answers = await asyncio.gather(
        *(agency.call("PATCH", f"/v1/users/{user['id']}", {"given_name": f"N{n}"}, matching(user)) for n in range(10))
    )
    assert sorted(status for status, _ in answers) == [200] + [412] * 9


async def test_the_same_idempotency_key_makes_one_person(agency: Agency) -> None:
    name = uuid4().hex[:8]
    body = {
        "userid": f"u-{name}",
        "code": name.upper(),
        "given_name": "Ida",
        "family_name": "Neri",
        "email": f"{name}@agency.example",
    }
    key = {"Idempotency-Key": uuid4().hex}
    answers = await asyncio.gather(*(agency.call("POST", "/v1/users", body, key) for _ in range(10)))
    assert {status for status, _ in answers} == {201}
    assert len({user["id"] for _, user in answers}) == 1
    status, problem = await agency.call("POST", "/v1/users", {**body, "given_name": "Eva"}, key)
    assert (status, problem["code"]) == (409, "idempotency_key_reused")


@pytest.mark.catalogue("MG-9", "IMO-B4")
async def test_whoever_is_the_last_administrator_stays(agency: Agency, authz: StubAuthz) -> None:
    user = await agency.add_user()
    await agency.activate(user["id"])
    _, user = await agency.call("GET", f"/v1/users/{user['id']}")
    authz.last_administrator = True
    try:
        path = f"/v1/users/{user['id']}/state"
        status, problem = await agency.call("PUT", path, {"state": "suspended"}, matching(user))
        assert (status, problem["code"]) == (409, "last_administrator")
    finally:
        authz.last_administrator = False
    assert (await agency.call("GET", f"/v1/users/{user['id']}"))[1] == user


async def test_a_ghost_has_no_password_and_comes_back_by_a_new_activation(agency: Agency) -> None:
    user = await agency.add_user()
    await agency.activate(user["id"])
    _, user = await agency.call("GET", f"/v1/users/{user['id']}")
    path = f"/v1/users/{user['id']}/state"
    _, ghost = await agency.call("PUT", path, {"state": "ghost"}, matching(user))
    assert (ghost["state"], ghost["code"]) == ("ghost", user["code"])
    assert (await agency.sign_in(user["userid"]))[0] == 401
    status, problem = await agency.call("PUT", path, {"state": "active"}, matching(ghost))
    assert (status, problem["code"]) == (409, "state_not_allowed")
    status, back = await agency.call("PUT", path, {"state": "provisioned"}, matching(ghost))
    assert (status, back["state"]) == (200, "provisioned")
    assert (await agency.activate(user["id"]))[0] == 204


async def test_without_the_permission_nothing_is_managed(agency: Agency) -> None:
    user = await agency.add_user()
    await agency.activate(user["id"])
    _, tokens = await agency.sign_in(user["userid"])
    bearer = {"Authorization": f"Bearer {tokens['access_token']}", "If-Match": '"2"'}
    for method, path, body in (
        (
            "POST",
            "/v1/users",
            {"userid": "xx", "code": "X", "given_name": "X", "family_name": "X", "email": "x@x.example"},
        ),
        ("PATCH", f"/v1/users/{user['id']}", {"given_name": "X"}),
        ("PUT", f"/v1/users/{user['id']}/state", {"state": "suspended"}),
        ("POST", "/v1/offices", {"name": "X"}),
        ("PATCH", f"/v1/offices/{agency.office_id}", {"name": "X"}),
        ("POST", f"/v1/users/{user['id']}/activation-mail", None),
    ):
        status, problem = await agency.call(method, path, body, bearer)
        assert (status, problem["code"]) == (403, "permission_missing"), path


async def test_another_agency_is_as_if_it_were_not_there(
    agency: Agency, http: aiohttp.ClientSession, identity_url: str, authz: StubAuthz
) -> None:
    other = await found_agency(http, identity_url, authz)
    user = await other.add_user()
    assert (await agency.call("GET", f"/v1/users/{user['id']}"))[0] == 404
    assert (await agency.call("PATCH", f"/v1/users/{user['id']}", {"given_name": "X"}, matching(user)))[0] == 404
    assert (await agency.call("PATCH", f"/v1/offices/{other.office_id}", {"name": "X"}, {"If-Match": '"1"'}))[0] == 404
    unknown = {"principal_offices": [str(other.office_id)], "secondary_offices": []}
    own = await agency.add_user()
    assert (await agency.call("PUT", f"/v1/users/{own['id']}/assignments", unknown, matching(own)))[0] == 422
    _, page = await agency.call("GET", "/v1/users")
    assert {item["id"] for item in page["items"]} == {str(agency.administrator_id), own["id"]}
    assert (await other.call("GET", f"/v1/users/{user['id']}"))[1] == user


async def test_pages_show_everybody_once(agency: Agency) -> None:
    people = {(await agency.add_user())["id"] for _ in range(7)} | {str(agency.administrator_id)}
    seen = list[str]()
    query = "limit=3"
    while query:
        _, page = await agency.call("GET", f"/v1/users?{query}")
        seen += [item["id"] for item in page["items"]]
        query = f"limit=3&cursor={page['next']}" if page["next"] else ""
    assert sorted(seen) == sorted(people)
    assert (await agency.call("GET", "/v1/users?cursor=nonsense"))[0] == 422


async def test_whoever_is_nobody_here_is_not_found_whatever_is_asked(
    agency: Agency, http: aiohttp.ClientSession, identity_url: str, authz: StubAuthz
) -> None:
    elsewhere = await found_agency(http, identity_url, authz)
    days, version = "first=2026-01-01&last=2026-01-02", {"If-Match": '"1"'}
    policy = {"hours": None, "networks": None, "ends_at": None, "template_id": None}
    asked: list[tuple[str, str, object]] = [
        ("GET", "", None),
        ("PATCH", "", {"given_name": "X"}),
        ("PATCH", "", {"email": "x@elsewhere.example"}),
        ("PUT", "/assignments", {"principal_offices": [], "secondary_offices": []}),
        ("PUT", "/state", {"state": "suspended"}),
        ("PUT", "/state", {"state": "provisioned"}),
        ("POST", "/activation-mail", None),
        ("POST", "/password-reset-mail", None),
        ("GET", "/card", None),
        ("PUT", "/card", {}),
        ("GET", "/public-card", None),
        ("GET", "/photo", None),
        ("GET", "/photo/original", None),
        ("GET", "/photo/facts", None),
        ("DELETE", "/photo", None),
        ("DELETE", "/photo/edits", None),
        ("GET", "/sessions", None),
        ("DELETE", "/sessions", None),
        ("DELETE", f"/sessions/{uuid4()}", None),
        ("DELETE", "/second-factor", None),
        ("GET", "/access-policy", None),
        ("PUT", "/access-policy", policy),
        ("POST", "/access-policy/trials", {"at": "2026-01-01T00:00:00Z", "address": "192.0.2.7"}),
        ("GET", f"/worked-hours?{days}", None),
    ]
    authz.give_all(
        agency.tenant_id,
        agency.administrator_id,
        "admin.agents.manage",
        "admin.permissions.manage",
        "reports.logins.read",
    )
    for nobody in (uuid4(), elsewhere.administrator_id):
        for method, part, body in asked:
            status, problem = await agency.call(method, f"/v1/users/{nobody}{part}", body, version)
            assert (status, problem and problem["code"]) == (404, "not_found"), (method, part)
    assert (await elsewhere.call("GET", "/v1/me"))[0] == 200


@pytest.mark.catalogue("MG-25")
async def test_an_administrator_corrects_a_user_id_and_the_person_signs_in_with_it(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    user, other = await agency.add_user(), await agency.add_user()
    assert (await agency.activate(user["id"]))[0] == 204
    _, tokens = await agency.sign_in(user["userid"])
    own = {"Authorization": f"Bearer {tokens['access_token']}"}
    path, corrected = f"/v1/users/{user['id']}", f"{user['userid']}-corrected"
    for wrong, status, code in (
        (other["userid"].upper(), 409, "userid_taken"),
        ("two words", 422, "invalid"),
        ("x", 422, "invalid"),
    ):
        refused, problem = await agency.call("PATCH", path, {"userid": wrong}, {"If-Match": '"2"'})
        assert (refused, problem["code"]) == (status, code)
    mails = await requested(identity_database, user)
    status, shown = await agency.call("PATCH", path, {"userid": corrected}, {"If-Match": '"2"'})
    assert (status, shown["userid"], shown["version"]) == (200, corrected, 3)
    assert (await agency.call("GET", "/v1/me", headers=own))[1]["userid"] == corrected
    assert (await agency.sign_in(user["userid"]))[0] == 401
    assert (await agency.sign_in(corrected))[0] == 201
    assert await requested(identity_database, user) == mails


async def requested(database: ServiceDatabase, user: dict[str, Any]) -> int:
    """Return how many mails with a way in were asked for."""
    connection = await asyncpg.connect(database.worker)
    try:
        return await connection.fetchval(
            "SELECT count(*) FROM outbox WHERE topic LIKE '%requested%' AND data->'user'->>'user_id' = $1", user["id"]
        )
    finally:
        await connection.close()
