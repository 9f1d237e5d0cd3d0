"""Weekly hours in local time (MG-29, MG-30): which instants they cover, and when they next close.

The instant is turned into local time, never the hours into UTC: local time is unambiguous on every day of
the year, also when clocks change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from services.chassis.problems import FieldError, Invalid

DAY: Final = 24 * 60
WEEK: Final = 7 * DAY
_STEP: Final = timedelta(hours=6)
"""No zone changes its clocks twice within this."""
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Window:
    """From `opens` (included) to `closes` (not included), in minutes after local midnight.

    Closing before opening means on the next day; such a window belongs to the day on which it opens.
    """

    opens: int
    closes: int

    @property
    def length(self) -> int:
        """Return how many minutes it is open on a day without a change of clocks."""
        return self.closes - self.opens if self.closes > self.opens else DAY - self.opens + self.closes


ALL_DAY: Final = Window(0, DAY)


class HoursRefused(Invalid):
    code = "hours_refused"
    title = "These hours cannot be kept."


@dataclass(frozen=True)
class WorkingHours:
    """The windows of each weekday; 0 is Monday, a day that is not named is closed."""

    days: Mapping[int, tuple[Window, ...]]

    def covers(self, now: datetime, zone: ZoneInfo) -> bool:
        """Say whether an instant lies in a window."""
        return self._open_until(_into_week(now.astimezone(zone))) is not None

    def until(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """Return the first instant (UTC) from now on that no window covers, or None if there is none."""
        if self._spans == ((0, WEEK),):
            return None
        at = now.astimezone(UTC)
        while True:
            into_week = _into_week(at.astimezone(zone))
            closes = self._open_until(into_week)
            if closes is None:
                return at
            candidate = at + (closes - into_week)
            change = _clock_change(zone, at, candidate)
            if change is None and closes != timedelta(minutes=WEEK):
                return candidate
            at = change or candidate

    def _open_until(self, into_week: timedelta) -> timedelta | None:
        """Return the end of the span that covers a moment of the week, or None if none does."""
        for begin, end in self._spans:
            if timedelta(minutes=begin) <= into_week < timedelta(minutes=end):
                return timedelta(minutes=end)
        return None

    @cached_property
    def _spans(self) -> tuple[tuple[int, int], ...]:
        """Return the week's open minutes as disjoint spans in order, Sunday night's part of Monday first."""
        spans = list[tuple[int, int]]()
        for weekday, windows in self.days.items():
            for window in windows:
                begin = weekday * DAY + window.opens
                end = begin + window.length
                spans += [(begin, min(end, WEEK))] + ([(0, end - WEEK)] if end > WEEK else [])
        merged = list[tuple[int, int]]()
        for begin, end in sorted(spans):
            if merged and begin <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((begin, end))
        return tuple(merged)


def check_hours(hours: WorkingHours) -> None:
    """Refuse windows without length, and hours that are never: they would keep a person out for ever.

    Raises HoursRefused.
    """
    empty = [
        FieldError(f"/hours/{weekday}/{at}", "empty_window", "A window must close at another time than it opens.")
        for weekday, windows in hours.days.items()
        for at, window in enumerate(windows)
        if window.opens == window.closes
    ]
    if empty:
        raise HoursRefused(errors=empty)
    if not any(hours.days.values()):
        raise HoursRefused(errors=[FieldError("/hours", "never_open", "Name at least one day; or suspend the person.")])


def _into_week(local: datetime) -> timedelta:
    return timedelta(
        days=local.weekday(),
        hours=local.hour,
        minutes=local.minute,
        seconds=local.second,
        microseconds=local.microsecond,
    )


def _clock_change(zone: ZoneInfo, after: datetime, until: datetime) -> datetime | None:
    """Return the first instant after `after`, and not after `until`, from which the zone keeps another time."""
    before, low = after.astimezone(zone).utcoffset(), after.astimezone(UTC).replace(microsecond=0)
    while low < until:
        high = min(low + _STEP, until.astimezone(UTC).replace(microsecond=0) + _SECOND)
        if high.astimezone(zone).utcoffset() != before:
            while high - low > _SECOND:
                middle = low + (high - low) // (2 * _SECOND) * _SECOND
                low, high = (low, middle) if middle.astimezone(zone).utcoffset() != before else (middle, high)
            return high if high <= until else None
        low = high
    return None
