"""The weekly report to administrators: every Monday morning, by the agency's clock, about the week before."""

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from services.contracts.access import AccessSnapshot
from services.notifications.domain.digest import Span, instant_of

HOUR: Final = 7
READ: Final = "admin.agents.manage"
_WEEK: Final = timedelta(days=7)


def latest_monday(now: datetime, zone: ZoneInfo) -> date:
    """Return the Monday whose report was due last."""
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    return monday if now >= instant_of(monday, HOUR, zone) else monday - _WEEK


def due_after(monday: date, zone: ZoneInfo) -> datetime:
    """Return when the report after a Monday's is due, in UTC."""
    return instant_of(monday + _WEEK, HOUR, zone)


def week_before(monday: date, zone: ZoneInfo) -> Span:
    """Return the seven local days before a Monday, however many hours they have."""
    return Span(instant_of(monday - _WEEK, 0, zone), instant_of(monday, 0, zone))


def may_be_told(snapshot: AccessSnapshot) -> bool:
    """Say whether somebody may see what the report says."""
    return snapshot.holds(READ)
