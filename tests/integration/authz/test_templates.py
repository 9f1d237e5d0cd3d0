"""Templates are held while one is linked; whoever leaves one keeps what it granted."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.authz.adapters.catalogue_file import permission_catalogue
from tests.integration.authz.conftest import MANAGE, Agency

pytestmark = pytest.mark.asyncio(loop_scope="session")
READ = {"key": "listings.read", "reach": "own"}
LIST = {"key": "listings.list", "reach": "principal"}
PRINT = {"key": "listings.print", "reach": "own"}


@pytest.mark.catalogue("ON-34", "MG-27")
async def test_a_template_is_held_by_whoever_is_linked_and_its_changes_reach_them(agency: Agency) -> None:
    linked, other = await agency.person(), await agency.person()
    template = await agency.template(READ, users=(linked,))
    await agency.news()

    changed = await agency.change_template(template, "PUT", "/grants", {"grants": [READ, LIST]})

    assert (changed.status, changed.body["users"]) == (200, [str(linked)])
    assert (await agency.scopes(linked)).keys() == {"listings.read", "listings.list"}
    assert await agency.scopes(other) == {}
    assert [people for people, _ in await agency.news()] == [{str(linked)}]


@pytest.mark.catalogue("ON-35", "MG-65")
async def test_who_leaves_a_template_keeps_its_grants_as_his_own(agency: Agency) -> None:
    person, stays = await agency.person(), await agency.person()
    template = await agency.template(READ, LIST, users=(person, stays))
    before = await agency.scopes(person)

    left = await agency.change_rights(person, "DELETE", "/template")

    assert (left.status, left.body["template_id"]) == (200, None)
    assert {grant["key"] for grant in left.body["grants"]} == {"listings.read", "listings.list"}
    assert await agency.scopes(person) == before
    await agency.change_template(template, "PUT", "/grants", {"grants": []})
    assert (await agency.scopes(person), await agency.scopes(stays)) == (before, {})
    assert (await agency.change_rights(person, "DELETE", "/template")).status == 404


@pytest.mark.catalogue("ON-35")
async def test_a_removed_template_leaves_its_grants_to_everybody_linked(agency: Agency) -> None:
    people = tuple([await agency.person() for _ in range(3)])
    template = await agency.template(READ, LIST, users=people)
    before = [await agency.scopes(person) for person in people]
    await agency.news()

    assert (await agency.change_template(template, "DELETE", "")).status == 204

    assert [await agency.scopes(person) for person in people] == before
    assert [told for told, _ in await agency.news()] == [set(map(str, people))]
    assert (await agency.call("GET", f"/v1/templates/{template['id']}")).status == 404
    assert all([(await agency.rights(person))["template_id"] is None for person in people])


async def test_a_template_of_many_people_goes_by_and_by_and_everybody_keeps_its_grants(agency: Agency) -> None:
    """No statement and no event may grow with the agency: each change gives a few thousand grants at most."""
    granted = [{"key": key, "reach": "all"} for key in permission_catalogue()][:200]
    template = await agency.template(*granted)
    async with agency.db.transaction(agency.tenant_id) as tx:
        rows = await tx.rows(
            """
            WITH people AS (
                INSERT INTO people (tenant_id, id, state)
                SELECT $1, gen_random_uuid(), 'active' FROM generate_series(1, 60)
                RETURNING id)
            INSERT INTO template_links (tenant_id, user_id, template_id, linked_at)
            SELECT $1, id, $2, now() FROM people
            RETURNING user_id
            """,
            agency.tenant_id,
            UUID(template["id"]),
        )
    await agency.news()

    removed = await agency.change_template(template, "DELETE", "")

    told = await agency.news()
    assert removed.status == 204
    assert [len(people) for people, _ in told] == [25, 25, 10]
    assert int(removed.headers["Access-Version"]) == max(version for _, version in told)
    for row in rows:
        rights = await agency.rights(row["user_id"])
        assert (rights["template_id"], len(rights["grants"])) == (None, 200)
    assert (await agency.call("GET", f"/v1/templates/{template['id']}")).status == 404


async def test_who_moves_to_another_template_keeps_what_the_first_granted(agency: Agency) -> None:
    person = await agency.person()
    await agency.template(READ, users=(person,))
    await agency.template(LIST, users=(person,))

    assert (await agency.scopes(person)).keys() == {"listings.read", "listings.list"}
    assert [grant["key"] for grant in (await agency.rights(person))["grants"]] == ["listings.read"]


async def test_of_ones_own_grant_and_the_templates_the_longer_one_stays(agency: Agency) -> None:
    hour = datetime.now(UTC) + timedelta(hours=1)
    ends = (None, hour, hour + timedelta(hours=1))
    for own, granted in product(ends, ends):
        person = await agency.person()
        await agency.put_rights(person, "/grants", {"grants": [{**READ, "expires_at": _text(own)}]})
        await agency.template({**READ, "expires_at": _text(granted)}, users=(person,))

        left = await agency.change_rights(person, "DELETE", "/template")

        [kept] = left.body["grants"]
        expected = None if None in {own, granted} else max(end for end in (own, granted) if end)
        assert kept["expires_at"] == _text(expected) or datetime.fromisoformat(kept["expires_at"]) == expected


async def test_templates_have_names_versions_and_pages_as_groups_have(agency: Agency) -> None:
    made = [await agency.template() for _ in range(3)]
    first = (await agency.call("GET", "/v1/templates?limit=2")).body
    rest = (await agency.call("GET", f"/v1/templates?limit=2&cursor={first['next']}")).body
    assert [item["id"] for item in first["items"] + rest["items"]] == [each["id"] for each in made[::-1]]

    renamed = await agency.change_template(made[0], "PATCH", "", {"name": "Agents"})
    assert (renamed.status, renamed.body["name"], renamed.headers["Etag"]) == (200, "Agents", '"2"')
    taken = await agency.change_template(made[1], "PATCH", "", {"name": "AGENTS"})
    assert (taken.status, taken.code) == (409, "template_name_taken")
    assert (await agency.change_template(made[0], "DELETE", "")).status == 412
    repeated = [(await agency.call("POST", "/v1/templates", {"name": "x"}, Idempotency_Key="t")) for _ in range(2)]
    assert repeated[0].body == repeated[1].body


async def test_nobody_gives_by_a_template_what_he_does_not_hold(agency: Agency) -> None:
    clerk, person = await agency.person(), await agency.person()
    await agency.group(MANAGE[0], READ, members=(clerk,))
    mine, more = await agency.template(READ), await agency.template(LIST)

    refused = [
        await agency.change_template(mine, "PUT", "/grants", {"grants": [READ, LIST]}, by=clerk),
        await agency.change_rights(person, "PUT", "/template", {"template_id": more["id"]}, by=clerk),
        await agency.change_rights(clerk, "PUT", "/template", {"template_id": more["id"]}, by=clerk),
        await agency.change_rights(clerk, "PUT", "/grants", {"grants": [LIST]}, by=clerk),
    ]

    assert {(answer.status, answer.code) for answer in refused} == {(403, "grants_more_than_held")}
    allowed = await agency.change_rights(person, "PUT", "/template", {"template_id": mine["id"]}, by=clerk)
    assert allowed.status == 200


async def test_another_agencys_template_does_not_exist(agency: Agency, other_agency: Agency) -> None:
    person, foreign = await agency.person(), await other_agency.template(READ)

    answer = await agency.change_rights(person, "PUT", "/template", {"template_id": foreign["id"]})

    assert (answer.status, answer.code) == (404, "not_found")
    assert (await agency.rights(person))["version"] == 0


@pytest.mark.parametrize("body", [{}, {"template_id": "x"}, {"template_id": str(UUID(int=1)), "more": 1}])
async def test_a_link_names_one_template(agency: Agency, body: dict[str, Any]) -> None:
    assert (await agency.change_rights(await agency.person(), "PUT", "/template", body)).status == 422
    assert (await agency.call("GET", f"/v1/users/{uuid4()}/rights")).status == 404


def _text(end: datetime | None) -> str | None:
    return end.isoformat() if end else None
