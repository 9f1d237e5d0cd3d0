"""Never zero administrators, and nobody gives more than he holds: whatever happens at the same moment."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice, product
from typing import Any
from uuid import UUID

import pytest

from services.contracts.identity_events import UserChanged, UserStateChanged
from services.contracts.vocabulary import UserState
from tests.integration.authz.conftest import MANAGE, Agency, Answer, facts
from tests.support.running import INTERNAL_TOKEN

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass
class Two:
    """An agency with exactly two administrators, each by a group of his own, and a clerk who may manage groups."""

    agency: Agency
    clerk: UUID
    people: tuple[UUID, UUID]
    groups: tuple[Any, Any]

    async def administrators(self) -> int:
        """Return how many hold both keys and have not stood down."""
        counted = 0
        for person in self.people:
            scopes = (await self.agency.call("GET", f"/v1/users/{person}/access", by=self.clerk)).body["scopes"]
            counted += {"admin.permissions.manage", "admin.agents.manage"} <= scopes.keys()
        return counted


async def two_administrators(agency: Agency) -> Two:
    clerk = await agency.person()
    await agency.group(MANAGE[0], members=(clerk,))
    return await two_others(agency, clerk, [agency.administrator_id])


async def two_others(agency: Agency, clerk: UUID, present: Iterable[UUID]) -> Two:
    """Return two new administrators; those who are there stand down: they keep their rights, but do not count."""
    people = (await agency.person(), await agency.person())
    groups = (await agency.group(*MANAGE, members=people[:1]), await agency.group(*MANAGE, members=people[1:]))
    for person in present:
        assert (await agency.peer("POST", f"{person}/stand-down")).status == 204
    return Two(agency, clerk, people, groups)


async def take_out(two: Two, at: int) -> Answer:
    return await two.agency.change(two.groups[at], "DELETE", f"/members/{two.people[at]}", by=two.clerk)


async def empty(two: Two, at: int) -> Answer:
    return await two.agency.change(two.groups[at], "PUT", "/grants", {"grants": []}, by=two.clerk)


async def delete(two: Two, at: int) -> Answer:
    return await two.agency.change(two.groups[at], "DELETE", "", by=two.clerk)


async def stand_down(two: Two, at: int) -> Answer:
    return await two.agency.peer("POST", f"{two.people[at]}/stand-down")


WAYS: list[Callable[[Two, int], Awaitable[Answer]]] = [take_out, empty, delete, stand_down]
ROUNDS = 100


@pytest.mark.catalogue("IMO-B3", "IMO-B4")
async def test_two_requests_at_once_never_remove_the_last_two_administrators(agency: Agency) -> None:
    two = await two_administrators(agency)
    for one, other in islice(cycle(product(WAYS, WAYS)), ROUNDS):
        answers = await asyncio.gather(one(two, 0), other(two, 1))

        refused = [answer for answer in answers if answer.status >= 300]
        assert [(answer.status, answer.code) for answer in refused] == [(409, "last_administrator")]
        stood_down = sum(
            way is stand_down and answer.status == 204 for way, answer in zip((one, other), answers, strict=True)
        )
        assert await two.administrators() - stood_down == 1
        two = await two_others(agency, two.clerk, two.people)


@pytest.mark.catalogue("IMO-B4")
@pytest.mark.parametrize("way", WAYS)
async def test_the_last_administrator_stays_and_nothing_is_changed(
    agency: Agency, way: Callable[[Two, int], Awaitable[Answer]]
) -> None:
    two = await two_administrators(agency)
    assert (await way(two, 0)).status < 300
    before = (await agency.call("GET", f"/v1/groups/{two.groups[1]['id']}", by=two.clerk)).body
    await agency.news()

    answer = await way(two, 1)

    assert (answer.status, answer.code) == (409, "last_administrator")
    assert (await agency.call("GET", f"/v1/groups/{two.groups[1]['id']}", by=two.clerk)).body == before
    assert await agency.news() == []


async def test_an_administrator_until_a_certain_day_does_not_count(agency: Agency) -> None:
    """Else time alone would take the last one away."""
    other, until = await agency.person(), (datetime.now(UTC) + timedelta(days=1)).isoformat()
    for_a_day = await agency.group(*MANAGE)
    await agency.put(for_a_day, f"/members/{other}", {"expires_at": until})
    await agency.group(*({**grant, "expires_at": until} for grant in MANAGE), members=(other,))
    first = await agency.starting_group("administrators")

    answer = await agency.change(first, "PUT", f"/members/{agency.administrator_id}", {"expires_at": until})

    assert (answer.status, answer.code) == (409, "last_administrator")


@pytest.mark.parametrize("state", [UserState.PROVISIONED, UserState.SUSPENDED, UserState.GHOST])
async def test_who_is_not_active_is_no_administrator(agency: Agency, state: UserState) -> None:
    other = await agency.person(state)
    await agency.group(*MANAGE, members=(other,))
    first = await agency.starting_group("administrators")

    answer = await agency.change(first, "DELETE", f"/members/{agency.administrator_id}")

    assert (answer.status, answer.code) == (409, "last_administrator")


async def test_who_stood_down_counts_again_once_he_is_back(agency: Agency) -> None:
    two = await two_administrators(agency)
    one, other = two.people
    assert (await agency.peer("POST", f"{other}/stand-down")).status == 204
    assert (await agency.peer("POST", f"{one}/stand-down")).code == "last_administrator"

    await agency.tell(UserStateChanged(user=facts(other, 2, UserState.SUSPENDED)))
    assert (await agency.peer("POST", f"{one}/stand-down")).code == "last_administrator"
    await agency.tell(UserStateChanged(user=facts(other, 3, UserState.ACTIVE)))
    assert (await agency.peer("POST", f"{one}/stand-down")).status == 204


async def test_an_event_from_before_does_not_undo_standing_down(agency: Agency) -> None:
    two = await two_administrators(agency)
    one, other = two.people
    assert (await agency.peer("POST", f"{other}/stand-down", If_Match='"2"')).status == 204

    await agency.tell(UserChanged(user=facts(other, 2, UserState.ACTIVE)))  # was under way

    assert (await agency.peer("POST", f"{one}/stand-down")).code == "last_administrator"
    await agency.tell(UserChanged(user=facts(other, 3, UserState.ACTIVE)))  # he was not suspended after all
    assert (await agency.peer("POST", f"{one}/stand-down")).status == 204


async def test_somebody_of_whom_nothing_was_told_can_stand_down(agency: Agency) -> None:
    two = await two_administrators(agency)
    stranger = UUID(int=7)
    assert (await agency.peer("POST", f"{stranger}/stand-down", If_Match='"4"')).status == 204
    await agency.tell(UserChanged(user=facts(stranger, 4)))
    for group in two.groups:
        await agency.put(group, f"/members/{stranger}", {})

    for person, status in zip(two.people, (204, 409), strict=True):
        assert (await agency.peer("POST", f"{person}/stand-down")).status == status


async def test_an_administrator_whose_account_ends_one_day_does_not_count(agency: Agency) -> None:
    """Nor does he count again when anything else of his card is edited, until the end is taken back."""
    two = await two_administrators(agency)
    one, other = two.people
    ends_at = datetime.now(UTC) + timedelta(days=30)
    assert (await agency.peer("POST", f"{other}/stand-down")).status == 204

    await agency.tell(UserChanged(user=facts(other, 2, ends_at=ends_at)))
    assert (await agency.peer("POST", f"{one}/stand-down")).code == "last_administrator"
    await agency.tell(UserChanged(user=facts(other, 3, ends_at=ends_at + timedelta(days=300))))
    assert (await take_out(two, 0)).code == "last_administrator"
    await agency.tell(UserChanged(user=facts(other, 4)))
    assert (await take_out(two, 0)).status == 200


async def give_an_end(two: Two, at: int) -> Answer:
    """Let an account end one day, as identity does it: it asks, commits, and tells."""
    answer = await stand_down(two, at)
    if answer.status == 204:
        ends_at = datetime.now(UTC) + timedelta(days=30)
        for version in (2, 3):
            await two.agency.tell(UserChanged(user=facts(two.people[at], version, ends_at=ends_at)))
    return answer


async def test_while_one_account_is_given_an_end_the_other_administrator_stays(agency: Agency) -> None:
    two = await two_administrators(agency)
    for way in islice(cycle((*WAYS, give_an_end)), ROUNDS):
        answers = await asyncio.gather(give_an_end(two, 0), way(two, 1))

        refused = [(answer.status, answer.code) for answer in answers if answer.status >= 300]
        assert refused == [(409, "last_administrator")]
        ended, there = answers[0].status == 204, two.people[1 if answers[0].status == 204 else 0]
        assert ended == (answers[1].status >= 300)
        assert (await agency.peer("POST", f"{there}/stand-down")).code == "last_administrator"
        two = await two_others(agency, two.clerk, two.people)


async def test_whoever_is_no_administrator_stands_down_freely(agency: Agency) -> None:
    agent = await agency.person()

    assert (await agency.peer("POST", f"{agent}/stand-down")).status == 204
    assert (await agency.peer("POST", f"{agency.administrator_id}/stand-down")).code == "last_administrator"


READ = {"key": "listings.read", "reach": "principal"}
UPDATE = {"key": "listings.update", "reach": "own"}


async def test_nobody_grants_what_he_does_not_hold(agency: Agency) -> None:
    clerk = await agency.person()
    mine = await agency.group(MANAGE[0], READ, members=(clerk,))
    group = await agency.group(UPDATE)

    async def grant(to: Any, *grants: dict[str, Any]) -> Answer:
        return await agency.change(to, "PUT", "/grants", {"grants": list(grants)}, by=clerk)

    more = await grant(group, UPDATE, READ, {"key": "listings.list", "reach": "own"}, MANAGE[1])
    assert (more.status, more.code) == (403, "grants_more_than_held")
    assert more.body["detail"] == "You do not hold so much of admin.agents.manage, listings.list."
    wider = await grant(mine, MANAGE[0], {"key": "listings.read", "reach": "all"})
    assert (wider.status, wider.code) == (403, "grants_more_than_held")
    allowed = await grant(group, UPDATE, READ)
    assert (allowed.status, len(allowed.body["grants"])) == (200, 2)


async def test_nobody_makes_anybody_member_of_what_he_does_not_hold(agency: Agency) -> None:
    clerk, colleague = await agency.person(), await agency.person()
    await agency.group(MANAGE[0], READ, members=(clerk,))
    administrators = await agency.starting_group("administrators")
    readers, writers = await agency.group(READ), await agency.group(READ, UPDATE)

    for person in (clerk, colleague):
        for group in (administrators, writers):
            answer = await agency.change(group, "PUT", f"/members/{person}", {}, by=clerk)
            assert (answer.status, answer.code) == (403, "grants_more_than_held")
    assert (await agency.change(readers, "PUT", f"/members/{colleague}", {}, by=clerk)).status == 200


async def test_peers_are_told_who_administers_the_agency_now(agency: Agency) -> None:
    async def told() -> set[str]:
        path = f"{agency.url}/internal/v1/tenants/{agency.tenant_id}/administrators"
        async with agency.http.get(path, headers={"Authorization": f"Bearer {INTERNAL_TOKEN}"}) as response:
            assert response.status == 200
            return set((await response.json())["user_ids"])

    first, two, half = str(agency.administrator_id), await agency.person(), await agency.person()
    suspended = await agency.person(UserState.SUSPENDED)
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    group = await agency.group(*MANAGE, members=(suspended,))
    await agency.put(group, f"/members/{two}", {"expires_at": soon})
    await agency.group(MANAGE[0], members=(half,))
    assert await told() == {first, str(two)}, "also who is one for an hour"
    await agency.template(MANAGE[1], users=(half,))
    assert await told() == {first, str(two), str(half)}, "wherever the keys come from"
    assert (await agency.peer("POST", f"{half}/stand-down")).status == 204
    assert await told() == {first, str(two), str(half)}, "until identity tells that he is out"
    async with agency.http.get(f"{agency.url}/internal/v1/tenants/{agency.tenant_id}/administrators") as response:
        assert response.status == 401
