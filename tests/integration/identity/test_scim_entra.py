"""How Entra ID and Okta really speak SCIM: each of their departures from the standard, one by one."""

from typing import Any
from uuid import uuid4

import pytest

from tests.integration.identity.conftest import Agency
from tests.integration.identity.directory import ENTERPRISE, USER, Directory, connect, user_fields

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def provisioned(agency: Agency) -> tuple[Directory, dict[str, Any]]:
    directory = await connect(agency)
    return directory, await directory.add_user()


@pytest.mark.parametrize("op", ["Replace", "REPLACE", "Add", "replace"])
@pytest.mark.parametrize("value", [False, "False", "false"])
async def test_operations_in_any_case_and_truth_as_text(agency: Agency, op: str, value: object) -> None:
    directory, user = await provisioned(agency)
    status, user = await directory.patch(f"/Users/{user['id']}", {"op": op, "path": "active", "value": value})
    assert (status, user["active"]) == (200, False)


async def test_truth_as_text_in_a_new_user(agency: Agency) -> None:
    directory = await connect(agency)
    assert (await directory.add_user(active="False"))["active"] is False
    assert (await directory.add_user(active="True"))["active"] is True


async def test_a_replacement_without_a_path_by_dotted_and_qualified_names(agency: Agency) -> None:
    directory, user = await provisioned(agency)
    status, user = await directory.patch(
        f"/Users/{user['id']}",
        {
            "op": "replace",
            "value": {
                "active": "False",
                "displayName": "N. Neri",
                "name.givenName": "Nina",
                f"{USER}:name.familyName": "Neri",
            },
        },
    )
    assert status == 200
    assert (user["active"], user["displayName"]) == (False, "N. Neri")
    assert user["name"] == {"givenName": "Nina", "familyName": "Neri"}


async def test_an_address_by_its_type(agency: Agency) -> None:
    directory, user = await provisioned(agency)
    address = f"{uuid4().hex[:8]}@agency.example"
    status, user = await directory.patch(
        f"/Users/{user['id']}", {"op": "Replace", "path": 'emails[type eq "work"].value', "value": address}
    )
    assert (status, [one["value"] for one in user["emails"]]) == (200, [address])


async def test_an_address_by_its_being_primary(agency: Agency) -> None:
    directory, user = await provisioned(agency)
    address = f"{uuid4().hex[:8]}@agency.example"
    status, user = await directory.patch(
        f"/Users/{user['id']}", {"op": "replace", "path": "emails[primary eq true].value", "value": address}
    )
    assert (status, [one["value"] for one in user["emails"]]) == (200, [address])


async def test_an_address_that_is_not_there_yet_is_described_by_the_path(agency: Agency) -> None:
    directory, user = await provisioned(agency)
    kept = user["emails"]
    status, user = await directory.patch(
        f"/Users/{user['id']}", {"op": "Add", "path": 'emails[type eq "home"].value', "value": "home@agency.example"}
    )
    assert (status, user["emails"]) == (200, kept)


async def test_the_primary_address_is_kept_of_many(agency: Agency) -> None:
    directory = await connect(agency)
    name = uuid4().hex[:8]
    emails = [
        {"value": f"{name}-home@agency.example", "type": "home"},
        {"value": f"{name}@agency.example", "type": "other", "primary": True},
        {"value": f"{name}-work@agency.example", "type": "work"},
    ]
    user = await directory.add_user(emails=emails)
    assert user["emails"] == [{"value": f"{name}@agency.example", "type": "work", "primary": True}]


