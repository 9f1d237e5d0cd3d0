"""OpenID AuthZEN Authorization API 1.0 as its text says, over HTTP."""

from itertools import product
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.integration.authz.conftest import Agency
from tests.integration.authz.test_explanations import record

pytestmark = pytest.mark.asyncio(loop_scope="session")
READ = {"key": "listings.read", "reach": "principal"}
UPDATE = {"key": "listings.update", "reach": "own"}


def subject(person: object) -> dict[str, Any]:
    return {"type": "user", "id": str(person)}


def listing(office_id: UUID, assignee_id: UUID | None = None, **more: bool) -> dict[str, Any]:
    return {"type": "listings", "id": "L1", "properties": record(office_id, assignee_id, **more)}


def evaluation(person: object, action: str, resource: dict[str, Any]) -> dict[str, Any]:
    return {"subject": subject(person), "action": {"name": action}, "resource": resource}


async def test_the_configuration_names_every_endpoint_and_needs_no_token(agency: Agency) -> None:
    async with agency.http.get(f"{agency.url}/.well-known/authzen-configuration") as response:
        found = await response.json()

    pdp = found["policy_decision_point"]
    assert pdp.startswith("https://")
    assert found["access_evaluation_endpoint"] == f"{pdp}/access/v1/evaluation"
    assert found["access_evaluations_endpoint"] == f"{pdp}/access/v1/evaluations"
    assert found["search_subject_endpoint"] == f"{pdp}/access/v1/search/subject"
    assert found["search_action_endpoint"] == f"{pdp}/access/v1/search/action"
    records = pdp.replace("/api/authz", "/api/records")
    assert found["search_resource_endpoint"] == f"{records}/access/v1/search/resource"


async def test_an_evaluation_permits_and_denies_with_200(agency: Agency) -> None:
    person = await agency.person()
    await agency.group(READ, members=(person,))

    async def decision(asked: dict[str, Any]) -> bool:
        answer = await agency.call("POST", "/access/v1/evaluation", asked)
        assert answer.status == 200
        return answer.body["decision"]

    inside = listing(agency.office_id)
    assert await decision(evaluation(person, "read", inside)) is True
    assert await decision(evaluation(person, "listings.read", inside)) is True
    assert await decision(evaluation(person, "read", listing(uuid4()))) is False
    assert await decision(evaluation(person, "update", inside)) is False
    assert await decision(evaluation(person, "read", listing(agency.office_id, is_private=True))) is False


async def test_unknown_subjects_actions_kinds_and_resources_are_denied(agency: Agency, other_agency: Agency) -> None:
    admin, inside = agency.administrator_id, listing(agency.office_id)
    without = {"type": "listings", "id": "L1"}
    for asked in (
        evaluation(uuid4(), "read", inside),
        evaluation("alice", "read", inside),
        evaluation(other_agency.administrator_id, "read", inside),
        {**evaluation(admin, "read", inside), "subject": {"type": "robot", "id": str(admin)}},
        evaluation(admin, "fly", inside),
        evaluation(admin, "read", {**inside, "type": "spaceships"}),
        evaluation(admin, "read", without),
        evaluation(admin, "read", {**without, "properties": {**inside["properties"], "office_id": "here"}}),
    ):
        answer = await agency.call("POST", "/access/v1/evaluation", asked)
        assert (answer.status, answer.body["decision"]) == (200, False), asked


async def test_what_lacks_a_field_is_400_and_what_has_more_is_read(agency: Agency) -> None:
    whole = evaluation(agency.administrator_id, "read", listing(agency.office_id))
    for path in (("subject",), ("action",), ("resource",), ("subject", "id"), ("subject", "type"), ("action", "name")):
        asked: dict[str, Any] = {name: dict(value) for name, value in whole.items()}
        at = asked
        for name in path[:-1]:
            at = at[name]
        del at[path[-1]]
        answer = await agency.call("POST", "/access/v1/evaluation", asked)
        assert (answer.status, answer.code) == (400, "invalid"), path
    broken: list[Any] = [[], {}, "x", {**whole, "subject": "alice"}]
    for nonsense in broken:
        assert (await agency.call("POST", "/access/v1/evaluation", nonsense)).status == 400
    more = {**whole, "later": 1, "context": {"ip": "::1"}, "subject": {**whole["subject"], "properties": {"a": 1}}}
    assert (await agency.call("POST", "/access/v1/evaluation", more)).body["decision"] is True


async def test_the_request_id_is_echoed_and_a_token_is_needed(agency: Agency) -> None:
    asked = evaluation(agency.administrator_id, "read", listing(agency.office_id))
    given = "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"

    answer = await agency.call("POST", "/access/v1/evaluation", asked, X_Request_ID=given)
    assert {name.lower(): value for name, value in answer.headers.items()}["x-request-id"] == given
    async with agency.http.post(f"{agency.url}/access/v1/evaluation", json=asked) as response:
        assert response.status == 401


