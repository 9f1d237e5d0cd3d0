"""Many small pieces of database work as few: what is asked for while one transaction is under way shares the next."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from services.chassis.problems import Unavailable

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Gathering(Generic[Asked, Answer]):
    """Has one kind of work carried out for all who wait for it, one transaction at a time.

    `carry_out` answers each in the order in which it was asked; an exception among the answers is raised at who asked.
    """

    def __init__(self, carry_out: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer | Exception]]]) -> None:
        self._carry_out = carry_out
        self._waiting = list[tuple[Asked, asyncio.Future[Answer]]]()
        self._turn = asyncio.Lock()

    async def ask(self, asked: Asked) -> Answer:
        """Return the answer; whoever waits first carries out what all want. Raises what the work raises."""
        answer = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answer))
        try:
            async with self._turn:
                if not answer.done():
                    await self._lead()
            return await answer
        finally:
            answer.cancel()  # nobody waits for it any more, if it is not there

    async def _lead(self) -> None:
        gathered = [one for one in self._waiting if not one[1].done()]
        self._waiting.clear()
        try:
            await self._answer(gathered)
        finally:  # whoever led may have been told to stop: the others are carried out by the next
            self._waiting[:0] = [one for one in gathered if not one[1].done()]

    async def _answer(self, gathered: Sequence[tuple[Asked, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._carry_out([asked for asked, _ in gathered])
        except Exception as error:  # noqa: BLE001 it is raised at those whom it concerns
            if len(gathered) > 1 and not isinstance(error, Unavailable):
                for one in gathered:
                    await self._answer([one])
                return
            answers = [error] * len(gathered)
        for (_, waiting), answer in zip(gathered, answers, strict=True):
            if waiting.done():
                continue
            if isinstance(answer, Exception):
                waiting.set_exception(answer)
            else:
                waiting.set_result(answer)
