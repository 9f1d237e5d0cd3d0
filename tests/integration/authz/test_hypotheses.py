"""What is only imagined is answered as if it were done, and leaves no trace; the past is answered as it was."""

from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.contracts.access import AccessSnapshot
from services.contracts.authz_api import SNAPSHOT, SupposedAccesses
from tests.integration.authz.conftest import Agency
from tests.integration.authz.test_explanations import record

pytestmark = pytest.mark.asyncio(loop_scope="session")
READ = {"key": "listings.read", "reach": "principal"}
NOTHING: dict[str, list[Any]] = {"gained": [], "lost": [], "changed": []}
LIST = {"key": "listings.list", "reach": "all", "view": "public"}
PRINT = {"key": "listings.print", "reach": "principal"}


async def scopes(agency: Agency, person: UUID) -> dict[str, Any]:
    return (await agency.call("GET", f"/v1/users/{person}/access")).body["scopes"]


async def suppose(agency: Agency, **asked: Any) -> Any:
    answer = await agency.call("POST", "/v1/hypotheses", asked)
    assert answer.status == 200, answer.body
    return answer.body


def imagined(before: dict[str, Any], person: dict[str, Any]) -> dict[str, Any]:
    """Return the scopes that a person would have."""
    after = {key: scope for key, scope in before.items() if key not in {each["key"] for each in person["lost"]}}
    return after | {each["key"]: each["after"] for each in (*person["gained"], *person["changed"])}


async def test_what_is_imagined_of_grants_is_what_happens_when_they_are_granted(agency: Agency) -> None:
    people = [await agency.person() for _ in range(3)]
    group = await agency.group(READ, PRINT, members=tuple(people[:2]))
    before = {str(person): await scopes(agency, person) for person in people}
    wanted = [LIST, {**READ, "reach": "own"}]

    told = await suppose(agency, grants=[{"holder": "group", "holder_id": group["id"], "grants": wanted}], questions=[])

    assert told["concerned"] == 2
    found = {person["user_id"]: person for person in told["people"]}
    assert found.keys() == {str(person) for person in people[:2]}
    assert [each["key"] for each in found[str(people[0])]["gained"]] == ["listings.list"]
    assert [each["key"] for each in found[str(people[0])]["lost"]] == ["listings.print"]
    assert [each["key"] for each in found[str(people[0])]["changed"]] == ["listings.read"]
    await agency.put(group, "/grants", {"grants": wanted})
    for person in people[:2]:
        assert await scopes(agency, person) == imagined(before[str(person)], found[str(person)])


async def test_what_is_imagined_of_memberships_is_what_happens_when_they_begin_and_end(agency: Agency) -> None:
    leaves, joins = await agency.person(), await agency.person()
    group = await agency.group(READ, PRINT, members=(leaves,))
    inside = record(agency.office_id)
    question = {"key": "listings.read", "record": inside}

    told = await suppose(
        agency,
        memberships=[
            {"group_id": group["id"], "user_id": str(joins), "member": True},
            {"group_id": group["id"], "user_id": str(leaves), "member": False},
        ],
        questions=[{**question, "user_id": str(joins)}, {**question, "user_id": str(leaves)}],
    )

    assert [(each["before"]["view"], each["after"]["view"]) for each in told["items"]] == [
        (None, "full"),
        ("full", None),
    ]
    assert {person["user_id"]: len(person["gained"]) - len(person["lost"]) for person in told["people"]} == {
        str(joins): 2,
        str(leaves): -2,
    }


async def test_own_grants_and_switches_are_imagined_too(agency: Agency) -> None:
    person = await agency.person()
    await agency.group(READ, PRINT, members=(person,))

    told = await suppose(
        agency,
        grants=[{"holder": "user", "holder_id": str(person), "grants": [LIST]}],
        switches=[{"user_id": str(person), "blocked": ["print"]}],
    )

    (found,) = told["people"]
    assert [each["key"] for each in found["gained"]] == ["listings.list"]
    assert [each["key"] for each in found["lost"]] == ["listings.print"]


async def test_templates_are_imagined_with_what_stays_when_they_are_left(agency: Agency) -> None:
    linked, moves, leaves = [await agency.person() for _ in range(3)]
    template, other = await agency.template(READ, PRINT, users=(moves, leaves)), await agency.template(LIST)
    people = {str(person): await scopes(agency, person) for person in (linked, moves, leaves)}
    changes: dict[str, Any] = {
        "grants": [{"holder": "template", "holder_id": template["id"], "grants": [READ]}],
        "template_links": [
            {"user_id": str(linked), "template_id": template["id"]},
            {"user_id": str(moves), "template_id": other["id"]},
            {"user_id": str(leaves), "template_id": None},
        ],
    }

    told = await suppose(agency, **changes)

    found = {person["user_id"]: person for person in told["people"]}
    assert [each["key"] for each in found[str(linked)]["gained"]] == ["listings.read"]
    assert [each["key"] for each in found[str(moves)]["gained"]] == ["listings.list"]
    assert str(leaves) not in found  # what the template granted becomes his own (ON-35)
    for person, wanted in ((moves, other), (leaves, None)):
        if wanted:
            await agency.put_rights(person, "/template", {"template_id": wanted["id"]})
        else:
            assert (await agency.change_rights(person, "DELETE", "/template")).status == 200
    await agency.change_template(template, "PUT", "/grants", {"grants": [READ]})
    await agency.put_rights(linked, "/template", {"template_id": template["id"]})
    for person, before in people.items():
        assert await scopes(agency, UUID(person)) == imagined(before, found.get(person, NOTHING))