@pytest.mark.parametrize(
    ("semantic", "expected"),
    [
        (None, [True, False, True, False]),
        ("execute_all", [True, False, True, False]),
        ("deny_on_first_deny", [True, False]),
        ("permit_on_first_permit", [True]),
    ],
)
async def test_many_evaluations_follow_the_semantic(agency: Agency, semantic: str | None, expected: list[bool]) -> None:
    person = await agency.person()
    await agency.group(READ, members=(person,))
    inside, outside = listing(agency.office_id), listing(uuid4())
    asked: dict[str, Any] = {
        "subject": subject(person),
        "action": {"name": "read"},
        "evaluations": [{"resource": inside}, {"resource": outside}, {"resource": inside}, {"resource": outside}],
    }
    if semantic:
        asked["options"] = {"evaluations_semantic": semantic}

    answer = await agency.call("POST", "/access/v1/evaluations", asked)

    assert [each["decision"] for each in answer.body["evaluations"]] == expected


async def test_a_wrong_item_is_denied_in_its_place_and_no_items_are_one_evaluation(agency: Agency) -> None:
    one: dict[str, Any] = evaluation(agency.administrator_id, "read", listing(agency.office_id))

    items: list[Any] = [{}, {"action": {}}, {}]
    many = await agency.call("POST", "/access/v1/evaluations", {**one, "evaluations": items})
    assert [each["decision"] for each in many.body["evaluations"]] == [True, False, True]
    assert many.body["evaluations"][1]["context"]["error"]["status"] == 400
    singles: list[Any] = [one, {**one, "evaluations": []}]
    for single in singles:
        assert (await agency.call("POST", "/access/v1/evaluations", single)).body["decision"] is True
    assert (await agency.call("POST", "/access/v1/evaluations", {"subject": one["subject"]})).status == 400
    wrong: dict[str, Any] = {**one, "evaluations": items, "options": {"evaluations_semantic": "guess"}}
    assert (await agency.call("POST", "/access/v1/evaluations", wrong)).status == 400


async def test_many_evaluations_are_answered_as_each_is_by_itself(agency: Agency) -> None:
    """Whatever differs between them: who, what, the record, its rights, and what cannot be read."""
    person, colleague = await agency.person(), await agency.person()
    await agency.group(READ, UPDATE, members=(person,))
    robot: dict[str, str] = {"type": "robot", "id": str(person)}
    subjects: list[Any] = [subject(person), subject(colleague), subject(uuid4()), robot, None]
    actions: list[Any] = [{"name": "read"}, {"name": "listings.update"}, {"name": "fly"}, None]
    listings: list[Any] = [
        {**listing(office_id, assignee_id, is_private=is_private), "type": kind}
        for office_id in (agency.office_id, uuid4())
        for assignee_id in (person, colleague)
        for is_private in (False, True)
        for kind in ("listings", "contacts")
    ]
    for effect, holder_id, one in zip(("allow", "deny"), (person, agency.office_id), listings[::9], strict=True):
        right = {"holder_id": str(holder_id), "record_class": "read", "effect": effect}
        listings.append({**one, "properties": {**one["properties"], "record_rights": [right]}})
    broken: list[Any] = [None, {}, "x", {"type": "listings", "id": ""}]
    items = [
        evaluation("", "", {}) | {"subject": who, "action": what, "resource": record}
        for who, what, record in product(subjects, actions, [*listings, *broken])
    ]

    many = await agency.call("POST", "/access/v1/evaluations", {"evaluations": items})

    answers = many.body["evaluations"]
    assert len(answers) == len(items)
    assert {answer["decision"] for answer in answers} == {True, False}
    for asked, answer in Random(5).sample([*zip(items, answers, strict=True)], 200):  # noqa: S311 no secret
        single = await agency.call("POST", "/access/v1/evaluation", asked)
        if single.status == 400:
            assert (answer["decision"], answer["context"]["error"]["status"]) == (False, 400), asked
            assert all(error["pointer"] in answer["context"]["error"]["message"] for error in single.body["errors"])
        else:
            assert (single.status, single.body) == (200, answer), asked


async def search(agency: Agency, what: str, asked: dict[str, Any], limit: int) -> list[Any]:
    found, token = list[Any](), ""
    while True:
        page = {"limit": limit, "token": token} if token else {"limit": limit}
        answer = await agency.call("POST", f"/access/v1/search/{what}", {**asked, "page": page})
        assert answer.status == 200, answer.body
        assert len(answer.body["results"]) == answer.body["page"]["count"] <= limit
        found += answer.body["results"]
        token = answer.body["page"]["next_token"]
        if not token:
            return found


async def test_subject_search_pages_through_everybody_who_may(agency: Agency) -> None:
    people = [await agency.person() for _ in range(5)]
    await agency.group(READ, members=tuple(people[:3]))
    asked = {"subject": {"type": "user"}, "action": {"name": "read"}, "resource": listing(agency.office_id)}
    expected = [subject(each) for each in sorted([*people[:3], agency.administrator_id], reverse=True)]

    for limit in (1, 3, 4, 50):
        assert await search(agency, "subject", asked, limit) == expected
    assert await search(agency, "subject", {**asked, "subject": {"type": "user", "id": "ignored"}}, 50) == expected


