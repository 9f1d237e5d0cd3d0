"""Instants as clients send them."""

from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime

EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC)
"""Far from the ends of the calendar, where arithmetic, zones and PostgreSQL's wider years meet errors."""


def in_utc(instant: datetime) -> datetime:
    """Return an aware instant in UTC. Raises ValueError outside the years 1900 to 8999."""
    if not EARLIEST <= instant < LATEST:
        raise ValueError("must lie in the years 1900 to 8999")
    return instant.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(in_utc)]
"""An instant with its offset, of a year in which people live; read as UTC."""
