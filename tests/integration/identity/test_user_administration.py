"""Administering people: made and edited from the list of all, by administrators alone."""

from typing import Any
from uuid import uuid4

import pytest

from tests.integration.identity.conftest import Agency
from tests.integration.identity.test_agent_cards import CARD, at
from tests.integration.identity.test_audit_trail import bearer

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.catalogue("MG-3", "MG-7")
async def test_people_are_made_and_edited_from_the_list_of_all(agency: Agency) -> None:
    made = [await agency.add_user(principal_offices=[str(agency.office_id)]) for _ in range(3)]
    _, page = await agency.call("GET", "/v1/users")
    assert [user["id"] for user in page["items"]] == [
        *(user["id"] for user in reversed(made)),
        str(agency.administrator_id),
    ]
    for user in page["items"][:3]:
        assert user["principal_offices"] == [str(agency.office_id)]
        change = {"given_name": "Gianna"}
        status, changed = await agency.call("PATCH", f"/v1/users/{user['id']}", change, at(user["version"]))
        assert (status, changed["given_name"]) == (200, "Gianna")
    _, page = await agency.call("GET", "/v1/users")
    assert [user["given_name"] for user in page["items"]] == ["Gianna", "Gianna", "Gianna", "Ada"]


@pytest.mark.catalogue("AM-5", "AM-11")
async def test_only_an_administrator_adds_changes_and_removes_people(agency: Agency) -> None:
    user, other = await agency.add_user(), await agency.add_user()
    await agency.activate(user["id"])
    own = await bearer(agency, user)
    name = uuid4().hex[:8]
    new = {
        "userid": name,
        "code": name,
        "given_name": "Ugo",
        "family_name": "Blu",
        "email": f"{name}@agency.example",
    }
    path = f"/v1/users/{other['id']}"
    calls: list[tuple[str, str, dict[str, Any] | None]] = [
        ("POST", "/v1/users", new),
        ("PATCH", path, {"given_name": "X"}),
        ("PUT", f"{path}/state", {"state": "ghost"}),
        ("PUT", f"{path}/assignments", {"principal_offices": [], "secondary_offices": []}),
        ("PUT", f"{path}/card", CARD),
        ("POST", f"{path}/activation-mail", None),
        ("GET", "/v1/licence", None),
    ]
    for method, what, body in calls:
        status, problem = await agency.call(method, what, body, {**own, **at(1)})
        assert (status, problem["code"]) == (403, "permission_missing"), what
    assert (await agency.call("GET", path))[1] == other
    assert (await agency.call("PUT", f"{path}/state", {"state": "ghost"}, at(1)))[0] == 200