async def test_action_search_pages_through_everything_a_person_may(agency: Agency) -> None:
    person = await agency.person()
    await agency.group(READ, UPDATE, {"key": "listings.create", "reach": "all"}, members=(person,))
    theirs = {"subject": subject(person), "resource": listing(agency.office_id)}
    own = {"subject": subject(person), "resource": listing(agency.office_id, person)}

    for limit in (1, 2, 50):
        assert [each["name"] for each in await search(agency, "action", theirs, limit)] == ["create", "read"]
        assert [each["name"] for each in await search(agency, "action", own, limit)] == ["create", "read", "update"]


async def test_searches_for_what_is_unknown_find_nothing(agency: Agency) -> None:
    inside = listing(agency.office_id)
    for asked in (
        {"subject": {"type": "robot"}, "action": {"name": "read"}, "resource": inside},
        {"subject": {"type": "user"}, "action": {"name": "fly"}, "resource": inside},
        {"subject": {"type": "user"}, "action": {"name": "read"}, "resource": {"type": "spaceships", "id": "1"}},
        {"subject": {"type": "user"}, "action": {"name": "read"}, "resource": {"type": "listings", "id": "1"}},
    ):
        assert await search(agency, "subject", asked, 50) == []
    for asked in (
        {"subject": subject(uuid4()), "resource": inside},
        {"subject": subject("alice"), "resource": inside},
        {"subject": {"type": "robot", "id": "1"}, "resource": inside},
        {"subject": subject(agency.administrator_id), "resource": {"type": "spaceships", "id": "1"}},
    ):
        assert await search(agency, "action", asked, 50) == []


async def test_the_token_of_another_search_is_refused(agency: Agency) -> None:
    await agency.person()
    asked = {"subject": subject(agency.administrator_id), "resource": listing(agency.office_id)}
    first = await agency.call("POST", "/access/v1/search/action", {**asked, "page": {"limit": 1}})
    token = first.body["page"]["next_token"]

    for other in ({**asked, "resource": listing(uuid4())}, asked):
        page = {"token": token if other is not asked else "nonsense", "limit": 1}
        answer = await agency.call("POST", "/access/v1/search/action", {**other, "page": page})
        assert (answer.status, answer.code) == (400, "malformed")


async def test_who_may_not_see_rights_evaluates_only_for_himself(agency: Agency) -> None:
    person = await agency.person()
    await agency.group(READ, members=(person,))
    inside = listing(agency.office_id)

    own = await agency.call("POST", "/access/v1/evaluation", evaluation(person, "read", inside), by=person)
    assert own.body["decision"] is True
    other = evaluation(agency.administrator_id, "read", inside)
    assert (await agency.call("POST", "/access/v1/evaluation", other, by=person)).status == 403
    everybody = {"subject": {"type": "user"}, "action": {"name": "read"}, "resource": inside}
    assert (await agency.call("POST", "/access/v1/search/subject", everybody, by=person)).status == 403


async def test_a_change_counts_for_the_next_evaluation(agency: Agency) -> None:
    person = await agency.person()
    group = await agency.group(READ, members=(person,))
    asked = evaluation(person, "read", listing(agency.office_id))

    assert (await agency.call("POST", "/access/v1/evaluation", asked)).body["decision"] is True
    await agency.change(group, "DELETE", f"/members/{person}")
    assert (await agency.call("POST", "/access/v1/evaluation", asked)).body["decision"] is False


@pytest.mark.parametrize("member", ["office_id", "assignee_id", "created_by"])
@pytest.mark.parametrize("text", ["\ud800", "x" * 201], ids=["half a character", "too long"])
async def test_what_can_be_no_text_is_refused_wherever_a_resource_stands(
    agency: Agency, member: str, text: str
) -> None:
    """Also of who has no right to ask, and with the token of a page."""
    pointer = f"/resource/properties/{member}" if len(text) > 1 else ""  # half a character is refused in any document
    agent, inside = await agency.person(), listing(agency.office_id)
    inside["properties"][member] = text
    page = {"token": "x"}

    for path, asked in (
        ("evaluation", evaluation(agent, "read", inside)),
        ("search/subject", {"subject": {"type": "user"}, "action": {"name": "read"}, "resource": inside, "page": page}),
        ("search/action", {"subject": subject(agent), "resource": inside, "page": page}),
    ):
        answer = await agency.call("POST", f"/access/v1/{path}", asked, by=agent)
        assert (answer.status, answer.code) == (400, "invalid")
        assert [at for at, _ in answer.errors] == [pointer]
    many = await agency.call("POST", "/access/v1/evaluations", {"evaluations": [evaluation(agent, "read", inside)]})
    assert (many.status if pointer == "" else many.body["evaluations"][0]["context"]["error"]["status"]) == 400
