"""AuthZEN at records: what it says of a record named by id is what the API does with it."""

from itertools import product
from typing import Any, Final
from uuid import UUID, uuid4

import pytest

from services.chassis import ids
from services.contracts.access import Scope
from services.contracts.vocabulary import UserId, View
from tests.integration.records.conftest import Agency, Answer
from tests.support.stub_authz import EVERYTHING

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVALUATION, EVALUATIONS, SEARCH = (
    "/access/v1/evaluation",
    "/access/v1/evaluations",
    "/access/v1/search/resource",
)
ACTIONS: Final = ("read", "update", "identity.read", "delete", "list", "create")


def question(who: UUID, action: str, record: object, section: str = "listings") -> dict[str, Any]:
    return {
        "subject": {"type": "user", "id": str(who)},
        "action": {"name": action},
        "resource": {"type": section, "id": str(record)},
    }


async def ask(agency: Agency, who: UUID, body: object, path: str = EVALUATION) -> Answer:
    return await agency.call(who, "POST", path, body)


async def searched(agency: Agency, who: UUID, about: UUID, action: str, limit: int, section: str = "listings") -> Any:
    """Return the ids of all pages of a search."""
    found, token = list[str](), ""
    while True:
        body = {
            "subject": {"type": "user", "id": str(about)},
            "action": {"name": action},
            "resource": {"type": section},
            "page": {"limit": limit, "token": token},
        }
        answer = await ask(agency, who, body, SEARCH)
        assert answer.status == 200, answer.body
        assert answer.body["page"]["count"] == len(answer.body["results"]) <= limit
        found += [one["id"] for one in answer.body["results"]]
        token = answer.body["page"]["next_token"]
        if not token:
            return found


async def test_evaluations_and_searches_say_what_the_rule_says_of_every_record(agency: Agency) -> None:
    stock = [
        await agency.take_on(office_id=str(office), basic={"assignee_id": str(assignee), "is_private": private})
        for office, assignee, private in product(
            (agency.centre, agency.harbour), (agency.bruno, agency.carla), (False, True)
        )
    ]
    centre, public = Scope(offices=frozenset({agency.centre})), Scope(public_offices=frozenset({agency.harbour}))
    people = [
        agency.give(agency.bruno, list=EVERYTHING, read=centre, update=Scope(own=True), identity__read=EVERYTHING),
        agency.give(agency.carla, list=Scope(own=True), read=public, delete=EVERYTHING, create=EVERYTHING),
    ]
    allowed = {
        (who, action): {
            one["id"]
            for one in stock
            if (await ask(agency, agency.ada, question(who, action, one["id"]))).body["decision"]
        }
        for who, action in product(people, ACTIONS)
    }
    bruno, carla = people
    own = {one["id"] for one in stock if one["basic"]["assignee_id"] == str(bruno)}
    here = {one["id"] for one in stock if one["office_id"] == str(agency.centre)}
    open_ = {one["id"] for one in stock if not one["basic"]["is_private"]}
    readable = here & (open_ | own)
    assert allowed[bruno, "read"] == readable
    assert allowed[bruno, "update"] == readable & own
    assert allowed[bruno, "identity.read"] == readable
    assert allowed[bruno, "list"] == open_ | own
    assert allowed[carla, "read"] == open_ - here
    assert allowed[carla, "delete"] == open_ - here
    for (who, action), found in allowed.items():
        if action != "create":
            for limit in (1, 3, 200):
                assert await searched(agency, agency.ada, who, action, limit) == [
                    one["id"] for one in reversed(stock) if one["id"] in found
                ]
    for one in stock:
        opened = await agency.call(bruno, "GET", f"/v1/listings/{one['id']}")
        assert (opened.status == 200) is (one["id"] in allowed[bruno, "read"])


async def test_the_view_is_told_of_what_is_granted_and_nothing_of_what_is_denied(agency: Agency) -> None:
    made = await agency.take_on()
    visitor = agency.give(agency.bruno, read=Scope(everything=View.PUBLIC))
    granted = await ask(agency, visitor, question(visitor, "read", made["id"]))
    assert granted.body == {"decision": True, "context": {"view": "public"}}
    hidden = await agency.take_on(basic={"is_private": True})
    answers = [
        (await ask(agency, visitor, question(visitor, action, record, section))).body
        for action, record, section in (
            ("read", hidden["id"], "listings"),
            ("read", ids.uuid7(), "listings"),
            ("read", "no id at all", "listings"),
            ("nonsense", made["id"], "listings"),
            ("read", made["id"], "castles"),
            ("read", made["id"], "inquiries"),
        )
    ]
    assert answers == [{"decision": False, "context": {}}] * 6
    for kind in ("user", "robot"):
        body = {**question(visitor, "read", made["id"]), "subject": {"type": kind, "id": "nobody"}}
        assert (await ask(agency, visitor, body)).body == {"decision": False, "context": {}}


