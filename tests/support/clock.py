"""The clock of services that run in the test's own process, moved ahead."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from services.chassis import clock


@contextmanager
def standing_still() -> Generator[None]:
    """Let it stay the instant that it is."""
    instant = datetime.now(UTC)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: instant)
        yield


@contextmanager
def later(by: timedelta) -> Generator[None]:
    """Let it be later by so much; time goes on from there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: datetime.now(UTC) + by)
        yield
