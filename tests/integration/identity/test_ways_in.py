"""Nobody becomes an administrator by laying hands on how one gets in."""

from typing import Any, Final
from uuid import UUID, uuid4

import pytest

from tests.integration.identity.conftest import Agency
from tests.integration.identity.test_agent_cards import at
from tests.integration.identity.test_audit_trail import bearer
from tests.integration.identity.test_second_factor import with_app
from tests.integration.identity.test_sub_accounts import fields
from tests.support.stub_authz import StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")
MANAGE: Final = "admin.agents.manage"
RIGHTS: Final = "admin.permissions.manage"
MOVES: Final = {
    "provisioned": (),
    "active": ("active",),
    "suspended": ("active", "suspended"),
    "ghost": ("active", "ghost"),
}
EMAIL: Final = ("PATCH", "", {"email": "mine@clerk.example"}, 200)
USERID: Final = ("PATCH", "", {"userid": "corrected"}, 200)
INVITED: Final = ("PUT", "/state", {"state": "provisioned"}, 200)
WAYS: Final = [
    ("provisioned", *EMAIL),
    ("provisioned", "POST", "/activation-mail", None, 202),
    ("active", *EMAIL),
    ("active", *USERID),
    ("active", "POST", "/password-reset-mail", None, 202),
    ("active", "DELETE", "/second-factor", None, 204),
    ("suspended", *EMAIL),
    ("suspended", *USERID),
    ("suspended", *INVITED),
    ("ghost", *EMAIL),
    ("ghost", *INVITED),
]


async def clerk_of(agency: Agency, authz: StubAuthz) -> dict[str, str]:
    """Return the bearer of a colleague who manages people and not rights."""
    clerk = await agency.add_user()
    assert (await agency.activate(clerk["id"]))[0] == 204
    authz.give_all(agency.tenant_id, UUID(clerk["id"]), MANAGE)
    return await bearer(agency, clerk)


async def brought(agency: Agency, state: str) -> dict[str, Any]:
    """Return a colleague in a state; one who is active has a second factor."""
    if state == "active":
        user = (await with_app(agency)).user
    else:
        user = await agency.add_user()
    path = f"/v1/users/{user['id']}"
    for move in MOVES[state]:
        if move != "active":
            shown = (await agency.call("GET", path))[1]
            assert (await agency.call("PUT", f"{path}/state", {"state": move}, at(shown["version"])))[0] == 200
        elif state != "active":
            assert (await agency.activate(user["id"]))[0] == 204
    return (await agency.call("GET", path))[1]


@pytest.mark.parametrize(("state", "method", "where", "body", "status"), WAYS)
async def test_the_way_in_of_who_manages_rights_is_changed_by_who_manages_them_alone(
    agency: Agency, authz: StubAuthz, state: str, method: str, where: str, body: object, status: int
) -> None:
    clerk = await clerk_of(agency, authz)
    user = await brought(agency, state)
    authz.give_all(agency.tenant_id, UUID(user["id"]), MANAGE, RIGHTS)
    path = f"/v1/users/{user['id']}"

    refused, problem = await agency.call(method, path + where, body, {**clerk, **at(user["version"])})
    assert (refused, problem["code"], RIGHTS in problem["detail"]) == (403, "permission_missing", True)
    assert (await agency.call("GET", path))[1] == user
    assert (await agency.call(method, path + where, body, at(user["version"])))[0] == status


@pytest.mark.parametrize(("state", "method", "where", "body", "status"), WAYS)
async def test_who_manages_people_changes_the_way_in_of_everybody_else(
    agency: Agency, authz: StubAuthz, state: str, method: str, where: str, body: object, status: int
) -> None:
    clerk = await clerk_of(agency, authz)
    user = await brought(agency, state)
    authz.give_all(agency.tenant_id, UUID(user["id"]), MANAGE, "listings.read")
    sent = {**clerk, **at(user["version"])}
    assert (await agency.call(method, f"/v1/users/{user['id']}{where}", body, sent))[0] == status
    unknown, _ = await agency.call(method, f"/v1/users/{uuid4()}{where}", body, sent)
    assert unknown == 404


async def test_what_is_no_way_in_stays_with_who_manages_people(agency: Agency, authz: StubAuthz) -> None:
    clerk = await clerk_of(agency, authz)
    user = await brought(agency, "suspended")
    authz.give_all(agency.tenant_id, UUID(user["id"]), MANAGE, RIGHTS)
    path, sent = f"/v1/users/{user['id']}", {**clerk, **at(user["version"])}
    status, changed = await agency.call("PATCH", path, {"given_name": "Nina"}, sent)
    assert (status, changed["given_name"]) == (200, "Nina")
    assert (await agency.call("PUT", f"{path}/state", {"state": "active"}, {**clerk, **at(4)}))[0] == 200


async def test_with_authz_away_no_way_in_is_changed(agency: Agency, authz: StubAuthz) -> None:
    clerk = await clerk_of(agency, authz)
    user = await brought(agency, "provisioned")
    path, body = f"/v1/users/{user['id']}", {"email": "mine@clerk.example"}
    assert (await agency.call("GET", "/v1/licence", headers=clerk))[0] == 200  # the clerk's own rights are known
    authz.down = True
    try:
        assert (await agency.call("PATCH", path, body, {**clerk, **at(1)}))[0] == 503
    finally:
        authz.down = False
    assert (await agency.call("GET", path))[1] == user


async def test_the_account_of_a_contact_who_managed_rights_is_given_back_by_who_manages_them(
    agency: Agency, authz: StubAuthz
) -> None:
    clerk = await clerk_of(agency, authz)
    path = f"/v1/sub-accounts/{uuid4()}"
    _, account = await agency.call("PUT", path, fields())
    authz.give_all(agency.tenant_id, UUID(account["user_id"]), RIGHTS)
    assert (await agency.call("DELETE", path, headers=at(1)))[0] == 204
    mine = fields(email="mine@clerk.example")
    assert (await agency.call("PUT", path, mine, clerk))[1]["code"] == "permission_missing"
    assert (await agency.call("GET", path))[1]["granted"] is False
    assert (await agency.call("PUT", path, mine))[0] == 200
    assert (await agency.call("PUT", f"/v1/sub-accounts/{uuid4()}", fields(), clerk))[0] == 200