async def test_attributes_that_are_not_kept_are_ignored(agency: Agency) -> None:
    directory = await connect(agency)
    user = await directory.add_user(
        schemas=[USER, ENTERPRISE],
        title="Agent",
        password="Chosen4you",
        preferredLanguage="it",
        phoneNumbers=[{"type": "mobile", "value": "+39 055 1"}],
        roles=[],
        groups=[{"value": "x"}],
        meta={"resourceType": "User"},
        **{ENTERPRISE: {"department": "Sales", "manager": {"value": "1"}}},
    )
    assert not {"title", "password", "phoneNumbers", ENTERPRISE} & user.keys()
    status, same = await directory.patch(
        f"/Users/{user['id']}",
        {"op": "Add", "path": "title", "value": "Boss"},
        {"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "1"},
        {"op": "Replace", "path": f"{ENTERPRISE}:department", "value": "Sales"},
        {"op": "Replace", "path": f"{ENTERPRISE}:manager", "value": "1"},
        {"op": "replace", "value": {f"{ENTERPRISE}:department": "x", "nickName": "G"}},
    )
    assert (status, same) == (200, user)


async def test_members_are_removed_by_a_filter_in_the_path(agency: Agency) -> None:
    directory, user = await provisioned(agency)
    other = await directory.add_user()
    group = await directory.add_group(user["id"], other["id"])
    status, group = await directory.patch(
        f"/Groups/{group['id']}", {"op": "Remove", "path": f'members[value eq "{user["id"]}"]'}
    )
    assert (status, [one["value"] for one in group["members"]]) == (200, [other["id"]])


async def test_members_are_removed_by_a_list_of_values(agency: Agency) -> None:
    directory, user = await provisioned(agency)
    others = [await directory.add_user() for _ in range(2)]
    group = await directory.add_group(user["id"], *(one["id"] for one in others))
    status, group = await directory.patch(
        f"/Groups/{group['id']}",
        {"op": "Remove", "path": "members", "value": [{"value": user["id"]}, {"value": others[0]["id"]}]},
    )
    assert (status, [one["value"] for one in group["members"]]) == (200, [others[1]["id"]])


async def test_members_are_all_removed_by_the_bare_path(agency: Agency) -> None:
    directory, user = await provisioned(agency)
    group = await directory.add_group(user["id"])
    status, group = await directory.patch(f"/Groups/{group['id']}", {"op": "Remove", "path": "members"})
    assert (status, group.get("members")) == (200, None)


async def test_members_are_added_one_by_one_and_twice(agency: Agency) -> None:
    directory, user = await provisioned(agency)
    group = await directory.add_group()
    for _ in range(2):
        status, group = await directory.patch(
            f"/Groups/{group['id']}", {"op": "Add", "path": "members", "value": [{"$ref": None, "value": user["id"]}]}
        )
        assert (status, [one["value"] for one in group["members"]]) == (200, [user["id"]])


async def test_a_group_is_renamed_by_a_replacement_with_its_id(agency: Agency) -> None:
    """Okta names the id beside what it changes."""
    directory, _ = await provisioned(agency)
    group = await directory.add_group()
    status, group = await directory.patch(
        f"/Groups/{group['id']}", {"op": "replace", "value": {"id": group["id"], "displayName": "Sales"}}
    )
    assert (status, group["displayName"]) == (200, "Sales")


async def test_the_probe_of_the_connection_finds_nobody(agency: Agency) -> None:
    """Entra asks for a user who cannot exist, and takes a list without resources for a good connection."""
    directory, _ = await provisioned(agency)
    page = await directory.search("/Users", filter=f'userName eq "{uuid4()}"')
    assert (page["totalResults"], page["Resources"]) == (0, [])


async def test_a_user_is_matched_by_name_or_external_id(agency: Agency) -> None:
    directory = await connect(agency)
    user = await directory.add_user(externalId="7f3a")
    for expression in (f'userName eq "{user["userName"].upper()}"', 'externalId eq "7f3a"'):
        page = await directory.search("/Users", filter=expression)
        assert [one["id"] for one in page["Resources"]] == [user["id"]]


async def test_a_group_is_matched_without_its_members(agency: Agency) -> None:
    directory, user = await provisioned(agency)
    group = await directory.add_group(user["id"], displayName="Sales")
    page = await directory.search("/Groups", filter='displayName eq "sales"', excludedAttributes="members")
    assert [(one["id"], one.get("members")) for one in page["Resources"]] == [(group["id"], None)]
    page = await directory.search("/Groups", filter=f'id eq "{group["id"]}" and members eq "{user["id"]}"')
    assert page["totalResults"] == 1


async def test_plain_json_is_taken_and_names_in_any_case(agency: Agency) -> None:
    directory = await connect(agency)
    sent = {name[0].upper() + name[1:] if name != "schemas" else name: value for name, value in user_fields().items()}
    status, user = await directory.call(
        "POST", "/Users", sent, {"Content-Type": "application/json; charset=utf-8", "Accept": "application/json"}
    )
    assert (status, user["userName"]) == (201, sent["UserName"])


@pytest.mark.parametrize(
    ("operation", "scim_type"),
    [
        ({"op": "move", "path": "active"}, "invalidValue"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "remove", "path": "userName"}, "mutability"),
        ({"op": "remove", "path": "emails"}, "mutability"),
        ({"op": "replace", "path": "id", "value": "x"}, "mutability"),
        ({"op": "replace", "path": "groups", "value": []}, "mutability"),
        ({"op": "replace", "path": "meta.created", "value": "2020-01-01T00:00:00Z"}, "mutability"),
        ({"op": "replace", "path": "emails[", "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": "active", "value": "perhaps"}, "invalidValue"),
        ({"op": "replace", "path": "name.givenName", "value": {"a": 1}}, "invalidValue"),
        ({"op": "replace", "path": "userName", "value": "a b"}, "invalidValue"),
        ({"op": "replace", "path": "displayName"}, "invalidValue"),
        ({"path": "active", "value": False}, "invalidValue"),
    ],
)
async def test_a_patch_that_cannot_be_changes_nothing_not_even_what_could(
    agency: Agency, operation: dict[str, object], scim_type: str
) -> None:
    directory, user = await provisioned(agency)
    could = {"op": "replace", "path": "displayName", "value": "G"}
    status, error = await directory.patch(f"/Users/{user['id']}", could, operation)
    assert (status, error["scimType"]) == (400, scim_type), error
    assert (await directory.call("GET", f"/Users/{user['id']}"))[1] == user


async def test_an_empty_patch_is_refused(agency: Agency) -> None:
    directory, user = await provisioned(agency)
    assert (await directory.patch(f"/Users/{user['id']}"))[0] == 400
    assert (await directory.call("PATCH", f"/Users/{user['id']}", {"Operations": "x"}))[0] == 400
