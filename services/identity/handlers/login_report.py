"""The login report: who is signed in now, how long each colleague worked on which day, who was not let in."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from services.chassis.cursor import Cursor
from services.chassis.database import Transaction
from services.chassis.pages import PageQuery
from services.chassis.problems import NotFound
from services.chassis.web import Call, Input, Output, Route
from services.contracts.instants import Instant
from services.contracts.vocabulary import UserId
from services.identity.deps import Deps
from services.identity.domain.user import User
from services.identity.domain.worked_hours import by_day, span_of
from services.identity.handlers.colleagues import require_among_colleagues
from services.identity.store import licences, login_report, users

READ: Final = "reports.logins.read"
"""The permission to see who is signed in and at which hours people worked (IMO-83)."""


class HoursQuery(Input):
    first: date
    """At most a hundred days ago: for so long it is known who was there."""
    last: date
    """Included; up to 31 days at a time."""


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


class AllHoursQuery(HoursQuery, PageQuery):
    """A page of everybody's."""


class PersonsHours(Output):
    user_id: UUID
    code: str
    display_name: str
    days: list[DayShown]
    """Without those on which nobody was there."""


class AllHoursPage(Output):
    items: list[PersonsHours]
    next: str | None


class RefusedQuery(PageQuery):
    since: Instant | None = None
    until: Instant | None = None
    """Not included; refused sign-ins are kept for thirty days, with nobody's user id for one."""


class RefusedShown(Output):
    refused_at: datetime
    user_id: UUID | None
    """Null where the user id was nobody's."""
    code: str | None
    display_name: str | None
    address: str
    reason: str
    """The code of the problem, such as `wrong_credentials` or `outside_hours`."""


class RefusedPage(Output):
    items: list[RefusedShown]
    next: str | None


async def list_present(deps: Deps, call: Call, asked: PageQuery) -> PresentPage:
    """List who is signed in now, newest first. Needs reports.logins.read."""
    await may_read(deps, call)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        found = await login_report.present(tx, call.now, after=asked.cursor, limit=asked.limit + 1)
    shown, following = asked.cut(found, lambda one: Cursor(one.signed_in_at, one.session_id))
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
        next=following,
    )


async def get_worked_hours(deps: Deps, call: Call, asked: HoursQuery) -> HoursShown:
    """Show how long a colleague was there on each local day, from sign-ins and refreshes. Needs reports.logins.read.

    Days without work are left out; days of which not all is known any more are refused. Sessions that overlap count
    once.
    """
    user_id = UserId(call.id_in_path("user_id"))
    await may_read(deps, call, user_id)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        user = await users.find(tx, user_id)
        if user is None:
            raise NotFound
        (worked,) = await worked_by(tx, [user], asked.first, asked.last, call.now)
    return HoursShown(user_id=user_id, items=days_shown(worked))


async def list_worked_hours(deps: Deps, call: Call, asked: AllHoursQuery) -> AllHoursPage:
    """List how long everybody was there on each local day, newest colleagues first. Needs reports.logins.read."""
    await may_read(deps, call)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        found = await users.page(tx, after=asked.cursor, limit=asked.limit + 1)
        shown, following = asked.cut(found, lambda user: Cursor(user.created_at, user.id))
        worked = await worked_by(tx, shown, asked.first, asked.last, call.now)
    return AllHoursPage(
        items=[
            PersonsHours(user_id=user.id, code=user.code, display_name=user.display_name, days=days_shown(days))
            for user, days in zip(shown, worked, strict=True)
        ],
        next=following,
    )


async def list_refused(deps: Deps, call: Call, asked: RefusedQuery) -> RefusedPage:
    """List sign-ins to the agency that were refused, newest first. Needs reports.logins.read."""
    await may_read(deps, call)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        found = await login_report.refused(tx, asked.since, asked.until, after=asked.cursor, limit=asked.limit + 1)
    shown, following = asked.cut(found, lambda one: Cursor(one.refused_at, one.id))
    return RefusedPage(
        items=[
            RefusedShown(
                refused_at=one.refused_at,
                user_id=one.user_id,
                code=one.code,
                display_name=one.display_name,
                address=one.address,
                reason=one.reason,
            )
            for one in shown
        ],
        next=following,
    )


async def may_read(deps: Deps, call: Call, about: UserId | None = None) -> None:
    """Refuse who may not read the report of somebody, or of all. Raises PermissionMissing, ColleaguesOnly."""
    await require_among_colleagues(deps, call, READ, about)


async def worked_by(
    tx: Transaction, people: Sequence[User], first: date, last: date, now: datetime
) -> Sequence[Mapping[date, timedelta]]:
    """Return how long each of these people was there on which local day, up to now. Raises Invalid for the days."""
    zone = ZoneInfo((await licences.get(tx)).timezone)
    span = span_of(first, last, zone, now)
    found = await login_report.stretches(tx, [user.id for user in people], span.begin, min(span.end, now))
    return [by_day(found.get(user.id, ()), zone) for user in people]


def days_shown(worked: Mapping[date, timedelta]) -> list[DayShown]:
    """Return the days on which somebody was there, in order."""
    return [DayShown(day=day, worked_seconds=int(time.total_seconds())) for day, time in worked.items()]


ROUTES = (
    Route("GET", "/v1/reports/logins", list_present, takes=PageQuery, gives=PresentPage),
    Route("GET", "/v1/reports/worked-hours", list_worked_hours, takes=AllHoursQuery, gives=AllHoursPage),
    Route("GET", "/v1/reports/refused-sign-ins", list_refused, takes=RefusedQuery, gives=RefusedPage),
    Route("GET", "/v1/users/{user_id}/worked-hours", get_worked_hours, takes=HoursQuery, gives=HoursShown),
)