async def test_only_who_oversees_people_asks_about_others(agency: Agency) -> None:
    made = await agency.take_on()
    agent = agency.give(agency.bruno, read=EVERYTHING)
    agency.give(agency.carla, read=EVERYTHING)
    other = question(agency.carla, "read", made["id"])
    assert (await ask(agency, agent, other)).refusal == (403, "permission_missing", set())
    search = {**other, "resource": {"type": "listings"}}
    assert (await ask(agency, agent, search, SEARCH)).refusal == (403, "permission_missing", set())
    assert (await ask(agency, agent, question(agent, "read", made["id"]))).body["decision"] is True
    assert (await ask(agency, agency.ada, other)).body["decision"] is True
    stranger = question(UserId(uuid4()), "read", made["id"])
    assert (await ask(agency, agency.ada, stranger)).body == {"decision": False, "context": {}}


@pytest.mark.parametrize(
    ("path", "missing", "pointer"),
    [
        (EVALUATION, "subject", "/subject"),
        (EVALUATION, "action", "/action"),
        (EVALUATION, "resource", "/resource"),
        (EVALUATIONS, "subject", "/subject"),
        (SEARCH, "subject", "/subject"),
        (SEARCH, "action", "/action"),
        (SEARCH, "resource", "/resource"),
    ],
)
async def test_what_lacks_a_field_is_refused_with_400_and_the_request_id_comes_back(
    agency: Agency, path: str, missing: str, pointer: str
) -> None:
    body = question(agency.ada, "read", ids.uuid7())
    del body[missing]
    answer = await agency.call(agency.ada, "POST", path, body, {"X-Request-ID": "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"})
    assert (answer.status, answer.body["code"]) == (400, "invalid")
    assert pointer in {error["pointer"] for error in answer.body["errors"]}
    assert answer.headers["X-Request-ID"] == "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"
    whole = question(agency.ada, "read", ids.uuid7())
    whole["resource"] = {**whole["resource"], "unknown": 1}
    fine = await agency.call(agency.ada, "POST", path, whole, {"X-Request-ID": "bfe9eb29-ab87"})
    assert (fine.status, fine.headers["X-Request-ID"]) == (200, "bfe9eb29-ab87")


@pytest.mark.parametrize(
    ("semantic", "expected"),
    [
        ("execute_all", [True, False, False, True]),
        ("deny_on_first_deny", [True, False]),
        ("permit_on_first_permit", [True]),
    ],
)
async def test_many_evaluations_end_where_the_semantic_says(
    agency: Agency, semantic: str, expected: list[bool]
) -> None:
    made = await agency.take_on()
    agent = agency.give(agency.bruno, read=EVERYTHING)
    body = {
        **question(agent, "read", made["id"]),
        "evaluations": [
            {},
            {"action": {"name": "update"}},
            {"resource": {"type": "listings"}},
            {"resource": {"type": "listings", "id": made["id"]}},
        ],
        "options": {"evaluations_semantic": semantic},
    }
    answer = await ask(agency, agent, body, EVALUATIONS)
    assert [one["decision"] for one in answer.body["evaluations"]] == expected
    if semantic == "execute_all":
        assert answer.body["evaluations"][2]["context"]["error"]["status"] == 400
    single = await ask(agency, agent, question(agent, "read", made["id"]), EVALUATIONS)
    assert single.body["decision"] is True


async def test_a_thousand_evaluations_cost_a_few_statements_and_more_are_refused(agency: Agency) -> None:
    made = [await agency.take_on(), await agency.take_in()]
    body: dict[str, Any] = {
        **question(agency.ada, "read", made[0]["id"]),
        "evaluations": [
            {"resource": {"type": ("listings", "inquiries")[at % 2], "id": made[at % 2]["id"]}} for at in range(1_000)
        ],
    }
    answer = await ask(agency, agency.ada, body, EVALUATIONS)
    assert sum(one["decision"] for one in answer.body["evaluations"]) == 1_000
    body["evaluations"].append({})
    assert (await ask(agency, agency.ada, body, EVALUATIONS)).status == 400
    body["evaluations"] = [{"subject": {"type": "user", "id": str(uuid4())}} for _ in range(101)]
    assert (await ask(agency, agency.ada, body, EVALUATIONS)).status == 400


async def test_a_token_is_good_for_its_own_search_only(agency: Agency) -> None:
    for _ in range(3):
        await agency.take_on()
    body = {
        "subject": {"type": "user", "id": str(agency.ada)},
        "action": {"name": "read"},
        "resource": {"type": "listings"},
        "page": {"limit": 1},
    }
    token = (await ask(agency, agency.ada, body, SEARCH)).body["page"]["next_token"]
    for wrong in (
        {**body, "action": {"name": "update"}, "page": {"token": token}},
        {**body, "page": {"token": "nonsense"}},
        {**body, "page": {"token": token.partition(".")[0] + ".nonsense"}},
    ):
        assert (await ask(agency, agency.ada, wrong, SEARCH)).refusal[:2] == (400, "malformed")
    nothing = {**body, "resource": {"type": "castles"}}
    assert (await ask(agency, agency.ada, nothing, SEARCH)).body == {
        "results": [],
        "page": {"next_token": "", "count": 0},
    }
