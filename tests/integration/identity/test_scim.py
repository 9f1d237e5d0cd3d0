"""SCIM 2.0: what a directory writes is what it reads, within its own agency and by its own token."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import aiohttp
import asyncpg
import pytest

from tests.integration.identity.conftest import PASSWORD, Agency, found_agency
from tests.integration.identity.directory import ERROR, GROUP, LIST, PATCH, USER, Directory, connect, user_fields
from tests.support.databases import ServiceDatabase
from tests.support.stub_authz import StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")

BASE = "http://gateway.example/api/identity/scim/v2"


async def by_admin(agency: Agency, user_id: object) -> dict[str, Any]:
    _, user = await agency.call("GET", f"/v1/users/{user_id}")
    return user


async def test_a_user_is_made_and_reads_as_it_was_written(agency: Agency) -> None:
    directory = await connect(agency)
    sent = user_fields(externalId="e-1", displayName="Rossi, Gina")
    async with agency.http.post(
        f"{directory.url}/Users", json=sent, headers={"Authorization": f"Bearer {directory.token}"}
    ) as response:
        user = await response.json(content_type=None)
        assert (response.status, response.content_type) == (201, "application/scim+json")
        assert response.headers["Location"] == user["meta"]["location"] == f"{BASE}/Users/{user['id']}"
        assert response.headers["ETag"] == user["meta"]["version"] == 'W/"1"'
    assert {name: user[name] for name in sent} == sent
    assert user["meta"]["resourceType"] == "User"
    assert user["meta"]["created"] == user["meta"]["lastModified"]
    assert (await directory.call("GET", f"/Users/{user['id']}"))[1] == user
    shown = await by_admin(agency, user["id"])
    assert (shown["userid"], shown["code"], shown["state"], shown["locale"]) == (
        sent["userName"],
        "GR",
        "provisioned",
        "it",
    )


async def test_initials_that_somebody_has_are_numbered(agency: Agency) -> None:
    directory = await connect(agency)
    users = await asyncio.gather(*(directory.add_user() for _ in range(8)))
    codes = {(await by_admin(agency, user["id"]))["code"] for user in users}
    assert codes == {"GR", *(f"GR{n}" for n in range(2, 9))}
    accented = await directory.add_user(name={"givenName": "Łukasz", "familyName": "Żółć"})
    assert (await by_admin(agency, accented["id"]))["code"] == "LZ"


async def test_an_invited_user_activates_and_suspension_ends_what_he_has_open(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    directory = await connect(agency)
    user = await directory.add_user()
    assert (await agency.activate(user["id"]))[0] == 204
    _, tokens = await agency.sign_in(user["userName"])
    status, user = await directory.patch(f"/Users/{user['id']}", {"op": "replace", "path": "active", "value": False})
    assert (status, user["active"]) == (200, False)
    assert (await by_admin(agency, user["id"]))["state"] == "suspended"
    assert (await agency.sign_in(user["userName"]))[0] == 403
    connection = await asyncpg.connect(identity_database.worker)
    ended = await connection.fetchval("SELECT ended_at FROM sessions WHERE id = $1", UUID(tokens["session_id"]))
    await connection.close()
    assert ended is not None
    _, user = await directory.patch(f"/Users/{user['id']}", {"op": "replace", "path": "active", "value": True})
    assert (await by_admin(agency, user["id"]))["state"] == "active"
    assert (await agency.sign_in(user["userName"]))[0] == 201


async def test_who_comes_back_inactive_is_suspended_at_once_and_not_invited(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    directory = await connect(agency)
    user = await directory.add_user()
    assert (await directory.call("DELETE", f"/Users/{user['id']}"))[0] == 204
    wanted = user_fields(userName=user["userName"], emails=user["emails"], active=False)
    status, back = await directory.call("POST", "/Users", wanted)
    assert (status, back["id"], back["active"]) == (201, user["id"], False)
    connection = await asyncpg.connect(identity_database.worker)
    told = await connection.fetch(
        """
        SELECT split_part(topic, '.', 3) AS what, data->'user'->>'state' AS state
          FROM outbox WHERE data->'user'->>'user_id' = $1 ORDER BY seq
        """,
        user["id"],
    )
    await connection.close()
    assert [tuple(row) for row in told] == [
        ("created", "provisioned"),
        ("state_changed", "ghost"),
        ("state_changed", "suspended"),
    ]
    on = {"op": "replace", "path": "active", "value": True}
    assert (await directory.patch(f"/Users/{user['id']}", on))[1]["active"] is True
    assert (await by_admin(agency, user["id"]))["state"] == "provisioned"


async def test_who_never_activated_is_invited_again_when_he_returns(agency: Agency) -> None:
    directory = await connect(agency)
    user = await directory.add_user(active=False)
    assert (user["active"], (await by_admin(agency, user["id"]))["state"]) == (False, "suspended")
    shown = await by_admin(agency, user["id"])
    status, problem = await agency.call(
        "PUT", f"/v1/users/{user['id']}/state", {"state": "active"}, {"If-Match": f'"{shown["version"]}"'}
    )
    assert (status, problem["code"]) == (409, "state_not_allowed")
    await directory.patch(f"/Users/{user['id']}", {"op": "replace", "path": "active", "value": True})
    assert (await by_admin(agency, user["id"]))["state"] == "provisioned"
    assert (await agency.activate(user["id"]))[0] == 204


async def test_a_deleted_user_is_gone_for_the_directory_and_comes_back_by_the_same_name(agency: Agency) -> None:
    directory = await connect(agency)
    sent = user_fields()
    _, user = await directory.call("POST", "/Users", sent)
    assert (await agency.activate(user["id"]))[0] == 204
    assert (await directory.call("DELETE", f"/Users/{user['id']}"))[0] == 204
    assert (await by_admin(agency, user["id"]))["state"] == "ghost"
    for method, body in (
        ("GET", None),
        ("PUT", sent),
        ("PATCH", {"schemas": [PATCH], "Operations": [{"op": "remove", "path": "externalId"}]}),
        ("DELETE", None),
    ):
        status, error = await directory.call(method, f"/Users/{user['id']}", body)
        assert (status, error["schemas"], error["status"]) == (404, [ERROR], "404"), method
    assert (await directory.search("/Users", filter=f'userName eq "{sent["userName"]}"'))["totalResults"] == 0
    status, back = await directory.call("POST", "/Users", {**sent, "name": {"givenName": "Gina", "familyName": "Neri"}})
    assert (status, back["id"], back["name"]["familyName"], back["active"]) == (201, user["id"], "Neri", True)
    assert (await agency.sign_in(user["userName"]))[0] == 401
    assert (await agency.activate(user["id"], "Another8horse"))[0] == 204


async def test_of_parallel_requests_for_one_name_one_makes_the_user_and_one_brings_him_back(agency: Agency) -> None:
    directory = await connect(agency)
    sent = user_fields()
    for _ in range(3):
        answers = await asyncio.gather(*(directory.call("POST", "/Users", sent) for _ in range(6)))
        assert sorted(status for status, _ in answers) == [201] + [409] * 5
        assert {error["scimType"] for status, error in answers if status == 409} == {"uniqueness"}
        (made,) = [user for status, user in answers if status == 201]
        assert (await directory.search("/Users", filter='not (userName eq "admin")'))["totalResults"] == 1
        assert (await directory.call("DELETE", f"/Users/{made['id']}"))[0] == 204


async def test_a_user_is_renamed_and_signs_in_by_the_new_name(agency: Agency) -> None:
    directory = await connect(agency)
    user = await directory.add_user()
    await agency.activate(user["id"])
    new = f"n-{uuid4().hex[:8]}@agency.example"
    _, user = await directory.patch(f"/Users/{user['id']}", {"op": "replace", "path": "userName", "value": new})
    assert user["userName"] == new
    assert (await agency.sign_in(new))[0] == 201


async def test_put_replaces_and_clears(agency: Agency) -> None:
    directory = await connect(agency)
    user = await directory.add_user(externalId="e-1", displayName="G")
    await directory.patch(f"/Users/{user['id']}", {"op": "replace", "path": "active", "value": False})
    body = {name: user[name] for name in ("schemas", "userName", "name", "emails")}
    status, replaced = await directory.call("PUT", f"/Users/{user['id']}", body)
    assert status == 200
    assert "externalId" not in replaced
    assert "displayName" not in replaced
    assert replaced["active"] is False


async def test_what_changes_nothing_is_no_change(agency: Agency) -> None:
    directory = await connect(agency)
    user = await directory.add_user()
    status, same = await directory.call("PUT", f"/Users/{user['id']}", user)
    assert (status, same) == (200, user)
    group = await directory.add_group(user["id"])
    status, same = await directory.patch(
        f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": [{"value": user["id"]}]}
    )
    assert (status, same) == (200, group)


async def test_an_unknown_version_is_refused_and_the_known_one_is_changed(agency: Agency) -> None:
    directory = await connect(agency)
    user = await directory.add_user()
    path, rename = f"/Users/{user['id']}", {"op": "replace", "path": "displayName", "value": "G"}
    for stale in ('W/"9"', '"0"', "nonsense"):
        status, error = await directory.patch(path, rename, **{"If-Match": stale})
        assert (status, error["status"]) == (412, "412")
        assert (await directory.call("DELETE", path, headers={"If-Match": stale}))[0] == 412
    assert (await directory.patch(path, rename, **{"If-Match": user["meta"]["version"]}))[0] == 200
    assert (await directory.patch(path, rename, **{"If-Match": "*"}))[0] == 200
    _, user = await directory.call("GET", path)
    assert user["meta"]["lastModified"] > user["meta"]["created"]


async def test_whoever_has_a_version_is_shown_what_a_membership_changed(agency: Agency) -> None:
    directory = await connect(agency)
    user = await directory.add_user()
    group = await directory.add_group(user["id"])

    async def again(path: str, resource: dict[str, Any]) -> Any:
        status, shown = await directory.call("GET", path, headers={"If-None-Match": resource["meta"]["version"]})
        assert status == 200
        return shown

    users, groups = f"/Users/{user['id']}", f"/Groups/{group['id']}"
    assert [one["value"] for one in (await again(users, user))["groups"]] == [group["id"]]
    rename = {"op": "replace", "path": "displayName", "value": "Renamed"}
    assert (await directory.patch(groups, rename))[0] == 200
    assert [one["display"] for one in (await again(users, user))["groups"]] == ["Renamed"]
    group = (await directory.call("GET", groups))[1]
    assert (await directory.call("DELETE", users))[0] == 204
    assert not (await again(groups, group)).get("members")


async def test_of_parallel_patches_with_a_version_one_wins_and_without_one_all_do(agency: Agency) -> None:
    directory = await connect(agency)
    user = await directory.add_user()
    path = f"/Users/{user['id']}"

    def renamed(number: int) -> dict[str, object]:
        return {"op": "replace", "path": "displayName", "value": f"G{number}"}

    version = {"If-Match": user["meta"]["version"]}
    answers = await asyncio.gather(*(directory.patch(path, renamed(n), **version) for n in range(6)))
    assert sorted(status for status, _ in answers) == [200] + [412] * 5
    answers = await asyncio.gather(*(directory.patch(path, renamed(n)) for n in range(6)))
    assert {status for status, _ in answers} == {200}


@pytest.mark.parametrize(
    ("field", "value"), [("userName", "u"), ("emails", "e"), ("code", "")], ids=["user name", "address", "neither"]
)
async def test_a_name_or_address_that_somebody_has_is_refused(agency: Agency, field: str, value: str) -> None:
    directory = await connect(agency)
    first = await directory.add_user()
    body = user_fields(**({field: first[field]} if value else {}))
    status, answer = await directory.call("POST", "/Users", body)
    assert (status, answer.get("scimType")) == ((409, "uniqueness") if value else (201, None))
    second = await directory.add_user()
    if value:
        changed = {name: second[name] for name in ("schemas", "userName", "name", "emails")} | {field: first[field]}
        status, answer = await directory.call("PUT", f"/Users/{second['id']}", changed)
        assert (status, answer["scimType"]) == (409, "uniqueness")
        assert (await directory.call("GET", f"/Users/{second['id']}"))[1] == second


@pytest.mark.parametrize(
    ("fields", "scim_type"),
    [
        ({"userName": None}, "invalidValue"),
        ({"userName": ""}, "invalidValue"),
        ({"userName": "a b"}, "invalidValue"),
        ({"userName": ["x"]}, "invalidSyntax"),
        ({"name": {"givenName": "Gina"}}, "invalidValue"),
        ({"name": {"givenName": "Gi\nna", "familyName": "R"}}, "invalidValue"),
        ({"emails": []}, "invalidValue"),
        ({"emails": [{"value": "nowhere"}]}, "invalidValue"),
        ({"active": "perhaps"}, "invalidValue"),
        ({"externalId": "x" * 300}, "invalidValue"),
        ({"schemas": []}, "invalidSyntax"),
        ({"schemas": [GROUP]}, "invalidSyntax"),
        ({"displayName": "a\u0000b"}, None),
    ],
)
async def test_a_user_that_cannot_be_is_refused_and_not_made(
    agency: Agency, fields: dict[str, object], scim_type: str | None
) -> None:
    directory = await connect(agency)
    status, error = await directory.call("POST", "/Users", user_fields(**fields))
    assert status in {400, 422}, error
    assert (error["schemas"], error["status"]) == ([ERROR], str(status))
    assert error.get("scimType") in {scim_type, "invalidValue"}
    assert (await directory.search("/Users"))["totalResults"] == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b'{"a":' * 50])
async def test_what_is_no_message_is_refused(agency: Agency, body: bytes) -> None:
    directory = await connect(agency)
    headers = {"Authorization": f"Bearer {directory.token}", "Content-Type": "application/scim+json"}
    async with agency.http.post(f"{directory.url}/Users", data=body, headers=headers) as response:
        assert response.status in {400, 422}
        assert (await response.json(content_type=None))["schemas"] == [ERROR]
    async with agency.http.post(
        f"{directory.url}/Users", data=b"{}", headers={**headers, "Content-Type": "text/plain"}
    ) as response:
        assert response.status == 415


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ('userName eq "{name}"', 1),
        ('USERNAME EQ "{upper}"', 1),
        ('urn:ietf:params:scim:schemas:core:2.0:User:userName eq "{name}"', 1),
        ('userName sw "{start}" and active eq true', 1),
        ('externalId eq "E-7"', 1),
        ('externalId eq "e-7"', 0),
        ('emails[type eq "work" and value co "@agency"]', 2),
        ('emails.value eq "{name}"', 1),
        ('name.familyName eq "rossi" and not (userName eq "admin")', 1),
        ('id eq "{id}"', 1),
        ('id eq "x"', 0),
        ("externalId pr", 1),
        ("not (externalId pr)", 1),
        ('meta.created gt "2020-01-01T00:00:00Z"', 2),
        ('userName eq "a" or userName eq "{name}"', 1),
        ('userName eq "\'; DROP TABLE users; --"', 0),
        ('userName eq "%"', 0),
        ('externalId eq "\\u0000" or userName eq "\\ud800"', 0),
        ('externalId eq "\\u0000"', 0),
        ("displayName eq null", 2),
        ('groups.value eq "x"', 0),
    ],
)
async def test_filters_find_whom_they_describe(agency: Agency, expression: str, found: int) -> None:
    directory = await connect(agency)
    user = await directory.add_user(externalId="E-7")
    name = user["userName"]
    text = expression.replace("{name}", name).replace("{upper}", name.upper()).replace("{start}", name[:6])
    page = await directory.search("/Users", filter=text.replace("{id}", user["id"]))
    assert (page["schemas"], page["totalResults"], len(page["Resources"])) == ([LIST], found, found)


@pytest.mark.parametrize(
    "expression",
    [
        "userName",
        'userName eq "x" and',
        'userName like "x"',
        'shoeSize eq "x"',
        'emails[shoeSize eq "x"]',
        "active gt true",
        "userName eq 5",
        "(" * 200,
        '(userName eq "x"',
        "not userName pr",
        "userName eq 'x'",
        "1 = 1",
    ],
)
async def test_a_filter_that_cannot_be_evaluated_is_refused(agency: Agency, expression: str) -> None:
    directory = await connect(agency)
    status, error = await directory.call("GET", f"/Users?filter={quote(expression)}")
    assert (status, error["scimType"], error["status"]) == (400, "invalidFilter", "400")


async def test_pages_add_up(agency: Agency) -> None:
    directory = await connect(agency)
    made = [(await directory.add_user())["id"] for _ in range(5)]
    ids = [str(agency.administrator_id), *made]
    seen = list[str]()
    for start in range(1, 8, 2):
        page = await directory.search("/Users", startIndex=start, count=2)
        assert (page["totalResults"], page["startIndex"]) == (6, start)
        assert page["itemsPerPage"] == len(page["Resources"]) == max(0, min(2, 7 - start))
        seen += [one["id"] for one in page["Resources"]]
    assert seen == ids
    for odd in ({"startIndex": 0}, {"startIndex": -3}, {"count": 1000}):
        assert [one["id"] for one in (await directory.search("/Users", **odd))["Resources"]] == ids
    assert (await directory.search("/Users", count=0))["Resources"] == []
    assert (await directory.search("/Users", count=-1))["totalResults"] == 6
    assert (await directory.call("GET", "/Users?count=x"))[0] == 400


async def test_sorted_pages_are_sorted(agency: Agency) -> None:
    directory = await connect(agency)
    for name in ("beta", "Alfa", "gamma"):
        await directory.add_user(userName=name)
    page = await directory.search("/Users", sortBy="userName", count=3)
    assert [one["userName"] for one in page["Resources"]] == ["admin", "Alfa", "beta"]
    page = await directory.search("/Users", sortBy="userName", sortOrder="descending", count=1)
    assert [one["userName"] for one in page["Resources"]] == ["gamma"]
    status, error = await directory.call("GET", "/Users?sortBy=shoeSize")
    assert (status, error["scimType"]) == (400, "invalidPath")


async def test_only_what_was_asked_for_is_shown(agency: Agency) -> None:
    directory = await connect(agency)
    user = await directory.add_user()
    _, shown = await directory.call("GET", f"/Users/{user['id']}?attributes=userName,name.givenName")
    assert shown == {
        "schemas": [USER],
        "id": user["id"],
        "userName": user["userName"],
        "name": {"givenName": "Gina"},
    }
    group = await directory.add_group(user["id"])
    page = await directory.search("/Groups", excludedAttributes="members")
    assert [(one["id"], "members" in one) for one in page["Resources"]] == [(group["id"], False)]
    status, _ = await directory.call("GET", "/Users?attributes=userName&excludedAttributes=name")
    assert status == 400


async def test_groups_are_teams(agency: Agency) -> None:
    directory = await connect(agency)
    first, second = [await directory.add_user() for _ in range(2)]
    group = await directory.add_group(first["id"], str(uuid4()), "nobody", externalId="g-1")
    assert [member["value"] for member in group["members"]] == [first["id"]]
    path = f"/Groups/{group['id']}"
    _, group = await directory.patch(path, {"op": "add", "path": "members", "value": [{"value": second["id"]}]})
    assert {member["value"] for member in group["members"]} == {first["id"], second["id"]}
    _, teams = await agency.call("GET", "/v1/teams")
    assert [(team["name"], set(team["members"])) for team in teams["items"]] == [
        (group["displayName"], {first["id"], second["id"]})
    ]
    _, shown = await directory.call("GET", f"/Users/{second['id']}")
    assert [(one["value"], one["display"]) for one in shown["groups"]] == [(group["id"], group["displayName"])]
    page = await directory.search("/Groups", filter=f'members.value eq "{second["id"]}" and displayName pr')
    assert page["totalResults"] == 1
    status, error = await directory.call("POST", "/Groups", {"schemas": [GROUP], "displayName": group["displayName"]})
    assert (status, error["scimType"]) == (409, "uniqueness")
    _, group = await directory.call("PUT", path, {"schemas": [GROUP], "displayName": "Renamed"})
    assert (group["displayName"], group.get("members")) == ("Renamed", None)
    assert (await directory.call("DELETE", path))[0] == 204
    assert (await directory.call("GET", path))[0] == 404


async def test_members_whom_the_directory_does_not_see_stay(agency: Agency) -> None:
    directory = await connect(agency)
    user, other = [await directory.add_user() for _ in range(2)]
    technician = await agency.add_user(
        kind="external_technician",
        telephone="+39 0583 1234",
        ends_at=(datetime.now(UTC) + timedelta(days=1)).isoformat(),
    )
    sub_account = {
        "userid": "carla",
        "code": "CN",
        "given_name": "Carla",
        "family_name": "Neri",
        "email": "carla@client.example",
    }
    _, contact = await agency.call("PUT", f"/v1/sub-accounts/{uuid4()}", sub_account)
    outside = {technician["id"], contact["user_id"]}
    _, team = await agency.call("POST", "/v1/teams", {"name": "T", "members": [user["id"], *outside]})
    _, group = await directory.call("GET", f"/Groups/{team['id']}")
    assert [member["value"] for member in group["members"]] == [user["id"]]
    for unseen in outside:
        assert (await directory.call("GET", f"/Users/{unseen}"))[0] == 404
        assert (await directory.call("DELETE", f"/Users/{unseen}"))[0] == 404
    status, error = await directory.call("POST", "/Users", user_fields(userName="carla"))
    assert (status, error["scimType"]) == (409, "uniqueness")
    body = {"schemas": [GROUP], "displayName": "T", "members": [{"value": other["id"]}]}
    await directory.call("PUT", f"/Groups/{team['id']}", body)
    _, teams = await agency.call("GET", "/v1/teams")
    assert set(teams["items"][0]["members"]) == {other["id"], *outside}


async def test_parallel_additions_to_a_group_are_all_kept(agency: Agency) -> None:
    directory = await connect(agency)
    people = [(await directory.add_user())["id"] for _ in range(8)]
    group = await directory.add_group()
    answers = await asyncio.gather(
        *(
            directory.patch(f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": [{"value": one}]})
            for one in people
        )
    )
    assert {status for status, _ in answers} == {200}
    _, group = await directory.call("GET", f"/Groups/{group['id']}")
    assert {member["value"] for member in group["members"]} == set(people)


async def test_people_and_teams_are_searched_together(agency: Agency) -> None:
    directory = await connect(agency)
    user = await directory.add_user(displayName="Common")
    group = await directory.add_group(displayName="Common")
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": 'displayName eq "common"'}
    status, page = await directory.call("POST", "/.search", body)
    assert (status, {one["id"] for one in page["Resources"]}) == (200, {user["id"], group["id"]})
    status, page = await directory.call("POST", "/Users/.search", body)
    assert (status, [one["id"] for one in page["Resources"]]) == (200, [user["id"]])


async def test_the_description_of_the_service_is_complete(agency: Agency) -> None:
    directory = await connect(agency)
    _, config = await directory.call("GET", "/ServiceProviderConfig")
    assert config["patch"] == config["sort"] == config["etag"] == {"supported": True}
    assert config["bulk"] == {"supported": True, "maxOperations": 100, "maxPayloadSize": 1048576}
    assert config["filter"] == {"supported": True, "maxResults": 200}
    assert config["changePassword"] == {"supported": False}
    _, types = await directory.call("GET", "/ResourceTypes")
    assert [(one["id"], one["endpoint"]) for one in types["Resources"]] == [("User", "/Users"), ("Group", "/Groups")]
    _, schema = await directory.call("GET", f"/Schemas/{USER}")
    names = {one["name"] for one in schema["attributes"]}
    assert names == {"userName", "name", "displayName", "active", "emails", "groups"}
    for path in ("/Schemas/urn:none", "/ResourceTypes/Shoe", "/Shoes"):
        status, error = await directory.call("GET", path)
        assert (status, error["schemas"]) == (404, [ERROR])
    assert (await directory.call("GET", "/Schemas?filter=id%20pr"))[0] == 403
    status, error = await directory.call("GET", "/Me")
    assert (status, error["schemas"], error["status"]) == (501, [ERROR], "501")


async def test_another_agencys_token_sees_and_changes_nothing(
    agency: Agency, http: aiohttp.ClientSession, identity_url: str, authz: StubAuthz
) -> None:
    directory = await connect(agency)
    other = await connect(await found_agency(http, identity_url, authz))
    user = await directory.add_user(externalId="shared")
    group = await directory.add_group(user["id"])
    theirs = await other.add_user(externalId="shared", userName=user["userName"], emails=user["emails"])
    assert theirs["id"] != user["id"]
    for path in (f"/Users/{user['id']}", f"/Groups/{group['id']}"):
        assert (await other.call("GET", path))[0] == 404
        assert (await other.call("DELETE", path))[0] == 404
        assert (await other.patch(path, {"op": "replace", "path": "displayName", "value": "X"}))[0] == 404
        body = {**user_fields(), "displayName": "X", "schemas": [USER, GROUP]}
        assert (await other.call("PUT", path, body))[0] == 404
    page = await other.search("/Users", filter='externalId eq "shared"')
    assert [one["id"] for one in page["Resources"]] == [theirs["id"]]
    assert (await other.search("/Groups"))["totalResults"] == 0
    stolen = await other.add_group(user["id"], theirs["id"])
    assert [member["value"] for member in stolen["members"]] == [theirs["id"]]
    assert (await directory.call("GET", f"/Users/{user['id']}"))[1]["groups"][0]["value"] == group["id"]


async def test_whoever_has_no_good_token_gets_one_answer(agency: Agency) -> None:
    directory = await connect(agency)
    bearer = agency.headers["Authorization"].removeprefix("Bearer ")
    user = await agency.add_user()
    await agency.activate(user["id"])
    ends_at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    fields = {"name": "P", "scopes": ["api"], "acts_for": user["id"], "ends_at": ends_at}
    _, api = await agency.call("POST", "/v1/machine-tokens", fields)
    _, revoked = await agency.call("POST", "/v1/machine-tokens", {**fields, "scopes": ["scim"], "acts_for": None})
    await agency.call("DELETE", f"/v1/machine-tokens/{revoked['id']}")
    answers = [
        await Directory(agency, token).call("GET", "/Users")
        for token in (bearer, api["token"], revoked["token"], directory.token[:-2], "khm_", "x", PASSWORD)
    ]
    assert {(status, error["detail"]) for status, error in answers} == {(401, "The token is not valid here.")}
    async with agency.http.get(f"{directory.url}/Users") as response:
        assert (response.status, response.headers["WWW-Authenticate"]) == (401, "Bearer")
    elsewhere = await connect(agency, cidrs=["192.0.2.0/24"])
    status, error = await elsewhere.call("GET", "/Users")
    assert (status, error["schemas"]) == (403, [ERROR])
    assert (await elsewhere.call("GET", "/Users", headers={"X-Real-IP": "192.0.2.7"}))[0] == 200


@pytest.mark.catalogue("MG-2")
async def test_what_only_the_directory_says_is_noted_too(agency: Agency) -> None:
    directory = await connect(agency)
    user = await directory.add_user()
    group = await directory.add_group()
    for path, name in ((f"/Users/{user['id']}", "displayName"), (f"/Groups/{group['id']}", "externalId")):
        for value in ("first", "second", "second"):
            status, answer = await directory.patch(path, {"op": "replace", "path": name, "value": value})
            assert status == 200, answer
    await directory.patch(f"/Users/{user['id']}", {"op": "replace", "path": "externalId", "value": "0007"})
    _, of_user = await agency.call("GET", f"/v1/audit-entries?subject_id={user['id']}")
    _, of_group = await agency.call("GET", f"/v1/audit-entries?subject_id={group['id']}")
    noted = [(one["kind"], one["before"], one["after"]) for one in [*of_user["items"], *of_group["items"]]]
    assert [one for one in noted if one[0].endswith(".changed")] == [
        ("user.changed", {"external_id": None}, {"external_id": "0007"}),
        ("user.changed", {"display_name": "first"}, {"display_name": "second"}),
        ("user.changed", {"display_name": None}, {"display_name": "first"}),
        ("team.changed", {"external_id": "first"}, {"external_id": "second"}),
        ("team.changed", {"external_id": None}, {"external_id": "first"}),
    ]


async def test_a_directory_is_named_as_the_author_of_what_it_does(agency: Agency) -> None:
    directory = await connect(agency)
    user = await directory.add_user()
    await directory.patch(f"/Users/{user['id']}", {"op": "replace", "path": "name.givenName", "value": "Nina"})
    _, tokens = await agency.call("GET", "/v1/machine-tokens")
    _, noted = await agency.call("GET", f"/v1/audit-entries?subject_id={user['id']}")
    assert {(entry["kind"], entry["author"], entry["actor_id"]) for entry in noted["items"]} == {
        ("user.created", "machine", tokens["items"][0]["id"]),
        ("user.changed", "machine", tokens["items"][0]["id"]),
    }
    await agency.add_user()
    _, noted = await agency.call("GET", "/v1/audit-entries?limit=1")
    assert noted["items"][0]["author"] == "person"
