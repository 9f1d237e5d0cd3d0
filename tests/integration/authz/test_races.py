"""What two people do at the same moment happens one after the other, each time of a hundred, on every path.

A change names the version that its author saw, so of two that began with one version exactly one is made.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice, product
from uuid import UUID, uuid4

import pytest

from services.contracts.identity_events import OfficeChanged
from services.contracts.vocabulary import OfficeId, RegionId
from tests.integration.authz.conftest import MANAGE, Agency, Answer

pytestmark = pytest.mark.asyncio(loop_scope="session")
ROUNDS = 100
READ = {"key": "listings.read", "reach": "own"}
LIST = {"key": "listings.list", "reach": "principal"}
REGIONAL = {"key": "listings.read", "reach": "region"}
COAST = RegionId(uuid4())

Undo = Callable[[], Awaitable[Answer]]
Way = Callable[[Agency, UUID], Awaitable[tuple[UUID, Undo]]]


def tomorrow() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()


def holder(agency: Agency, clerk: UUID, path: str, version: int) -> Callable[[str, str, object], Awaitable[Answer]]:
    """Return how the clerk changes a holder at the version that he saw now."""

    async def change(method: str, rest: str, body: object) -> Answer:
        return await agency.call(method, path + rest, body, by=clerk, If_Match=f'"{version}"')

    return change


async def by_membership_that_ends(agency: Agency, clerk: UUID) -> tuple[UUID, Undo]:
    person = await agency.person()
    group = await agency.group(*MANAGE, members=(person,))
    change = holder(agency, clerk, f"/v1/groups/{group['id']}", group["version"])
    return person, lambda: change("PUT", f"/members/{person}", {"expires_at": tomorrow()})


async def by_grants_that_end(agency: Agency, clerk: UUID) -> tuple[UUID, Undo]:
    person = await agency.person()
    template = await agency.template(*MANAGE, users=(person,))
    change = holder(agency, clerk, f"/v1/templates/{template['id']}", template["version"])
    ending = [{**grant, "expires_at": tomorrow()} for grant in MANAGE]
    return person, lambda: change("PUT", "/grants", {"grants": ending})


async def by_categories(agency: Agency, clerk: UUID) -> tuple[UUID, Undo]:
    person = await agency.person()
    group = await agency.group(*MANAGE, members=(person,))
    change = holder(agency, clerk, f"/v1/holders/group/{group['id']}", group["version"])
    return person, lambda: change("PATCH", "/categories", {"permissions": {"81": False}})


async def by_levels(agency: Agency, clerk: UUID) -> tuple[UUID, Undo]:
    person = await agency.person()
    version = (await agency.put_rights(person, "/grants", {"grants": list(MANAGE)}))["version"]
    change = holder(agency, clerk, f"/v1/holders/user/{person}", version)
    return person, lambda: change("PATCH", "/levels", {"categories": {"admin": {"agents.manage": "none"}}})


async def by_a_group_that_goes(agency: Agency, clerk: UUID) -> tuple[UUID, Undo]:
    person = await agency.person()
    group = await agency.group(*MANAGE, members=(person,))
    change = holder(agency, clerk, f"/v1/groups/{group['id']}", group["version"])
    return person, lambda: change("DELETE", "", None)


async def by_standing_down(agency: Agency, _clerk: UUID) -> tuple[UUID, Undo]:
    person = await agency.person()
    await agency.group(*MANAGE, members=(person,))
    return person, lambda: agency.peer("POST", f"{person}/stand-down")


WAYS: tuple[Way, ...] = (
    by_membership_that_ends,
    by_grants_that_end,
    by_categories,
    by_levels,
    by_a_group_that_goes,
    by_standing_down,
)


@pytest.mark.catalogue("IMO-B3", "IMO-B4")
async def test_on_every_path_one_of_the_last_two_administrators_stays(agency: Agency) -> None:
    clerk, present = await agency.person(), [agency.administrator_id]
    await agency.group(*MANAGE, members=(clerk,))  # may do everything here, and does not count
    assert (await agency.peer("POST", f"{clerk}/stand-down")).status == 204
    for one_way, other_way in islice(cycle(product(WAYS, WAYS)), ROUNDS):
        (one, undo_one), (other, undo_other) = await one_way(agency, clerk), await other_way(agency, clerk)
        for person in present:
            assert (await agency.peer("POST", f"{person}/stand-down")).status == 204

        answers = await asyncio.gather(undo_one(), undo_other())

        refused = [(answer.status, answer.code) for answer in answers if answer.status not in {200, 204}]
        assert refused == [(409, "last_administrator")], (one_way, other_way)
        present = [one, other]


async def test_of_two_writes_of_one_version_exactly_one_is_made(agency: Agency) -> None:
    person = await agency.person()
    paths: list[tuple[str, str, list[object]]] = [
        ("PUT", f"/v1/users/{person}/switches", [{"blocked": ["print"]}, {"blocked": ["email", "site"]}]),
        ("PUT", f"/v1/users/{person}/grants", [{"grants": [READ]}, {"grants": [LIST]}]),
        (
            "PATCH",
            f"/v1/holders/user/{person}/boxes",
            [{"sections": {"listings": {"edit": value}}} for value in ("own", "all")],
        ),
        (
            "PATCH",
            f"/v1/holders/user/{person}/levels",
            [{"categories": {"contacts": {"read": value}}} for value in ("own", "office")],
        ),
        ("PATCH", f"/v1/holders/user/{person}/categories", [{"permissions": {"92": on}} for on in (True, False)]),
        ("PUT", f"/v1/users/{person}/description", [{"description": text} for text in ("one", "other")]),
    ]
    for method, path, bodies in islice(cycle(paths), ROUNDS):
        version = (await agency.rights(person))["version"]

        answers = await asyncio.gather(*(agency.call(method, path, body, If_Match=f'"{version}"') for body in bodies))

        assert sorted(answer.status for answer in answers) == [200, 412], path
        [made] = [answer for answer in answers if answer.status == 200]
        assert made.body["version"] == (await agency.rights(person))["version"] == version + 1
        if path.endswith("switches"):
            assert (await agency.rights(person))["blocked"] == made.body["blocked"]


async def test_what_was_taken_away_a_moment_ago_is_not_handed_on(agency: Agency) -> None:
    """By a group's grants, a membership, a template, own grants or an unblocked switch."""
    clerk, colleague = await agency.person(), await agency.person()
    await agency.group(MANAGE[0], members=(clerk,))
    printing = {"key": "listings.print", "reach": "own"}

    async def grants() -> Answer:
        return await agency.change(await agency.group(), "PUT", "/grants", {"grants": [printing]}, by=clerk)

    async def membership() -> Answer:
        return await agency.change(await agency.group(printing), "PUT", f"/members/{colleague}", {}, by=clerk)

    async def template() -> Answer:
        return await agency.change_template(await agency.template(), "PUT", "/grants", {"grants": [printing]}, by=clerk)

    async def own_grants() -> Answer:
        person = await agency.person()
        return await agency.call("PUT", f"/v1/users/{person}/grants", {"grants": [printing]}, by=clerk, If_Match='"0"')

    async def switch() -> Answer:
        person = await agency.person()
        await agency.put_rights(person, "/grants", {"grants": [printing]})
        await agency.put_rights(person, "/switches", {"blocked": ["print"]})
        return await agency.call("PUT", f"/v1/users/{person}/switches", {"blocked": []}, by=clerk, If_Match='"2"')

    for way in islice(cycle((grants, membership, template, own_grants, switch)), ROUNDS):
        held = await agency.group(printing, members=(clerk,))

        taken, given = await asyncio.gather(agency.change(held, "DELETE", f"/members/{clerk}"), way())

        assert taken.status == 200
        if given.status == 200:  # came first
            assert int(given.headers["Access-Version"]) < int(taken.headers["Access-Version"])
        else:
            assert (given.status, given.code) == (403, "grants_more_than_held"), way