async def test_whatever_is_imagined_is_what_happens_when_it_is_done(agency: Agency) -> None:
    """Forty changes by chance, each imagined for everybody, then made."""
    random = Random(31)  # noqa: S311 data, not secrets
    people = [await agency.person() for _ in range(4)]
    groups = [await agency.group() for _ in range(2)]
    templates = [await agency.template() for _ in range(2)]
    choices = [READ, LIST, PRINT, {**READ, "reach": "own"}, {"key": "listings.email", "reach": "all"}]
    done = Counter[str]()

    async def now() -> dict[str, Any]:
        return {str(person): await scopes(agency, person) for person in people}

    for _ in range(40):
        person, group, template = random.choice(people), random.choice(groups), random.choice(templates)
        granted = random.sample(choices, random.randint(0, len(choices)))
        linked = (await agency.rights(person))["template_id"]
        members = (await agency.call("GET", f"/v1/groups/{group['id']}")).body["members"]
        inside = str(person) in {member["user_id"] for member in members}
        holder, member = f"/v1/groups/{group['id']}", f"/members/{person}"
        proposed: dict[str, tuple[dict[str, Any], str, str, Any]] = {
            "grants": (
                {"grants": [{"holder": "group", "holder_id": group["id"], "grants": granted}]},
                "PUT",
                f"{holder}/grants",
                {"grants": granted},
            ),
            "template": (
                {"grants": [{"holder": "template", "holder_id": template["id"], "grants": granted}]},
                "PUT",
                f"/v1/templates/{template['id']}/grants",
                {"grants": granted},
            ),
            "membership": (
                {"memberships": [{"group_id": group["id"], "user_id": str(person), "member": not inside}]},
                "DELETE" if inside else "PUT",
                f"{holder}{member}",
                {},
            ),
            "link": (
                {"template_links": [{"user_id": str(person), "template_id": None if linked else template["id"]}]},
                "DELETE" if linked else "PUT",
                f"/v1/users/{person}/template",
                {} if linked else {"template_id": template["id"]},
            ),
            "switches": (
                {"switches": [{"user_id": str(person), "blocked": ["print"]}]},
                "PUT",
                f"/v1/users/{person}/switches",
                {"blocked": ["print"]},
            ),
        }
        kind = random.choice(list(proposed))
        changes, method, path, body = proposed[kind]
        before, told = await now(), await suppose(agency, **changes)

        shown = path if "/users/" not in path else f"/v1/users/{person}/rights"
        current = await agency.call("GET", shown.removesuffix("/grants").removesuffix(member))
        made = await agency.call(method, path, body, If_Match=f'"{current.body["version"]}"')

        assert made.status == 200, (kind, made.body)
        found = {each["user_id"]: each for each in told["people"]}
        after = await now()
        assert after == {each: imagined(before[each], found.get(each, NOTHING)) for each in before}, kind
        done[kind] += after != before

    assert done.keys() == {"grants", "template", "membership", "link", "switches"}


async def test_nothing_is_stored_and_nobody_is_told(agency: Agency) -> None:
    person = await agency.person()
    group = await agency.group(READ, members=(person,))
    before = await scopes(agency, person)
    await agency.news()
    changes = (await agency.call("GET", "/v1/rights-changes")).body

    await suppose(agency, grants=[{"holder": "group", "holder_id": group["id"], "grants": []}])

    assert await scopes(agency, person) == before
    assert await agency.news() == []
    assert (await agency.call("GET", "/v1/rights-changes")).body == changes


