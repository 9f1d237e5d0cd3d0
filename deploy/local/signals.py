"""Ctrl-C and its kin for a launcher: the first asks to stop, the second ends everything at once."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from typing import TypeVar

from deploy.local.children import kill_adopted, reap_adopted

T = TypeVar("T")
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = 130


class Interruption:
    """Whether the person at the terminal, or `down`, wants an end."""

    def __init__(self) -> None:
        """Listen from now on, in the running loop."""
        self._asked = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in STOPPING:
            loop.add_signal_handler(number, self._ask)

    async def wait(self) -> None:
        """Return when the end was asked for."""
        await self._asked.wait()

    async def unless_asked(self, step: Coroutine[None, None, T]) -> T | None:
        """Return what the step gives; None, with the step cancelled and unwound, once the end was asked for."""
        task = asyncio.ensure_future(step)
        asked = asyncio.ensure_future(self._asked.wait())
        await asyncio.wait([task, asked], return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if task.done():
            return task.result()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return None

    def _ask(self) -> None:
        if self._asked.is_set():
            kill_adopted()
            os._exit(INTERRUPTED)
        self._asked.set()


def reap_orphans(own: Callable[[], frozenset[int]]) -> None:
    """Reap orphans of our children as they end; `own` are the children that are waited for otherwise."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, lambda: reap_adopted(own()))
