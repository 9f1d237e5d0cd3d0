"""Never zero administrators, by whichever holder they are administrators."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import cycle, islice, product
from typing import Any
from uuid import UUID

import pytest

from tests.integration.authz.conftest import MANAGE, Agency, Answer

pytestmark = pytest.mark.asyncio(loop_scope="session")
ROUNDS = 100


@dataclass
class One:
    """An administrator by one holder, and what would make him none."""

    person: UUID
    undo: Callable[[], Awaitable[Answer]]


async def by_own_grants(agency: Agency, clerk: UUID) -> One:
    person = await agency.person()
    version = (await agency.put_rights(person, "/grants", {"grants": list(MANAGE)}))["version"]

    async def undo() -> Answer:
        path = f"/v1/users/{person}/grants"
        return await agency.call("PUT", path, {"grants": []}, by=clerk, If_Match=f'"{version}"')

    return One(person, undo)


async def by_template(agency: Agency, clerk: UUID) -> One:
    person = await agency.person()
    template = await agency.template(*MANAGE, users=(person,))

    async def undo() -> Answer:
        return await agency.change_template(template, "PUT", "/grants", {"grants": []}, by=clerk)

    return One(person, undo)


async def by_group(agency: Agency, clerk: UUID) -> One:
    person = await agency.person()
    group: Any = await agency.group(*MANAGE, members=(person,))

    async def undo() -> Answer:
        return await agency.change(group, "DELETE", "", by=clerk)

    return One(person, undo)


WAYS = (by_own_grants, by_template, by_group)


@pytest.mark.catalogue("IMO-B3", "IMO-B4")
async def test_two_requests_at_once_never_remove_the_last_two_administrators(agency: Agency) -> None:
    clerk, present = await agency.person(), [agency.administrator_id]
    await agency.group(MANAGE[0], members=(clerk,))
    for one_way, other_way in islice(cycle(product(WAYS, WAYS)), ROUNDS):
        one, other = await one_way(agency, clerk), await other_way(agency, clerk)
        for person in present:
            assert (await agency.peer("POST", f"{person}/stand-down")).status == 204

        answers = await asyncio.gather(one.undo(), other.undo())

        refused = [(answer.status, answer.code) for answer in answers if answer.status not in {200, 204}]
        assert refused == [(409, "last_administrator")]
        present = [one.person, other.person]


async def test_an_administrator_by_a_template_that_goes_stays_one(agency: Agency) -> None:
    person = await agency.person()
    template = await agency.template(*MANAGE, users=(person,))
    assert (await agency.peer("POST", f"{agency.administrator_id}/stand-down")).status == 204

    assert (await agency.change_template(template, "DELETE", "")).status == 204
    gone = await agency.change_rights(person, "PUT", "/grants", {"grants": []})

    assert (gone.status, gone.code) == (409, "last_administrator")
