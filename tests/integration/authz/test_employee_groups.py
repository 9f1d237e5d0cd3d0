"""Who manages employee groups moves their members, and does nothing else to rights."""

from typing import Any
from uuid import UUID

import pytest

from tests.integration.authz.conftest import MANAGE, Agency

pytestmark = pytest.mark.asyncio(loop_scope="session")
MOVE = {"key": "admin.permissions.manage_employee_groups", "reach": "all"}
READ = {"key": "listings.read", "reach": "own"}


async def employees(agency: Agency, *grants: dict[str, Any], members: tuple[UUID, ...] = ()) -> Any:
    group = (await agency.change(await agency.group(), "PATCH", "", {"is_employee_group": True})).body
    group = await agency.put(group, "/grants", {"grants": list(grants)})
    for member in members:
        group = await agency.put(group, f"/members/{member}", {})
    return group


@pytest.mark.catalogue("IMO-B20")
async def test_a_manager_of_employee_groups_moves_members_and_nothing_else(agency: Agency) -> None:
    manager, person = await agency.person(), await agency.person()
    letting = await employees(agency, MOVE, READ, members=(manager,))
    readers, office = await employees(agency, READ), await agency.group(READ)

    listed = (await agency.call("GET", "/v1/groups", by=manager)).body["items"]
    assert {group["is_employee_group"] for group in listed} == {True}
    assert {letting["id"], readers["id"]} <= {group["id"] for group in listed}
    assert (await agency.call("GET", f"/v1/groups/{office['id']}", by=manager)).status == 404

    joined = await agency.change(readers, "PUT", f"/members/{person}", {}, by=manager)
    assert (joined.status, [member["user_id"] for member in joined.body["members"]]) == (200, [str(person)])
    left = await agency.change(joined.body, "DELETE", f"/members/{person}", by=manager)
    assert (left.status, left.body["members"]) == (200, [])

    hidden = await agency.change(office, "PUT", f"/members/{person}", {}, by=manager)
    assert (hidden.status, hidden.code) == (404, "not_found")
    for answer in (
        await agency.change(left.body, "PUT", "/grants", {"grants": []}, by=manager),
        await agency.change(left.body, "PATCH", "", {"name": "Mine"}, by=manager),
        await agency.change(left.body, "DELETE", "", by=manager),
        await agency.call("POST", "/v1/groups", {"name": "More"}, by=manager),
        await agency.change_rights(person, "PUT", "/grants", {"grants": []}, by=manager),
    ):
        assert (answer.status, answer.code) == (403, "permission_missing")


async def test_a_group_that_he_does_not_see_is_not_there_for_him_at_any_version(agency: Agency) -> None:
    manager, person = await agency.person(), await agency.person()
    await employees(agency, MOVE, members=(manager,))
    office = await agency.group(READ, members=(person,))

    for group in (office, {**office, "version": office["version"] + 1}, {"id": str(UUID(int=1)), "version": 1}):
        for method in ("PUT", "DELETE"):
            answer = await agency.change(group, method, f"/members/{person}", {}, by=manager)
            assert (answer.status, answer.code) == (404, "not_found")


async def test_a_manager_of_employee_groups_gives_nobody_what_he_does_not_hold(agency: Agency) -> None:
    manager = await agency.person()
    await employees(agency, MOVE, members=(manager,))
    readers = await employees(agency, READ)

    answer = await agency.change(readers, "PUT", f"/members/{manager}", {}, by=manager)

    assert (answer.status, answer.code) == (403, "grants_more_than_held")


async def test_an_employee_group_never_administers(agency: Agency) -> None:
    group, office = await employees(agency, READ), await agency.group(READ, *MANAGE)

    granted = await agency.change(group, "PUT", "/grants", {"grants": [READ, MOVE, MANAGE[0]]})
    turned = await agency.change(office, "PATCH", "", {"is_employee_group": True})

    for answer in (granted, turned):
        assert (answer.status, answer.code) == (409, "employee_group_administers")
    assert granted.body["detail"] == "An employee group must not hold admin.permissions.manage."


async def test_whoever_manages_permissions_moves_members_of_every_group(agency: Agency) -> None:
    clerk, person = await agency.person(), await agency.person()
    await agency.group(MANAGE[0], READ, members=(clerk,))
    office = await agency.group(READ)

    assert (await agency.change(office, "PUT", f"/members/{person}", {}, by=clerk)).status == 200
