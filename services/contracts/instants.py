"""Instants and time zones as clients send them."""

import re
from datetime import UTC, datetime
from typing import Annotated, Final
from zoneinfo import available_timezones

from pydantic import AfterValidator, AwareDatetime, BeforeValidator

EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC)
"""Far from the ends of the calendar, where arithmetic, zones and PostgreSQL's wider years meet errors."""


_RFC_3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]", re.ASCII)


def in_utc(instant: datetime) -> datetime:
    """Return an aware instant in UTC. Raises ValueError outside the years 1900 to 8999."""
    if not EARLIEST <= instant < LATEST:
        raise ValueError("must lie in the years 1900 to 8999")
    return instant.astimezone(UTC)


def _written_out(value: object) -> object:
    """Refuse numbers, which would be read as seconds since 1970."""
    if not (isinstance(value, datetime) or (isinstance(value, str) and _RFC_3339.match(value))):
        raise ValueError("must be a date and time as RFC 3339 has it")
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(in_utc)]
"""An instant with its offset, of a year in which people live; read as UTC."""


_ZONES: Final = available_timezones() - {"Factory", "localtime"}
"""Without what some machines add: no place, and wherever the machine stands."""


def _known(name: str) -> str:
    if name not in _ZONES:
        raise ValueError("not an IANA time zone")
    return name


TimeZone = Annotated[str, AfterValidator(_known)]
"""The name of an IANA time zone."""
