"""Rights over regions and teams follow what identity tells of them, and are taken back when an office leaves."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.contracts.identity_events import OfficeChanged, TeamChanged, UserChanged
from services.contracts.vocabulary import OfficeId, RegionId, TeamId, UserId, UserState
from tests.integration.authz.conftest import MANAGE, Agency, facts

pytestmark = pytest.mark.asyncio(loop_scope="session")
REGIONAL = {"key": "listings.read", "reach": "region"}
COAST, HILLS = RegionId(uuid4()), RegionId(uuid4())


async def place(agency: Agency, office: UUID, version: int, region: RegionId | None) -> None:
    await agency.tell(OfficeChanged(office_id=OfficeId(office), version=version, name=office.hex, region_id=region))


async def team(agency: Agency, team_id: UUID, version: int, members: Iterable[UUID], *, removed: bool = False) -> None:
    people = tuple(map(UserId, members))
    await agency.tell(
        TeamChanged(team_id=TeamId(team_id), version=version, name="Letting", members=people, removed=removed)
    )


async def offices(agency: Agency, person: UUID) -> set[str]:
    return set((await agency.scopes(person))["listings.read"]["offices"])


async def downgrades(agency: Agency) -> list[int]:
    """Return how many grants were told to have been downgraded, office by office."""
    async with agency.db.transaction(agency.tenant_id) as tx:
        rows = await tx.rows(
            "SELECT (data -> 'grants')::int AS n FROM outbox WHERE topic = 'authz.region_rights.downgraded.v1'"
            " AND tenant_id = $1 ORDER BY seq",
            agency.tenant_id,
        )
    return [row["n"] for row in rows]


async def reaches(agency: Agency, path: str) -> list[str]:
    return [grant["reach"] for grant in (await agency.call("GET", path)).body["grants"]]


@pytest.mark.catalogue("ON-36")
async def test_region_reaches_the_offices_of_the_region_as_they_come_and_go(agency: Agency) -> None:
    person, near, far = await agency.person(), uuid4(), uuid4()
    for office in (near, far):
        await place(agency, office, 1, None)
    await agency.group(REGIONAL, members=(person,))
    assert await offices(agency, person) == {str(agency.office_id)}

    await place(agency, agency.office_id, 2, COAST)
    await agency.news()
    await place(agency, near, 2, COAST)
    assert await offices(agency, person) == {str(agency.office_id), str(near)}
    assert [{str(person), str(agency.administrator_id)}] == [people for people, _ in await agency.news()]
    await place(agency, near, 3, HILLS)
    assert await offices(agency, person) == {str(agency.office_id)}
    await place(agency, near, 2, COAST)  # late
    assert await offices(agency, person) == {str(agency.office_id)}


@pytest.mark.catalogue("ON-37")
async def test_an_office_that_leaves_its_region_takes_rights_over_the_region_back(agency: Agency) -> None:
    person, near = await agency.person(), uuid4()
    await place(agency, agency.office_id, 2, COAST)
    await place(agency, near, 1, COAST)
    neighbour = uuid4()
    await agency.tell(UserChanged(user=facts(neighbour, 1, UserState.ACTIVE, principal_offices=(near,))))
    shared = await agency.group(REGIONAL, members=(person, neighbour))
    own_group = await agency.group({**REGIONAL, "key": "listings.list"}, members=(person,))
    template = await agency.template({**REGIONAL, "view": "public"}, users=(person,))
    await agency.put_rights(person, "/grants", {"grants": [REGIONAL, {**REGIONAL, "reach": "principal"}]})
    await agency.put_rights(neighbour, "/grants", {"grants": [REGIONAL]})

    await place(agency, agency.office_id, 3, HILLS)

    assert await downgrades(agency) == [3]
    assert await reaches(agency, f"/v1/groups/{own_group['id']}") == ["principal"]
    assert await reaches(agency, f"/v1/templates/{template['id']}") == ["principal"]
    assert await reaches(agency, f"/v1/users/{person}/rights") == ["principal"]
    assert await reaches(agency, f"/v1/users/{neighbour}/rights") == ["region"]
    assert await reaches(agency, f"/v1/groups/{shared['id']}") == ["region"]
    await place(agency, near, 2, None)
    assert await downgrades(agency) == [3, 1]  # the group still has somebody in a region, the neighbour has not


async def test_whoever_keeps_an_office_in_a_region_keeps_his_rights_over_it(agency: Agency) -> None:
    near, person = uuid4(), uuid4()
    await place(agency, agency.office_id, 2, COAST)
    await place(agency, near, 1, COAST)
    both = (agency.office_id, near)
    await agency.tell(UserChanged(user=facts(person, 1, UserState.ACTIVE, principal_offices=both)))
    await agency.put_rights(person, "/grants", {"grants": [REGIONAL]})

    await place(agency, agency.office_id, 3, None)

    assert await downgrades(agency) == [0]
    assert await reaches(agency, f"/v1/users/{person}/rights") == ["region"]


@pytest.mark.catalogue("ON-12", "ON-14")
async def test_a_grant_on_a_team_reaches_its_members_as_they_come_and_go(agency: Agency) -> None:
    person, ada, bea, letting = await agency.person(), await agency.person(), await agency.person(), uuid4()
    grant: dict[str, Any] = {"key": "contacts.read", "reach": "team", "reach_id": str(letting)}
    unknown = await agency.change_rights(person, "PUT", "/grants", {"grants": [grant]})
    assert unknown.errors == [("/grants/0/reach_id", "unknown_team")]
    await team(agency, letting, 1, [ada])
    await agency.put_rights(person, "/grants", {"grants": [grant]})
    assert (await agency.scopes(person))["contacts.read"]["owners"] == [str(ada)]
    await agency.news()

    await team(agency, letting, 3, [bea])
    await team(agency, letting, 2, [ada, bea])  # late

    assert (await agency.scopes(person))["contacts.read"]["owners"] == [str(bea)]
    assert [people for people, _ in await agency.news()] == [{str(person), str(ada), str(bea)}]
    principals = (await agency.peer("GET", f"{bea}/snapshot")).body["principals"]
    assert str(letting) in principals
    await team(agency, letting, 4, [], removed=True)
    assert await agency.scopes(person) == {}
    assert (await agency.rights(person))["grants"] == []


async def test_nobody_gives_away_the_records_of_a_team_that_he_does_not_reach(agency: Agency) -> None:
    clerk, person, letting = await agency.person(), await agency.person(), uuid4()
    await team(agency, letting, 1, [clerk, person])
    own = {"key": "contacts.read", "reach": "own"}
    await agency.group(MANAGE[0], own, members=(clerk,))
    grant = {"key": "contacts.read", "reach": "team", "reach_id": str(letting)}

    refused = await agency.change_rights(person, "PUT", "/grants", {"grants": [grant]}, by=clerk)

    assert (refused.status, refused.code) == (403, "grants_more_than_held")
    await team(agency, letting, 2, [clerk])
    allowed = await agency.change_rights(person, "PUT", "/grants", {"grants": [grant]}, by=clerk)
    assert allowed.status == 200


async def test_a_team_of_ten_thousand_is_one_of_many(agency: Agency) -> None:
    person, letting = await agency.person(), uuid4()
    members = [UUID(int=n) for n in range(1, 10_001)]
    await team(agency, letting, 1, members)
    grant = {"key": "contacts.read", "reach": "team", "reach_id": str(letting)}
    await agency.put_rights(person, "/grants", {"grants": [grant]})

    assert len((await agency.scopes(person))["contacts.read"]["owners"]) == 10_000