async def test_an_office_leaves_its_region_while_rights_over_it_are_given(agency: Agency) -> None:
    """Given before, they are downgraded; given after, they mean the office alone; what is reached is the same."""
    near, person = uuid4(), await agency.person()
    version = 1
    for region in islice(cycle((COAST, None)), 2 * ROUNDS):
        version += 1
        for office in (agency.office_id, near):
            joins = OfficeChanged(
                office_id=OfficeId(office), version=version, name=office.hex, region_id=COAST if region else None
            )
            if region is not None or office == near:
                await agency.tell(joins)
        if region is not None:
            continue
        card = (await agency.rights(person))["version"]
        leaves = OfficeChanged(office_id=OfficeId(agency.office_id), version=version, name="Centro", region_id=None)

        given, _ = await asyncio.gather(
            agency.call("PUT", f"/v1/users/{person}/grants", {"grants": [REGIONAL]}, If_Match=f'"{card}"'),
            agency.tell(leaves),
        )

        assert given.status == 200
        assert (await agency.scopes(person))["listings.read"]["offices"] == [str(agency.office_id)]
        shown = (await agency.rights(person))["grants"]
        assert [grant["reach"] for grant in shown] in (["principal"], ["region"])
        await agency.put_rights(person, "/grants", {"grants": []})


async def test_a_template_goes_while_people_come_and_leave_and_nobody_loses_a_right(agency: Agency) -> None:
    for _ in range(ROUNDS):
        stays, leaves, comes = [await agency.person() for _ in range(3)]
        template = await agency.template(READ, users=(stays, leaves))

        linked, left, removed, granted = await asyncio.gather(
            agency.change_rights(comes, "PUT", "/template", {"template_id": template["id"]}),
            agency.change_rights(leaves, "DELETE", "/template"),
            agency.change_template(template, "DELETE", ""),
            agency.change_template(template, "PUT", "/grants", {"grants": [READ, LIST]}),
        )

        assert sorted((removed.status, granted.status)) in ([200, 412], [204, 404], [204, 412])
        assert (linked.status in {200, 404}, left.status in {200, 404}) == (True, True)
        for person in (stays, leaves):
            assert "listings.read" in await agency.scopes(person)
        assert bool(await agency.scopes(comes)) == (linked.status == 200)
