"""Whatever instant a client sends is either understood in UTC or refused; none reaches arithmetic that it breaks."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from services.contracts.instants import EARLIEST, LATEST, Instant, TimeZone

READER = TypeAdapter[datetime](Instant)
OFFSETS = st.integers(-24 * 60 + 1, 24 * 60 - 1).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(instant=st.datetimes(timezones=OFFSETS))
def test_an_instant_is_read_as_utc_or_refused(instant: datetime) -> None:
    if EARLIEST <= instant < LATEST:
        read = READER.validate_python(instant)
        assert (read, read.tzinfo) == (instant, UTC)
    else:
        with pytest.raises(ValidationError):
            READER.validate_python(instant)


@pytest.mark.parametrize(
    "text",
    [
        '"0001-01-01T00:00:00+02:00"',
        '"9999-12-31T23:59:59-14:00"',
        '"2026-11-22T10:00:00"',
        '"2026-11-22"',
        '"1763800000"',
        "1763800000",
        "17638e5",
        "true",
        '"\u0662026-11-22T10:00:00Z"',
    ],
)
def test_what_is_no_instant_written_out_with_its_offset_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        READER.validate_json(text)


@pytest.mark.parametrize("name", ["Europe/Rome", "America/Toronto", "UTC"])
def test_a_zone_of_the_iana_database_is_taken(name: str) -> None:
    assert TypeAdapter(TimeZone).validate_python(name) == name


@pytest.mark.parametrize("name", ["localtime", "Factory", "Europe/Lucca", "", "../etc/passwd", "europe/rome"])
def test_what_names_no_place_is_no_zone(name: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(TimeZone).validate_python(name)
