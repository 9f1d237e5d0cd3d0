"""When a day's digest is due, and which instants a local day has: by the zone's own rules, whatever its clocks do."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from services.contracts.vocabulary import TenantId, UserId

LATE: Final = timedelta(hours=6)
"""How late a digest is still of use, as long as the day is the same."""
_DAY: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)


class Verdict(StrEnum):
    """What is to be done about a day's digest."""

    WAIT = "wait"
    SEND = "send"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When somebody gets a digest; `timezone` None is the agency's, `next_date` None has to be worked out."""

    tenant_id: TenantId
    user_id: UserId
    timezone: str | None
    local_hour: int
    when_empty: bool
    next_date: date | None
    version: int


@dataclass(frozen=True, slots=True)
class Move:
    """What is to be done about somebody's digest of a day, and when it is the next day's turn."""

    schedule: Schedule
    zone: ZoneInfo
    day: date
    verdict: Verdict
    next_date: date
    next_due_at: datetime


@dataclass(frozen=True, slots=True)
class Appointment:
    """An appointment as somebody who takes part sees it."""

    id: UUID
    version: int
    starts_at: datetime
    ends_at: datetime
    summary: str
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """Instants from `start`, included, to `end`, not."""

    start: datetime
    end: datetime


@lru_cache(maxsize=4096)
def instant_of(day: date, hour: int, zone: ZoneInfo) -> datetime:
    """Return the first instant at which it is that hour of the day, in UTC.

    Of an hour that comes twice it is the first; of one that is left out, the first minute that there is after it.
    """
    wall = datetime.combine(day, time(hour))
    first = wall.replace(tzinfo=zone).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == wall:
        return first
    before, after = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), first
    offset = before.astimezone(zone).utcoffset()
    while after - before > _MINUTE:
        middle = before + (after - before) // _MINUTE // 2 * _MINUTE
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


def span_of(day: date, zone: ZoneInfo) -> Span:
    """Return a local day from midnight to midnight, be it of 23, 23.5, 24 or 25 hours."""
    return Span(instant_of(day, 0, zone), instant_of(day + _DAY, 0, zone))


def first_day(now: datetime, hour: int, zone: ZoneInfo) -> date:
    """Return the first day whose digest is still to come."""
    today = now.astimezone(zone).date()
    return today if now <= instant_of(today, hour, zone) else today + _DAY


def move_of(schedule: Schedule, agency_zone: ZoneInfo, now: datetime) -> Move:
    """Return what is to be done about somebody's digests now."""
    zone = agency_zone if schedule.timezone is None else ZoneInfo(schedule.timezone)
    hour = schedule.local_hour
    day = schedule.next_date or first_day(now, hour, zone)
    said = verdict(day, hour, zone, now)
    following = day if said is Verdict.WAIT else day + _DAY
    return Move(schedule, zone, day, said, following, instant_of(following, hour, zone))


def verdict(day: date, hour: int, zone: ZoneInfo, now: datetime) -> Verdict:
    """Say what is to be done about a day's digest: late is better than never, but only on the day itself."""
    due = instant_of(day, hour, zone)
    if now < due:
        return Verdict.WAIT
    return Verdict.SEND if now.astimezone(zone).date() == day and now - due <= LATE else Verdict.MISSED
