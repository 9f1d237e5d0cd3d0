"""Permission groups over HTTP: what is accepted, what is refused and why, and who is told."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.authz.adapters.catalogue_file import permission_catalogue
from tests.integration.authz.conftest import MANAGE, Agency

pytestmark = pytest.mark.asyncio(loop_scope="session")
READ_OWN = {"key": "listings.read", "reach": "own"}


async def scopes_of(agency: Agency, person: UUID) -> dict[str, Any]:
    return (await agency.call("GET", "/v1/users/" + str(person) + "/access")).body["scopes"]


@pytest.mark.catalogue("IMO-B6")
async def test_anybody_signed_in_reads_the_permission_catalogue(agency: Agency) -> None:
    answer = await agency.call("GET", "/v1/permissions", by=uuid4())

    assert [item["key"] for item in answer.body["items"]] == list(permission_catalogue())
    read = next(item for item in answer.body["items"] if item["key"] == "listings.read")
    assert (read["class"], read["switch"], read["scoped"]) == ("read", None, True)
    assert read["offered"].keys() == {"all", "branch", "own"}
    assert read["name"].keys() == {"en", "it", "pl", "de", "fr"}


@pytest.mark.catalogue("IMO-B1", "IMO-B2", "IMO-B5")
async def test_a_group_is_made_filled_and_holds_for_its_members(agency: Agency) -> None:
    person = await agency.person()
    made = await agency.call("POST", "/v1/groups", {"name": "  Letting  ", "is_employee_group": True})
    assert (made.status, made.headers["Etag"]) == (201, '"1"')
    assert made.headers["Location"] == f"/v1/groups/{made.body['id']}"
    assert (made.body["name"], made.body["is_employee_group"]) == ("Letting", True)

    office = {"key": "listings.read", "reach": "office", "reach_id": str(agency.office_id), "view": "public"}
    group = await agency.put(made.body, "/grants", {"grants": [office]})
    group = await agency.put(group, f"/members/{person}", {})

    shown = await agency.call("GET", f"/v1/groups/{group['id']}")
    assert shown.headers["Etag"] == '"3"'
    assert shown.body["grants"] == [{**office, "expires_at": None}]
    assert shown.body["members"] == [{"user_id": str(person), "expires_at": None}]
    scope = (await scopes_of(agency, person))["listings.read"]
    assert (scope["public_offices"], scope["everything"], scope["own"]) == ([str(agency.office_id)], None, False)


@pytest.mark.catalogue("IMO-B7", "IMO-B9")
async def test_one_holds_what_all_ones_groups_hold_and_is_told_why(agency: Agency) -> None:
    person = await agency.person()
    own = await agency.group(READ_OWN, members=(person,))
    office = await agency.group({"key": "listings.read", "reach": "principal"}, members=(person,))

    answer = await agency.call("POST", "/v1/scope-queries", {"keys": ["listings.read", "listings.list"]}, by=person)

    read, listed = answer.body["items"]
    assert (read["scope"]["own"], read["scope"]["offices"]) == (True, [str(agency.office_id)])
    assert {(source["holder_id"], source["reach"]) for source in read["sources"]} == {
        (own["id"], "own"),
        (office["id"], "principal"),
    }
    assert listed["sources"] == []
    assert not any(listed["scope"].values())


async def test_the_groups_are_listed_in_pages_newest_first(agency: Agency) -> None:
    made = [(await agency.group())["id"] for _ in range(4)]

    first = (await agency.call("GET", "/v1/groups?limit=5")).body
    second = (await agency.call("GET", f"/v1/groups?limit=5&cursor={first['next']}")).body

    found = first["items"] + second["items"]
    assert [group["id"] for group in found][:4] == made[::-1]
    starting = {group["code"]: group for group in found[4:]}
    assert {code: group["name"] for code, group in starting.items()} == {
        "administrators": "Amministratori",
        "office_managers": "Responsabili d'ufficio",
        "agents": "Agenti",
        "external_technicians": "Tecnici esterni",
    }
    assert starting["administrators"]["members"] == 1
    assert {group["code"] for group in found[:4]} == {None}
    assert second["next"] is None


async def test_a_group_is_renamed_and_removed(agency: Agency) -> None:
    person = await agency.person()
    group = await agency.group(READ_OWN, members=(person,))

    renamed = await agency.change(group, "PATCH", "", {"name": "Sales"})
    assert (renamed.status, renamed.body["name"], renamed.body["is_employee_group"]) == (200, "Sales", False)
    assert (await agency.change(renamed.body, "DELETE", "")).status == 204

    assert (await agency.call("GET", f"/v1/groups/{group['id']}")).status == 404
    assert await scopes_of(agency, person) == {}


@pytest.mark.catalogue("AM-14")
async def test_a_role_says_what_it_gives_access_to(agency: Agency) -> None:
    listed = (await agency.call("GET", "/v1/groups")).body["items"]
    assert listed
    assert all(group["description"] for group in listed)
    made = (await agency.call("POST", "/v1/groups", {"name": "Letting", "description": " Rented flats. "})).body
    assert made["description"] == "Rented flats."
    renamed = (await agency.change(made, "PATCH", "", {"name": "Lettings"})).body
    assert (renamed["name"], renamed["description"]) == ("Lettings", "Rented flats.")
    described = (await agency.change(renamed, "PATCH", "", {"description": ""})).body
    assert (described["name"], described["description"]) == ("Lettings", "")
    refused = await agency.call("POST", "/v1/groups", {"name": "Wordy", "description": "w" * 501})
    assert (refused.status, refused.errors) == (422, [("/description", "string_too_long")])


async def test_a_repeated_create_makes_one_group(agency: Agency) -> None:
    body = {"name": "Once"}
    first, again = [await agency.call("POST", "/v1/groups", body, Idempotency_Key="k1") for _ in range(2)]

    assert (first.status, again.status, first.body["id"]) == (201, 201, again.body["id"])
    reused = await agency.call("POST", "/v1/groups", {"name": "Twice"}, Idempotency_Key="k1")
    assert (reused.status, reused.code) == (409, "idempotency_key_reused")


async def test_two_groups_never_have_one_name(agency: Agency) -> None:
    group = await agency.group()

    for answer in (
        await agency.call("POST", "/v1/groups", {"name": "AGENTI"}),
        await agency.change(group, "PATCH", "", {"name": "agenti"}),
    ):
        assert (answer.status, answer.code) == (409, "group_name_taken")


@pytest.mark.parametrize(
    ("grant", "pointer", "code"),
    [
        ({"key": "listings.fly", "reach": "all"}, "/grants/0/key", "unknown_permission"),
        ({"key": "listings.create", "reach": "own"}, "/grants/0/reach", "reach_not_allowed"),
        ({"key": "listings.read", "reach": "galaxy"}, "/grants/0/reach", "enum"),
        ({"key": "listings.read", "reach": "office"}, "/grants/0/reach_id", "reach_id_missing"),
        (
            {"key": "listings.read", "reach": "all", "reach_id": str(uuid4())},
            "/grants/0/reach_id",
            "reach_id_not_allowed",
        ),
        ({"key": "listings.read", "reach": "office", "reach_id": str(uuid4())}, "/grants/0/reach_id", "unknown_office"),
        ({"key": "listings.read", "reach": "own", "view": "public"}, "/grants/0/view", "public_view_not_allowed"),
        (
            {"key": "listings.read", "reach": "all", "expires_at": "2027-01-01T00:00:00"},
            "/grants/0/expires_at",
            "timezone_aware",
        ),
        ({"key": "listings.read", "reach": "all", "until": None}, "/grants/0/until", "extra_forbidden"),
    ],
)
async def test_an_unsound_grant_is_refused_and_changes_nothing(
    agency: Agency, grant: dict[str, Any], pointer: str, code: str
) -> None:
    group = await agency.group(READ_OWN)

    answer = await agency.change(group, "PUT", "/grants", {"grants": [grant]})

    assert (answer.status, answer.errors) == (422, [(pointer, code)])
    assert (await agency.call("GET", f"/v1/groups/{group['id']}")).body == group


async def test_what_another_agency_has_cannot_be_named(agency: Agency, other_agency: Agency) -> None:
    group = await agency.group()
    grants = [
        {"key": "listings.read", "reach": "office", "reach_id": str(other_agency.office_id)},
        {"key": "listings.read", "reach": "user", "reach_id": str(other_agency.administrator_id)},
    ]

    answer = await agency.change(group, "PUT", "/grants", {"grants": grants})

    assert answer.errors == [("/grants/0/reach_id", "unknown_office"), ("/grants/1/reach_id", "unknown_user")]
    assert (await agency.change(group, "PUT", f"/members/{other_agency.administrator_id}", {})).status == 404


async def test_another_agencys_group_is_not_there(agency: Agency, other_agency: Agency) -> None:
    group = await other_agency.group(READ_OWN)

    answers = [
        await agency.call("GET", f"/v1/groups/{group['id']}"),
        await agency.change(group, "PATCH", "", {"name": "Mine"}),
        await agency.change(group, "DELETE", ""),
        await agency.change(group, "PUT", "/grants", {"grants": []}),
        await agency.change(group, "PUT", f"/members/{agency.administrator_id}", {}),
        await agency.change(group, "DELETE", f"/members/{agency.administrator_id}"),
        await agency.call("GET", f"/v1/users/{other_agency.administrator_id}/access"),
        await agency.call(
            "POST", "/v1/scope-queries", {"user_id": str(other_agency.administrator_id), "keys": ["listings.read"]}
        ),
    ]

    assert [answer.status for answer in answers] == [404] * len(answers)
    assert (await other_agency.call("GET", f"/v1/groups/{group['id']}")).body == group
    assert group["id"] not in str((await agency.call("GET", "/v1/groups?limit=200")).body)


NOTHING: dict[str, object] = {}
CHANGES: list[tuple[str, str, object]] = [
    ("PATCH", "", {"name": "New name"}),
    ("PUT", "/grants", {"grants": []}),
    ("DELETE", "", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
async def test_a_change_must_name_the_present_version(agency: Agency, method: str, path: str, body: object) -> None:
    group = await agency.group(READ_OWN)
    url = f"/v1/groups/{group['id']}{path}"

    assert (await agency.call(method, url, body)).status == 428
    for wrong in ('"1"', '"99"', "nonsense", "*"):
        assert (await agency.call(method, url, body, If_Match=wrong)).status == 412
    assert (await agency.call("GET", f"/v1/groups/{group['id']}")).body == group
    assert (await agency.change(group, method, path, body)).status < 300


async def test_an_empty_change_is_refused(agency: Agency) -> None:
    group = await agency.group()

    for body in ({}, {"name": None}, {"name": "   "}, {"colour": "red"}):
        assert (await agency.change(group, "PATCH", "", body)).status == 422


async def test_only_who_manages_permissions_changes_groups(agency: Agency) -> None:
    agent, clerk = await agency.person(), await agency.person()
    await agency.group(MANAGE[1], members=(clerk,))
    group = await agency.group(READ_OWN)

    for by in (agent, clerk, uuid4()):
        for method, path, body in (*CHANGES, ("PUT", f"/members/{by}", NOTHING), ("DELETE", f"/members/{by}", None)):
            answer = await agency.change(group, method, path, body, by=by)
            assert (answer.status, answer.code) == (403, "permission_missing")
        assert (await agency.call("POST", "/v1/groups", {"name": "Mine"}, by=by)).code == "permission_missing"
    assert (await agency.call("GET", "/v1/groups", by=clerk)).status == 200
    assert (await agency.call("GET", "/v1/groups", by=agent)).code == "permission_missing"


async def test_only_who_manages_agents_or_permissions_sees_other_peoples_rights(agency: Agency) -> None:
    agent, clerk = await agency.person(), await agency.person()
    await agency.group(MANAGE[1], members=(clerk,))
    about_clerk = {"user_id": str(clerk), "keys": ["listings.read"]}

    assert (await agency.call("GET", f"/v1/users/{clerk}/access", by=agent)).code == "permission_missing"
    assert (await agency.call("POST", "/v1/scope-queries", about_clerk, by=agent)).code == "permission_missing"
    assert (await agency.call("GET", f"/v1/users/{agent}/access", by=clerk)).status == 200
    assert (await agency.call("POST", "/v1/scope-queries", about_clerk, by=clerk)).status == 200
    assert (await agency.call("GET", "/v1/access", by=agent)).body["scopes"] == {}


async def test_a_question_about_an_unknown_permission_is_refused(agency: Agency) -> None:
    answer = await agency.call("POST", "/v1/scope-queries", {"keys": ["listings.read", "listings.fly"]})

    assert (answer.status, answer.errors) == (422, [("/keys/1", "unknown_permission")])
    assert (await agency.call("POST", "/v1/scope-queries", {"keys": []})).status == 422
    assert (await agency.call("POST", "/v1/scope-queries", {"keys": ["listings.read"] * 101})).status == 422


async def test_exactly_the_people_concerned_are_told_of_a_change(agency: Agency) -> None:
    one, two, _outsider = [await agency.person() for _ in range(3)]
    await agency.news()

    made = await agency.call("POST", "/v1/groups", {"name": "Sales"})
    granted = await agency.change(made.body, "PUT", "/grants", {"grants": [READ_OWN]})
    assert await agency.news() == []  # nobody is in it yet

    joined = await agency.change(granted.body, "PUT", f"/members/{one}", {})
    assert await agency.news() == [(frozenset({str(one)}), int(joined.headers["Access-Version"]))]
    group = await agency.put(joined.body, f"/members/{two}", {})
    await agency.news()

    renamed = await agency.change(group, "PATCH", "", {"name": "Letting"})
    same = await agency.change(renamed.body, "PUT", "/grants", {"grants": [READ_OWN]})
    again = await agency.change(same.body, "PUT", f"/members/{two}", {})
    assert await agency.news() == []  # nothing that they may do is different

    more = await agency.change(again.body, "PUT", "/grants", {"grants": [{**READ_OWN, "key": "listings.list"}]})
    assert await agency.news() == [(frozenset({str(one), str(two)}), int(more.headers["Access-Version"]))]

    left = await agency.change(more.body, "DELETE", f"/members/{one}")
    assert await agency.news() == [(frozenset({str(one)}), int(left.headers["Access-Version"]))]
    gone = await agency.change(left.body, "DELETE", "")
    assert await agency.news() == [(frozenset({str(two)}), int(gone.headers["Access-Version"]))]


async def test_every_change_has_a_higher_version_and_the_people_concerned_get_it(agency: Agency) -> None:
    person = await agency.person()
    group = await agency.group(READ_OWN)
    joined = await agency.change(group, "PUT", f"/members/{person}", {})
    renamed = await agency.change(joined.body, "PATCH", "", {"name": "Sales"})

    assert int(renamed.headers["Access-Version"]) > int(joined.headers["Access-Version"])
    access = await agency.call("GET", "/v1/access", by=person)
    assert access.body["version"] == int(joined.headers["Access-Version"])


async def test_a_refused_change_leaves_no_trace(agency: Agency) -> None:
    person = await agency.person()
    group = await agency.group(READ_OWN, members=(person,))
    before = await agency.call("GET", f"/v1/users/{person}/access")
    await agency.news()

    assert (await agency.change(group, "PUT", "/grants", {"grants": [{"key": "no", "reach": "all"}]})).status == 422

    assert (await agency.call("GET", f"/v1/users/{person}/access")).body == before.body
    assert await agency.news() == []


async def test_what_is_kept_keeps_who_gave_it(agency: Agency) -> None:
    clerk = await agency.person()
    await agency.group(MANAGE[0], {"key": "listings.list", "reach": "own"}, members=(clerk,))
    group = await agency.group(READ_OWN)

    grants = [READ_OWN, {"key": "listings.list", "reach": "own"}]
    assert (await agency.change(group, "PUT", "/grants", {"grants": grants}, by=clerk)).status == 200

    async with agency.db.transaction(agency.tenant_id) as tx:
        rows = await tx.rows(
            "SELECT key, granted_by FROM grants WHERE tenant_id = $1 AND holder_id = $2",
            agency.tenant_id,
            UUID(group["id"]),
        )
    assert {row["key"]: row["granted_by"] for row in rows} == {
        "listings.read": agency.administrator_id,
        "listings.list": clerk,
    }


async def test_a_membership_and_a_grant_end_by_themselves(agency: Agency) -> None:
    person, now = await agency.person(), datetime.now(UTC)
    soon, late, past = (now + timedelta(hours=1), now + timedelta(hours=2), now - timedelta(hours=1))
    group = await agency.group({**READ_OWN, "expires_at": late.isoformat()}, {"key": "listings.list", "reach": "own"})
    group = await agency.put(group, f"/members/{person}", {"expires_at": soon.isoformat()})

    access = (await agency.call("GET", "/v1/access", by=person)).body
    assert datetime.fromisoformat(access["not_after"]) == soon
    assert access["scopes"].keys() == {"listings.read", "listings.list"}

    await agency.put(group, f"/members/{person}", {"expires_at": past.isoformat()})
    access = (await agency.call("GET", "/v1/access", by=person)).body
    assert (access["not_after"], access["scopes"]) == (None, {})
