"""Many questions at once, and who may: answered over HTTP as the compiled rights say."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.integration.authz.conftest import Agency
from tests.integration.authz.test_explanations import record

pytestmark = pytest.mark.asyncio(loop_scope="session")
READ = {"key": "listings.read", "reach": "principal"}
PUBLIC = {"key": "listings.list", "reach": "all", "view": "public"}


async def test_answers_stand_in_the_order_of_the_questions(agency: Agency) -> None:
    person = await agency.person()
    await agency.group(READ, PUBLIC, {"key": "listings.create", "reach": "all"}, members=(person,))
    inside, outside = record(agency.office_id), record(uuid4())

    answer = await agency.call(
        "POST",
        "/v1/decisions",
        {
            "user_id": str(person),
            "questions": [
                {"key": "listings.read", "record": inside},
                {"key": "listings.read", "record": outside},
                {"key": "listings.list", "record": outside},
                {"key": "listings.list", "record": {**outside, "is_private": True}},
                {"key": "listings.create"},
                {"key": "inquiries.create"},
            ],
        },
    )

    assert [item["view"] for item in answer.body["items"]] == ["full", None, "public", None, "full", None]
    assert [item["allowed"] for item in answer.body["items"]] == [True, False, True, False, True, False]


async def test_a_thousand_questions_are_answered_and_one_more_is_refused(agency: Agency) -> None:
    question = {"key": "listings.read", "record": record(agency.office_id)}

    answer = await agency.call("POST", "/v1/decisions", {"questions": [question] * 1_000})
    assert (answer.status, len(answer.body["items"])) == (200, 1_000)
    assert (await agency.call("POST", "/v1/decisions", {"questions": [question] * 1_001})).status == 422
    assert (await agency.call("POST", "/v1/decisions", {"questions": []})).status == 422


async def test_unknown_keys_are_pointed_at(agency: Agency) -> None:
    answer = await agency.call("POST", "/v1/decisions", {"questions": [{"key": "listings.read"}, {"key": "x.fly"}]})
    assert (answer.status, answer.errors) == (422, [("/questions/1/key", "unknown_permission")])


async def test_about_others_only_who_may_see_rights_asks(agency: Agency) -> None:
    person, colleague = await agency.person(), await agency.person()
    questions = [{"key": "listings.read"}]

    assert (await agency.call("POST", "/v1/decisions", {"questions": questions}, by=person)).status == 200
    asked = {"questions": questions, "user_id": str(colleague)}
    assert (await agency.call("POST", "/v1/decisions", asked, by=person)).status == 403
    asked = {"key": "listings.read", "record": record(agency.office_id)}
    assert (await agency.call("POST", "/v1/who-can", asked, by=person)).status == 403


async def all_pages(agency: Agency, asked: dict[str, Any]) -> list[dict[str, Any]]:
    found = list[dict[str, Any]]()
    page = (await agency.call("POST", "/v1/who-can", asked)).body
    while True:
        assert len(page["items"]) <= asked["limit"]
        found += page["items"]
        if page["next"] is None:
            return found
        page = (await agency.call("POST", "/v1/who-can", {**asked, "cursor": page["next"]})).body


async def test_who_can_finds_everybody_once_whatever_the_page_size(agency: Agency, other_agency: Agency) -> None:
    people = [await agency.person() for _ in range(7)]
    await agency.group(READ, members=tuple(people[:5]))
    await other_agency.group(READ, members=(await other_agency.person(),))
    asked = {"key": "listings.read", "record": record(agency.office_id)}

    for limit in (1, 2, 5, 6, 200):
        found = await all_pages(agency, {**asked, "limit": limit})
        assert [UUID(item["user_id"]) for item in found] == sorted([*people[:5], agency.administrator_id], reverse=True)
        assert {item["view"] for item in found} == {"full"}
    elsewhere = {"key": "listings.read", "record": record(uuid4()), "limit": 50}
    assert [item["user_id"] for item in await all_pages(agency, elsewhere)] == [str(agency.administrator_id)]
