"""Answers that hold a database connection for as long as their client reads: a few at once, so that others get one."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from services.chassis.problems import Limited

MOST: Final = 4


class TooManyExports(Limited):
    code = "too_many_exports"
    title = "Too many exports and prints are under way."


class Streams:
    """Counts the streams of this process."""

    def __init__(self) -> None:
        self._running = 0

    async def bounded(self, pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
        """Yield the pieces of a stream. Raises TooManyExports before the first where enough are under way."""
        if self._running >= MOST:
            raise TooManyExports(retry_after_seconds=5)
        self._running += 1
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    yield piece
        finally:
            self._running -= 1
