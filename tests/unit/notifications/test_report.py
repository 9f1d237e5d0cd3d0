"""Weeks by the agency's clock: each Monday's report has its hour and the seven days before it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.report import due_after, latest_monday, week_before

ZONES = st.sampled_from(
    ["Europe/Rome", "Europe/Warsaw", "Europe/London", "America/Santiago", "Africa/Cairo", "Australia/Lord_Howe"]
).map(ZoneInfo)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)).map(lambda one: one.replace(tzinfo=UTC))  # noqa: DTZ001 naive bounds are what the strategy takes


@given(MOMENTS, ZONES)
def test_the_latest_monday_is_the_last_one_whose_clock_has_shown_seven(now: datetime, zone: ZoneInfo) -> None:
    monday = latest_monday(now, zone)
    plainly = now
    while not (plainly.astimezone(zone).weekday() == 0 and plainly.astimezone(zone).hour >= 7):
        plainly -= timedelta(minutes=30)
    assert plainly.astimezone(zone).date() == monday
    assert now < due_after(monday, zone)
    assert due_after(monday, zone).astimezone(zone).strftime("%a %H:%M") == "Mon 07:00"


@given(MOMENTS, ZONES)
def test_the_weeks_of_two_mondays_meet_without_gap_or_overlap(now: datetime, zone: ZoneInfo) -> None:
    monday = latest_monday(now, zone)
    week, following = week_before(monday, zone), week_before(monday + timedelta(days=7), zone)
    assert week.end == following.start
    days = {
        (week.start + timedelta(hours=n)).astimezone(zone).date()
        for n in range(int((week.end - week.start) / timedelta(hours=1)))
    }
    assert days == {monday - timedelta(days=n) for n in range(1, 8)}
