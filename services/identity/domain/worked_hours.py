"""How long somebody worked on each local day, from the stretches in which he was active."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


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
