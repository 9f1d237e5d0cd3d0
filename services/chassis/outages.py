"""What is away for a while: asked for less and less often, told once when it goes and once when it is back."""

import asyncio
import random
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from services.chassis import logging
from services.chassis.problems import Unavailable

SHORTEST_PAUSE_SECONDS: Final = 0.2
LONGEST_PAUSE_SECONDS: Final = 5.0
LASTING_SECONDS: Final = 30.0
"""Longer than anything waits for a broker or a database that does not answer."""
_log = logging.get(__name__)


class Outage:
    """The failures of one thing that is tried again and again: told once, until all is well again."""

    def __init__(self, of: str) -> None:
        self._of = of
        self._told = set[type[BaseException]]()
        self._failures = 0

    @contextmanager
    def bridged(self, failure: type[Exception] = Unavailable) -> Generator[None]:
        """End a try early, instead of raising, when something that it needs is away.

        All is well when a try comes to its end, or has lasted half a minute.
        """
        lasting = asyncio.get_running_loop().call_later(LASTING_SECONDS, self._over)
        try:
            yield
        except failure as error:
            self._failures += 1
            reason = error.__cause__ or error
            if type(reason) not in self._told:
                self._told.add(type(reason))
                _log.warning("outage.begun", of=self._of, error=repr(reason))
        else:
            self._over()
        finally:
            lasting.cancel()

    def pause(self) -> float:
        """Return how many seconds to wait before the next try: 0.2, doubling to 5, with jitter."""
        pause = min(SHORTEST_PAUSE_SECONDS * 2 ** min(self._failures - 1, 5), LONGEST_PAUSE_SECONDS)
        return pause * random.uniform(0.7, 1.3)  # noqa: S311 nothing is to be kept secret

    def _over(self) -> None:
        if self._told:
            _log.info("outage.ended", of=self._of)
        self._told.clear()
        self._failures = 0