async def test_what_cannot_be_imagined_is_refused(agency: Agency, other_agency: Agency) -> None:
    person, theirs = await agency.person(), await other_agency.group(READ)
    group = await agency.group(READ)
    fly = [{"key": "listings.fly", "reach": "all"}]
    cases: list[tuple[dict[str, Any], int]] = [
        ({}, 422),
        ({"grants": [{"holder": "group", "holder_id": group["id"], "grants": fly}]}, 422),
        ({"grants": [{"holder": "group", "holder_id": theirs["id"], "grants": []}]}, 404),
        ({"grants": [{"holder": "user", "holder_id": str(uuid4()), "grants": []}]}, 404),
        ({"switches": [{"user_id": str(uuid4()), "blocked": ["print"]}]}, 404),
        ({"switches": [{"user_id": str(person), "blocked": []}] * 2}, 422),
        ({"memberships": [{"group_id": group["id"], "user_id": str(uuid4()), "member": True}]}, 404),
        ({"memberships": [{"group_id": group["id"], "user_id": str(person), "member": on} for on in (0, 1)]}, 422),
        ({"template_links": [{"user_id": str(person), "template_id": group["id"]}]}, 404),
    ]
    for asked, status in cases:
        assert (await agency.call("POST", "/v1/hypotheses", asked)).status == status, asked
    assert (await agency.call("POST", "/v1/hypotheses", cases[1][0], by=person)).status == 403


async def test_the_past_is_answered_as_it_was(agency: Agency) -> None:
    person = await agency.person()
    question = {"key": "listings.read", "record": record(agency.office_id)}

    async def view(as_of: str | None) -> Any:
        asked = {"user_id": str(person), "questions": [question], **({"as_of": as_of} if as_of else {})}
        answer = await agency.call("POST", "/v1/decisions", asked)
        assert answer.status == 200, answer.body
        return answer.body["items"][0]["view"]

    async def instant() -> str:
        return (await agency.call("GET", "/v1/rights-changes?limit=1")).body["items"][0]["at"]

    group = await agency.group({**READ, "reach": "all", "view": "public"}, members=(person,))
    moments = [(await instant(), await view(None))]
    group = await agency.put(group, "/grants", {"grants": [READ]})
    moments.append((await instant(), await view(None)))
    group = (await agency.change(group, "DELETE", f"/members/{person}")).body
    moments.append((await instant(), await view(None)))
    group = await agency.put(group, f"/members/{person}", {})
    moments.append((await instant(), await view(None)))
    assert (await agency.change(group, "DELETE", "")).status == 204
    moments.append((await instant(), await view(None)))

    assert [seen for _, seen in moments] == ["public", "full", None, "full", None]
    assert [await view(at) for at, _ in moments] == [seen for _, seen in moments]
    asked = {"user_id": str(person), **question, "as_of": moments[1][0]}
    told = (await agency.call("POST", "/v1/explanations", asked)).body
    assert told["reason"]["grant"]["holder_id"] == group["id"]
    future = {"questions": [question], "as_of": "2199-01-01T00:00:00Z"}
    assert (await agency.call("POST", "/v1/decisions", future)).errors == [("/as_of", "in_the_future")]


async def _snapshot(agency: Agency, person: UUID) -> AccessSnapshot:
    return SNAPSHOT.validate_python((await agency.peer("GET", f"{person}/snapshot")).body)


async def test_records_is_given_the_snapshots_that_people_have_and_then_get(agency: Agency) -> None:
    people = sorted([await agency.person() for _ in range(3)])
    group = await agency.group(READ, PRINT, members=tuple(people))
    proposal = {"grants": [{"holder": "group", "holder_id": group["id"], "grants": [LIST, PRINT]}]}
    before = [await _snapshot(agency, person) for person in people]

    answer = await agency.suppose(proposal, "listings.list", "listings.read", limit=2)
    given = SupposedAccesses.model_validate(answer.body)
    assert (given.concerned, given.complete) == (3, True)
    assert [each.before for each in given.people] == before[:2]
    assert [await _snapshot(agency, person) for person in people] == before
    elsewhere = await agency.suppose(proposal, "listings.print", "inquiries.list")
    assert (elsewhere.body["concerned"], elsewhere.body["people"]) == (0, [])

    await agency.put(group, "/grants", {"grants": [LIST, PRINT]})
    for each, person in zip(given.people, people, strict=False):
        became = await _snapshot(agency, person)
        assert replace(each.after, version=became.version) == became


async def test_what_is_wrong_with_a_proposal_is_told_to_records_by_where_it_stands_there(agency: Agency) -> None:
    unsound = [{"holder": "user", "holder_id": str(agency.administrator_id), "grants": [{**LIST, "key": "x.y"}]}]
    answer = await agency.suppose({"grants": unsound}, "listings.list")
    assert answer.status == 422
    assert [pointer for pointer, _ in answer.errors] == ["/proposal/grants/0/grants/0/key"]
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({}, "/proposal"),
        ({"grants": 7}, "/proposal/grants"),
        ({"questions": []}, "/proposal/questions"),
    )
    for proposal, pointer in wrong:
        answer = await agency.suppose(proposal, "listings.list")
        assert (answer.status, [where for where, _ in answer.errors]) == (422, [pointer]), proposal
    somebody = [{"user_id": str(uuid4()), "blocked": ["print"]}]
    assert (await agency.suppose({"switches": somebody}, "listings.list")).code == "not_found"
