"""Hours worked, against a reference that counts minute by minute round the days when clocks change."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identity.domain.worked_hours import Stretch, by_day
from tests.unit.identity.test_access_policy import CHANGES, MINUTE, ZONES

Spans = list[tuple[int, int]]


@pytest.mark.catalogue("IMO-83")
@given(
    st.sampled_from(ZONES),
    st.integers(0, 7),
    st.lists(st.tuples(st.integers(-1600, 1600), st.integers(0, 700)), max_size=5),
)
def test_every_minute_counts_once_on_the_day_that_the_wall_clock_showed(
    zone: ZoneInfo, which: int, spans: Spans
) -> None:
    change = CHANGES[zone][which]
    worked = {change + at * MINUTE for begin, length in spans for at in range(begin, begin + length)}
    expected = dict[date, timedelta]()
    for instant in worked:
        day = instant.astimezone(zone).date()
        expected[day] = expected.get(day, timedelta()) + MINUTE
    stretches = [Stretch(change + begin * MINUTE, change + (begin + length) * MINUTE) for begin, length in spans]
    assert by_day(stretches, zone) == expected


@pytest.mark.catalogue("IMO-83")
def test_who_is_there_all_day_works_23_and_25_hours_when_clocks_change() -> None:
    rome = ZONES[0]
    for day, hours in ((date(2027, 3, 28), 23), (date(2027, 10, 31), 25), (date(2027, 6, 1), 24)):
        begin = datetime(day.year, day.month, day.day, tzinfo=rome)
        stretch = Stretch(begin - timedelta(hours=30), begin + timedelta(hours=60))
        assert by_day([stretch], rome)[day] == timedelta(hours=hours)
