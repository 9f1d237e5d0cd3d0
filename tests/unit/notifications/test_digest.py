"""When a digest is due: minute by minute over 400 days, in zones that do strange things, against a plain count."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.calendar import calendar, folded
from services.notifications.domain.digest import (
    LATE,
    Appointment,
    Verdict,
    first_day,
    instant_of,
    span_of,
    verdict,
)

ZONES = (
    "Europe/Rome",
    "Europe/Warsaw",
    "Europe/Berlin",
    "Europe/Paris",
    "Europe/London",
    "America/Santiago",
    "Africa/Cairo",
    "Australia/Lord_Howe",
)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 400
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


class PlainCount:
    """Every minute of 400 days as the zone's clock shows it."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.first = dict[date, datetime]()
        self.hour = dict[tuple[date, int], datetime]()
        self.minutes = dict[date, int]()
        moment = BEGIN
        for _ in range(DAYS * 24 * 60):
            local = moment.astimezone(zone)
            day = local.date()
            self.first.setdefault(day, moment)
            self.hour.setdefault((day, local.hour), moment)
            self.minutes[day] = self.minutes.get(day, 0) + 1
            moment += MINUTE

    def at(self, day: date, hour: int) -> datetime:
        """Return the first minute of the day at which it is that hour or later."""
        return min(moment for (one, later), moment in self.hour.items() if one == day and later >= hour)

    @property
    def whole_days(self) -> list[date]:
        return list(self.first)[1:-1]


@pytest.fixture(scope="module", params=ZONES)
def zone(request: pytest.FixtureRequest) -> ZoneInfo:
    return ZoneInfo(request.param)


@pytest.fixture(scope="module")
def count(zone: ZoneInfo) -> PlainCount:
    return PlainCount(zone)


def test_a_day_has_the_minutes_that_the_clock_shows(zone: ZoneInfo, count: PlainCount) -> None:
    lengths = set[float]()
    for day in count.whole_days:
        span = span_of(day, zone)
        assert span.start == count.first[day]
        assert span.end - span.start == count.minutes[day] * MINUTE
        lengths.add(count.minutes[day] / 60)
    assert lengths == ({23.5, 24, 24.5} if "Lord_Howe" in zone.key else {23, 24, 25})
    for one, other in pairwise(count.whole_days):
        assert span_of(one, zone).end == span_of(other, zone).start, "no appointment is in two days, or in none"


@pytest.mark.parametrize("hour", [0, 1, 2, 3, 7, 23])
def test_a_digest_is_due_at_the_wall_time_or_the_first_minute_after_it(
    zone: ZoneInfo, count: PlainCount, hour: int
) -> None:
    by_day = dict[date, list[tuple[int, datetime]]]()
    for (day, later), moment in count.hour.items():
        by_day.setdefault(day, []).append((later, moment))
    for day in count.whole_days:
        expected = min((moment for later, moment in by_day[day] if later >= hour), default=None)
        if expected is not None:
            assert instant_of(day, hour, zone) == expected


def ticks(jumps: dict[int, timedelta]) -> Iterator[datetime]:
    """Yield a clock that goes on minute by minute and jumps at some of them."""
    moment = BEGIN
    for number in range(DAYS * 24 * 60):
        moment += MINUTE + jumps.get(number, timedelta())
        yield moment


JUMPS = {
    "none": dict[int, timedelta](),
    "two hours and back": {1000 + 7919 * n: timedelta(hours=2 * (-1) ** n) for n in range(70)},
    "a day and back": {5000 + 31_337 * n: timedelta(days=(-1) ** n) for n in range(18)},
}


@pytest.mark.parametrize("jumps", JUMPS.values(), ids=JUMPS.keys())
@pytest.mark.parametrize("hour", [2, 7])
@pytest.mark.catalogue("MG-17")
def test_minute_by_minute_each_day_has_one_digest_at_its_hour_whatever_the_clock_does(
    zone: ZoneInfo, hour: int, jumps: dict[int, timedelta]
) -> None:
    day = first_day(BEGIN, hour, zone)
    begun, due = day, instant_of(day, hour, zone)
    sent, missed = list[date](), list[date]()
    for now in ticks(jumps):
        while now >= due:
            if verdict(day, hour, zone, now) is Verdict.SEND:
                assert now.astimezone(zone).date() == day
                assert now - due <= LATE
                assert jumps or now - due <= MINUTE
                sent.append(day)
            else:
                missed.append(day)
            day += DAY
            due = instant_of(day, hour, zone)
    every = [begun + DAY * n for n in range((day - begun).days)]
    assert sorted(sent + missed) == every, "none twice, none forgotten"
    assert jumps or not missed
    assert len(missed) <= len(jumps)


def test_a_scheduler_that_was_away_catches_up_within_the_day_and_six_hours(zone: ZoneInfo) -> None:
    day = date(2026, 6, 15)
    due = instant_of(day, 20, zone)
    assert verdict(day, 20, zone, due - MINUTE) is Verdict.WAIT
    assert verdict(day, 20, zone, due + timedelta(hours=3)) is Verdict.SEND
    assert verdict(day, 20, zone, due + timedelta(hours=4)) is Verdict.MISSED, "it is tomorrow"
    early = instant_of(day, 7, zone)
    assert verdict(day, 7, zone, early + LATE) is Verdict.SEND
    assert verdict(day, 7, zone, early + LATE + MINUTE) is Verdict.MISSED


def unfolded(text: str) -> list[tuple[str, str]]:
    """Read an iCalendar object back by the words of RFC 5545, knowing nothing of who wrote it."""
    lines = list[str]()
    for raw in text.encode().split(b"\r\n")[:-1]:
        assert len(raw) <= 75
        line = raw.decode()
        if line.startswith(" "):
            lines[-1] += line[1:]
        else:
            lines.append(line)
    return [(name, value) for name, _, value in (line.partition(":") for line in lines)]


def unescaped(value: str) -> str:
    found, characters = "", iter(value)
    for character in characters:
        escaped = next(characters) if character == "\\" else ""
        found += "\n" if escaped in {"n", "N"} and escaped else escaped or character
    return found


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300), st.integers(0, 9))
def test_a_calendar_is_read_back_as_it_was_meant(summary: str, version: int) -> None:
    appointment = Appointment(UUID(int=7), version, BEGIN, BEGIN + timedelta(hours=1), summary)
    lines = unfolded(calendar([appointment], BEGIN))
    assert lines[0] == ("BEGIN", "VCALENDAR")
    assert lines[-1] == ("END", "VCALENDAR")
    event = dict(lines[lines.index(("BEGIN", "VEVENT")) + 1 : lines.index(("END", "VEVENT"))])
    assert event["DTSTART"] == "20260101T000000Z"
    assert event["DTEND"] == "20260101T010000Z"
    assert event["SEQUENCE"] == str(version)
    assert unescaped(event["SUMMARY"]) == "".join(c for c in summary if c.isprintable() or c == "\n")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_folding_cuts_no_character(line: str) -> None:
    pieces = list(folded(line))
    assert all(len(piece.encode()) <= 75 for piece in pieces)
    assert pieces[0] + "".join(piece[1:] for piece in pieces[1:]) == line
