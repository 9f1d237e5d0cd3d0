"""The login report: who is signed in now, and how long each colleague worked on which day."""

from datetime import date, datetime, timedelta
from typing import Annotated, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field

from services.chassis.authz_client import require
from services.chassis.cursor import START, Cursor, CursorParam
from services.chassis.problems import FieldError, Invalid, NotFound
from services.chassis.web import Call, Input, Output, Route
from services.contracts.vocabulary import UserId
from services.identity.deps import Deps
from services.identity.domain.worked_hours import by_day, first_instant
from services.identity.store import licences, login_report, users

READ: Final = "reports.logins.read"
"""The permission to see who is signed in and at which hours people worked (IMO-83)."""
LONGEST_DAYS: Final = 31


class PresentQuery(Input):
    cursor: CursorParam = START
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class HoursQuery(Input):
    first: date
    last: date
    """Included; sessions are kept for thirty days."""


class PresentShown(Output):
    session_id: UUID
    user_id: UUID
    code: str
    display_name: str
    signed_in_at: datetime
    seen_at: datetime
    """When the session was last refreshed."""
    actor: str | None
    """Who of the vendor's support looks as this person does; null for the person himself."""


class PresentPage(Output):
    items: list[PresentShown]
    next: str | None


class DayShown(Output):
    day: date
    """By the agency's clock."""
    worked_seconds: int


class HoursShown(Output):
    user_id: UUID
    items: list[DayShown]


async def list_present(deps: Deps, call: Call, asked: PresentQuery) -> PresentPage:
    """List who is signed in now, newest first. Needs reports.logins.read."""
    require(await deps.access.of(call.caller, call.now, call.access_version), READ)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        found = await login_report.present(tx, call.now, after=asked.cursor, limit=asked.limit + 1)
    shown = found[: asked.limit]
    return PresentPage(
        items=[
            PresentShown(
                session_id=one.session_id,
                user_id=one.user_id,
                code=one.code,
                display_name=one.display_name,
                signed_in_at=one.signed_in_at,
                seen_at=one.seen_at,
                actor=one.actor,
            )
            for one in shown
        ],
        next=str(Cursor(shown[-1].signed_in_at, shown[-1].session_id)) if len(found) > asked.limit else None,
    )


async def get_worked_hours(deps: Deps, call: Call, asked: HoursQuery) -> HoursShown:
    """Show how long a colleague was there on each local day, from sign-ins and refreshes. Needs reports.logins.read.

    Days without work are left out. Sessions that overlap count once.
    """
    require(await deps.access.of(call.caller, call.now, call.access_version), READ)
    if not timedelta() <= asked.last - asked.first < timedelta(days=LONGEST_DAYS):
        raise Invalid(errors=[FieldError("/last", "span", f"Between 1 and {LONGEST_DAYS} days.")])
    user_id = UserId(call.id_in_path("user_id"))
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        if await users.find(tx, user_id) is None:
            raise NotFound
        zone = ZoneInfo((await licences.get(tx)).timezone)
        begin, end = first_instant(asked.first, zone), first_instant(asked.last + timedelta(days=1), zone)
        found = await login_report.stretches(tx, user_id, begin, min(end, call.now))
    return HoursShown(
        user_id=user_id,
        items=[
            DayShown(day=day, worked_seconds=int(worked.total_seconds())) for day, worked in by_day(found, zone).items()
        ],
    )


ROUTES = (
    Route("GET", "/v1/reports/logins", list_present, takes=PresentQuery, gives=PresentPage),
    Route("GET", "/v1/users/{user_id}/worked-hours", get_worked_hours, takes=HoursQuery, gives=HoursShown),
)
