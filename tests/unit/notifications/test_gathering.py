"""Work that is gathered: everybody gets his own answer, whoever else asks, fails or is told to stop meanwhile."""

import asyncio
from collections.abc import Sequence

import pytest

from services.chassis.problems import Unavailable
from services.notifications.operations.gathering import Gathering
from tests.support.running import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Office:
    """Doubles numbers, a batch for each turn; refuses 13, breaks down over 0, is away for negative ones."""

    def __init__(self, turns: int = 1000) -> None:
        self.turns = asyncio.Semaphore(turns)
        self.batches = list[list[int]]()

    async def double(self, numbers: Sequence[int]) -> Sequence[int | Exception]:
        self.batches.append([*numbers])
        await self.turns.acquire()
        if 0 in numbers:
            raise ZeroDivisionError
        if min(numbers) < 0:
            raise Unavailable
        return [LookupError("13") if number == 13 else 2 * number for number in numbers]

    async def has_begun(self, batches: int) -> None:
        async def begun() -> bool:
            return len(self.batches) >= batches

        await eventually(begun)


async def asked(gathering: Gathering[int, int], *numbers: int) -> list[asyncio.Task[int]]:
    """Return once each number was asked for, in this order."""
    tasks = [asyncio.create_task(gathering.ask(number)) for number in numbers]
    await asyncio.sleep(0)
    return tasks


async def test_what_is_asked_while_one_is_under_way_is_carried_out_together() -> None:
    office = Office(turns=0)
    gathering = Gathering(office.double)
    tasks = await asked(gathering, 1, 2, 3, 4)
    await office.has_begun(1)
    tasks += await asked(gathering, 5)
    for _ in range(3):
        office.turns.release()
    assert await asyncio.gather(*tasks) == [2, 4, 6, 8, 10]
    assert office.batches == [[1], [2, 3, 4, 5]]
    assert await gathering.ask(6) == 12


async def test_each_hears_its_own_refusal_and_a_breakdown_concerns_only_whom_it_is_about() -> None:
    office = Office()
    gathering = Gathering(office.double)
    answers = await asyncio.gather(*map(gathering.ask, (1, 13, 0, 2, 0)), return_exceptions=True)
    assert [answer if isinstance(answer, int) else type(answer) for answer in answers] == [
        2,
        LookupError,
        ZeroDivisionError,
        4,
        ZeroDivisionError,
    ]


async def test_a_database_that_is_away_is_asked_once_for_all() -> None:
    office = Office(turns=0)
    gathering = Gathering(office.double)
    tasks = await asked(gathering, 2, -1, 3)
    for _ in range(2):
        office.turns.release()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(answer) for answer in answers] == [int, Unavailable, Unavailable]
    assert office.batches == [[2], [-1, 3]]


@pytest.mark.parametrize("stopped", range(5))
async def test_whoever_is_told_to_stop_stops_and_the_others_get_their_answers(stopped: int) -> None:
    office = Office(turns=0)
    gathering = Gathering(office.double)
    tasks = await asked(gathering, 1)
    await office.has_begun(1)
    tasks += await asked(gathering, 2, 3, 4, 5)
    if stopped:
        office.turns.release()
        await office.has_begun(2)
    tasks[stopped].cancel()
    for _ in range(5):
        office.turns.release()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(answers.pop(stopped), asyncio.CancelledError)
    assert answers == [double for double in (2, 4, 6, 8, 10) if double != 2 * (stopped + 1)]
    assert await gathering.ask(6) == 12
