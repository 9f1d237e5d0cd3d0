"""How long somebody worked on each local day, from the stretches in which he was active."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from services.chassis.problems import FieldError, Invalid

LONGEST_DAYS: Final = 31
REPORTED: Final = timedelta(days=100)
"""How far back hours can be told: this month and the two before it, whole."""
EARLIEST, LATEST = date(2000, 1, 1), date(2999, 12, 1)
"""Days that every zone and the database can hold."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """From an instant (included) to another (not included)."""

    begin: datetime
    end: datetime


def joined(stretches: Iterable[Stretch]) -> Sequence[Stretch]:
    """Return the same time without overlaps, in order: two windows open at once are one person at work."""
    found = list[Stretch]()
    for one in sorted(stretches, key=lambda stretch: stretch.begin):
        if found and one.begin <= found[-1].end:
            found[-1] = Stretch(found[-1].begin, max(found[-1].end, one.end))
        elif one.begin < one.end:
            found.append(one)
    return found


def span_of(first: date, last: date, zone: ZoneInfo, now: datetime) -> Stretch:
    """Return from when to when some local days last, the last one included.

    Raises Invalid for no or too many days, and where the first is no longer known whole: what is missing would look
    as if nobody had been there.
    """
    if not timedelta() <= last - first < timedelta(days=LONGEST_DAYS) or not EARLIEST <= first <= LATEST:
        raise Invalid(errors=[FieldError("/last", "span", f"Between 1 and {LONGEST_DAYS} days.")])
    span = Stretch(first_instant(first, zone), first_instant(last + timedelta(days=1), zone))
    if span.begin < now - REPORTED:
        known = (now - REPORTED).astimezone(zone).date() + timedelta(days=1)
        raise Invalid(errors=[FieldError("/first", "no_longer_kept", f"Hours are kept from {known} on.")])
    return span


def by_day(stretches: Iterable[Stretch], zone: ZoneInfo) -> Mapping[date, timedelta]:
    """Return the time that really passed on each local day, also on days of 23 and 25 hours, in order of days."""
    worked = dict[date, timedelta]()
    for stretch in joined(stretches):
        begin = stretch.begin
        while begin < stretch.end:
            day = begin.astimezone(zone).date()
            end = min(stretch.end, first_instant(day + timedelta(days=1), zone))
            worked[day] = worked.get(day, timedelta()) + (end - begin)
            begin = end
    return worked


def first_instant(day: date, zone: ZoneInfo) -> datetime:
    """Return when a local day begins (UTC), also where clocks skip or repeat its midnight."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
