"""SCIM 2.0: many operations in one request, each by itself, in an order in which references can be resolved."""

import io
import json
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.identity.conftest import Agency
from tests.integration.identity.directory import BULK, ERROR, GROUP, PATCH, connect, user_fields

pytestmark = pytest.mark.asyncio(loop_scope="session")


def post_user(bulk_id: str, **fields: object) -> dict[str, object]:
    return {"method": "POST", "bulkId": bulk_id, "path": "/Users", "data": user_fields(**fields)}


def post_group(bulk_id: str, *members: str) -> dict[str, object]:
    data = {
        "schemas": [GROUP],
        "displayName": f"Team {uuid4().hex[:8]}",
        "members": [{"value": member} for member in members],
    }
    return {"method": "POST", "bulkId": bulk_id, "path": "/Groups", "data": data}


def statuses(answer: dict[str, Any]) -> list[str]:
    return [one["status"] for one in answer["Operations"]]


async def test_a_group_may_name_members_that_the_same_request_makes_in_any_order(agency: Agency) -> None:
    directory = await connect(agency)
    status, answer = await directory.bulk(
        post_group("team", "bulkId:anna", "bulkId:bruno"), post_user("anna"), post_user("bruno")
    )
    assert (status, statuses(answer)) == (200, ["201"] * 3)
    made = {one["bulkId"]: one["location"] for one in answer["Operations"]}
    _, group = await directory.call("GET", f"/Groups/{made['team'].rpartition('/')[2]}")
    assert {one["$ref"] for one in group["members"]} == {made["anna"], made["bruno"]}
    assert all(one["version"] == 'W/"1"' and "response" not in one for one in answer["Operations"])


async def test_every_method_may_be_used_and_refer_to_what_was_made(agency: Agency) -> None:
    directory = await connect(agency)
    kept = await directory.add_user()
    gone = await directory.add_user()
    rename = {"schemas": [PATCH], "Operations": [{"op": "Replace", "path": "displayName", "value": "G"}]}
    status, answer = await directory.bulk(
        post_user("anna"),
        {"method": "PATCH", "path": "/Users/bulkId:anna", "data": rename},
        {"method": "PUT", "path": f"/Users/{kept['id']}", "version": kept["meta"]["version"], "data": user_fields()},
        {"method": "DELETE", "path": f"/Users/{gone['id']}"},
    )
    assert (status, statuses(answer)) == (200, ["201", "200", "200", "204"])
    assert answer["Operations"][1]["version"] == 'W/"2"'
    assert answer["Operations"][3]["location"].endswith(gone["id"])
    assert (await directory.call("GET", f"/Users/{gone['id']}"))[0] == 404


@pytest.mark.parametrize(
    ("operation", "status", "scim_type"),
    [
        ({"method": "POST", "path": "/Users", "data": {}}, "400", "invalidValue"),
        ({"method": "POST", "bulkId": "x", "path": "/Users", "data": {}}, "400", "invalidSyntax"),
        ({"method": "POST", "bulkId": "x", "path": "/Users/1", "data": {}}, "400", "invalidPath"),
        ({"method": "POST", "bulkId": "x", "path": "/Shoes", "data": {}}, "400", "invalidPath"),
        ({"method": "GET", "path": "/Users"}, "400", "invalidValue"),
        ({"method": "DELETE", "path": f"/Users/{uuid4()}"}, "404", None),
        ({"method": "DELETE", "path": "/Users/x"}, "404", None),
        ({"method": "DELETE", "path": "/Users/bulkId:nobody"}, "409", None),
        ({"method": "PATCH", "path": f"/Users/{uuid4()}", "data": {}}, "404", None),
        ({}, "400", "invalidValue"),
    ],
)
async def test_a_wrong_operation_fails_alone(
    agency: Agency, operation: dict[str, object], status: str, scim_type: str | None
) -> None:
    directory = await connect(agency)
    _, answer = await directory.bulk(post_user("anna"), operation, post_user("bruno"))
    assert sorted(statuses(answer)) == sorted(["201", "201", status])
    (failed,) = [one for one in answer["Operations"] if one["status"] == status]
    assert (failed["response"]["schemas"], failed["response"].get("scimType")) == ([ERROR], scim_type)


async def test_references_in_a_circle_or_to_what_failed_are_conflicts(agency: Agency) -> None:
    directory = await connect(agency)
    _, answer = await directory.bulk(
        post_group("a", "bulkId:b"),
        post_group("b", "bulkId:a"),
        post_user("c", userName=""),
        post_group("d", "bulkId:c"),
    )
    assert sorted(statuses(answer)) == ["400", "409", "409", "409"]
    assert (await directory.search("/Groups"))["totalResults"] == 0


@pytest.mark.parametrize(("limit", "tried"), [(1, 2), (2, 3), (None, 5)])
async def test_after_so_many_errors_nothing_more_is_tried(agency: Agency, limit: int | None, tried: int) -> None:
    directory = await connect(agency)
    wrong = {"method": "DELETE", "path": f"/Users/{uuid4()}"}
    more = {} if limit is None else {"failOnErrors": limit}
    _, answer = await directory.bulk(post_user("a"), wrong, wrong, post_user("b"), wrong, **more)
    assert len(answer["Operations"]) == tried


async def test_a_bulk_id_is_used_once(agency: Agency) -> None:
    directory = await connect(agency)
    _, answer = await directory.bulk(post_user("a"), post_user("a"))
    assert statuses(answer) == ["201", "400"]


async def test_a_stale_version_fails_alone(agency: Agency) -> None:
    directory = await connect(agency)
    user = await directory.add_user()
    path = f"/Users/{user['id']}"
    _, answer = await directory.bulk({"method": "DELETE", "path": path, "version": 'W/"9"'}, post_user("a"))
    assert statuses(answer) == ["412", "201"]


async def test_too_much_at_once_is_refused_and_nothing_done(agency: Agency) -> None:
    directory = await connect(agency)
    assert (await directory.bulk(*(post_user(f"u{n}") for n in range(101))))[0] == 413
    large = json.dumps({"schemas": [BULK], "Operations": [], "pad": "x" * 2**20}).encode()
    headers = {"Authorization": f"Bearer {directory.token}", "Content-Type": "application/scim+json"}
    async with agency.http.post(f"{directory.url}/Bulk", data=io.BytesIO(large), headers=headers) as response:
        assert (response.status, (await response.json(content_type=None))["schemas"]) == (413, [ERROR])
    wrong: tuple[dict[str, object], ...] = (
        {"schemas": [BULK]},
        {"schemas": [], "Operations": []},
        {"schemas": [BULK], "Operations": {}},
    )
    for body in wrong:
        assert (await directory.call("POST", "/Bulk", body))[0] == 400
    assert (await directory.search("/Users"))["totalResults"] == 1
