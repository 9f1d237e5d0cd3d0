"""Password hashing off the event loop, in a bounded pool, so that a flood of sign-ins slows no other request."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Self, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.chassis.problems import Limited

THREADS: Final = 2
QUEUE: Final = 16
"""Hashes that may wait; two threads, at 30 ms for each of the cheapest, empty the queue in a quarter of a second."""
NICENESS: Final = 10
"""How far behind everything else the hashing threads stand in the queue for a processor.

Not at its very end (SCHED_IDLE), where other requests would wait least: on a busy machine nobody would sign in, and a
thread that waits there with the interpreter's lock holds up all others.
"""
T = TypeVar("T")


def _stand_back() -> None:
    """Let other requests have the processor first. Only Linux knows priorities of single threads."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


class PasswordHashing:
    """Argon2id with one lane, and as much memory (KiB) and as many passes as the operator wants."""

    def __init__(self, memory_kib: int, passes: int) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="argon2", initializer=_stand_back)
        self._places = THREADS + QUEUE
        self._nobody = self._hasher.hash("nobody's password")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(cancel_futures=True)

    async def hash(self, password: str) -> str:
        """Return the hash to store. Raises Limited when too many wait."""
        return await self._run(lambda: self._hasher.hash(password))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Say whether the password is right; without a stored hash it costs the same and is wrong. Raises Limited."""
        return await self._run(lambda: self._matches(stored or self._nobody, password)) and stored is not None

    def needs_rehash(self, stored: str) -> bool:
        """Say whether a stored hash was made with other settings than today's."""
        return self._hasher.check_needs_rehash(stored)

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        if self._places == 0:
            raise Limited("Too many sign-ins at the moment.", retry_after_seconds=1)
        self._places -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._places += 1
