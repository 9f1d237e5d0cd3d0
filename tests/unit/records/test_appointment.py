"""When an appointment is, and what others see of it: against the plainest reading of the rule."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise, product
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.problems import Invalid
from services.contracts.vocabulary import UserId
from services.records.domain.appointment import When
from services.records.domain.busy import merged

ROME, SANTIAGO = ZoneInfo("Europe/Rome"), ZoneInfo("America/Santiago")


def _when(zone: ZoneInfo, starts: str, ends: str, fold: int = 0) -> When:
    return When(zone, datetime.fromisoformat(starts), datetime.fromisoformat(ends), fold, fold)


@pytest.mark.parametrize(
    ("zone", "starts", "ends", "fold", "instants"),
    [
        (ROME, "2026-03-28T09:00", "2026-03-28T10:00", 0, ("2026-03-28T08:00Z", "2026-03-28T09:00Z")),
        (ROME, "2026-03-29T09:00", "2026-03-29T10:00", 0, ("2026-03-29T07:00Z", "2026-03-29T08:00Z")),
        (ROME, "2026-03-29T01:30", "2026-03-29T03:30", 0, ("2026-03-29T00:30Z", "2026-03-29T01:30Z")),
        (ROME, "2026-10-25T02:15", "2026-10-25T02:45", 0, ("2026-10-25T00:15Z", "2026-10-25T00:45Z")),
        (ROME, "2026-10-25T02:15", "2026-10-25T02:45", 1, ("2026-10-25T01:15Z", "2026-10-25T01:45Z")),
        (ROME, "2026-10-25T01:30", "2026-10-25T03:30", 0, ("2026-10-24T23:30Z", "2026-10-25T02:30Z")),
    ],
)
def test_a_wall_clock_comes_to_the_instant_at_which_the_clocks_there_show_it(
    zone: ZoneInfo, starts: str, ends: str, fold: int, instants: tuple[str, str]
) -> None:
    fields = _when(zone, starts, ends, fold).fields()
    assert (fields["starts_at"], fields["ends_at"]) == tuple(map(datetime.fromisoformat, instants))
    assert (fields["starts_local"], fields["ends_local"], fields["timezone"]) == (starts, ends, zone.key)


def test_an_appointment_from_the_first_to_the_second_of_a_double_hour_lasts_that_hour() -> None:
    local = datetime(2026, 10, 25, 2, 30)  # noqa: DTZ001 a wall clock
    fields = When(ROME, local, local, 0, 1).fields()
    instants = ("2026-10-25T00:30Z", "2026-10-25T01:30Z")
    assert (fields["starts_at"], fields["ends_at"]) == tuple(map(datetime.fromisoformat, instants))


@pytest.mark.parametrize(
    ("zone", "starts", "ends", "pointer"),
    [
        (ROME, "2026-03-29T02:30", "2026-03-29T04:00", "/when/starts_local"),
        (ROME, "2026-03-29T01:00", "2026-03-29T02:00", "/when/ends_local"),
        (SANTIAGO, "2026-09-06T00:00", "2026-09-06T02:00", "/when/starts_local"),
        (ROME, "2026-03-28T09:00", "2026-03-28T09:00", "/when/ends_local"),
        (ROME, "2026-03-28T09:00", "2026-03-27T09:00", "/when/ends_local"),
        (ROME, "2026-01-01T00:00", "2026-02-01T00:01", "/when/ends_local"),
        (ROME, "0001-01-01T00:00", "0001-01-01T01:00", "/when/starts_local"),
    ],
)
def test_a_time_that_the_clocks_never_show_and_one_that_ends_before_it_starts_are_refused(
    zone: ZoneInfo, starts: str, ends: str, pointer: str
) -> None:
    with pytest.raises(Invalid) as refused:
        _when(zone, starts, ends).fields()
    assert [error.pointer for error in refused.value.errors] == [pointer]


@given(
    zone=st.sampled_from(
        ["Europe/Rome", "America/Santiago", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca"]
    ),
    minutes=st.integers(0, 60 * 24 * 730),
    lasts=st.integers(1, 60 * 24 * 30),
)
def test_what_two_clocks_there_have_shown_always_comes_back_as_the_same_instants(
    zone: str, minutes: int, lasts: int
) -> None:
    starts = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    shown = [each.astimezone(ZoneInfo(zone)) for each in (starts, starts + timedelta(minutes=lasts))]
    begins, ends = [each.replace(tzinfo=None, fold=0) for each in shown]
    fields = When(ZoneInfo(zone), begins, ends, shown[0].fold, shown[1].fold).fields()
    assert (fields["starts_at"], fields["ends_at"]) == (starts, starts + timedelta(minutes=lasts))


@given(
    st.lists(st.tuples(st.sampled_from([UUID(int=1), UUID(int=2)]), st.integers(0, 30), st.integers(1, 6)), max_size=12)
)
def test_merged_times_take_the_same_minutes_and_never_touch(taken: list[tuple[UserId, int, int]]) -> None:
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    spans = [(who, begun + timedelta(minutes=at), begun + timedelta(minutes=at + lasts)) for who, at, lasts in taken]
    found = list(merged(spans))
    for who, minute in product([UUID(int=1), UUID(int=2)], range(40)):
        instant = begun + timedelta(minutes=minute)
        busy = any(each == who and start <= instant < end for each, start, end in spans)
        assert sum(each == who and start <= instant < end for each, start, end in found) == busy
    for one, other in pairwise(found):
        assert one[0] < other[0] or one[2] < other[1]
