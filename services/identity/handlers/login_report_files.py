"""The login report as files for spreadsheets, whole and page by page from the database."""

from collections.abc import AsyncGenerator
from datetime import timedelta

from services.chassis.answers import Streamed
from services.chassis.cursor import START, Cursor
from services.chassis.web import Call, Input, Route
from services.contracts.instants import Instant
from services.identity.deps import Deps
from services.identity.domain.spreadsheet import line
from services.identity.handlers.login_report import HoursQuery, may_read, worked_by
from services.identity.store import login_report, users

PAGE = 200
CSV = "text/csv"


class RefusedFileQuery(Input):
    since: Instant | None = None
    until: Instant | None = None
    """Not included; refused sign-ins are kept for thirty days, with nobody's user id for one."""


async def export_present(deps: Deps, call: Call) -> Streamed:
    """Download who is signed in now, newest first, and which of them are the vendor's support (`actor`).

    Needs reports.logins.read.
    """
    await may_read(deps, call)
    return Streamed(CSV, _present(deps, call), "signed-in.csv")


async def export_worked_hours(deps: Deps, call: Call, asked: HoursQuery) -> Streamed:
    """Download how long everybody was there on each local day. Needs reports.logins.read."""
    await may_read(deps, call)
    return Streamed(CSV, _worked(deps, call, asked), f"worked-hours-{asked.first}-{asked.last}.csv")


async def export_refused(deps: Deps, call: Call, asked: RefusedFileQuery) -> Streamed:
    """Download the sign-ins to the agency that were refused, newest first. Needs reports.logins.read."""
    await may_read(deps, call)
    return Streamed(CSV, _refused(deps, call, asked), "refused-sign-ins.csv")


async def _present(deps: Deps, call: Call) -> AsyncGenerator[bytes]:
    yield line(("code", "display_name", "user_id", "session_id", "signed_in_at", "seen_at", "actor"))
    after: Cursor | None = START
    while after:
        async with deps.db.single_read(call.caller.tenant_id) as tx:
            found = await login_report.present(tx, call.now, after=after, limit=PAGE)
        for one in found:
            who = one.code, one.display_name, one.user_id, one.session_id
            yield line((*who, one.signed_in_at, one.seen_at, one.actor))
        after = Cursor(found[-1].signed_in_at, found[-1].session_id) if len(found) == PAGE else None


async def _worked(deps: Deps, call: Call, asked: HoursQuery) -> AsyncGenerator[bytes]:
    after: Cursor | None = START
    while after:
        async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
            people = await users.page(tx, after=after, limit=PAGE)
            worked = await worked_by(tx, people, asked.first, asked.last, call.now)
        if after is START:
            yield line(("code", "display_name", "user_id", "day", "worked_seconds", "worked_hours"))
        for user, days in zip(people, worked, strict=True):
            for day, time in days.items():
                seconds = time // timedelta(seconds=1)
                yield line((user.code, user.display_name, user.id, day, seconds, f"{seconds / 3600:.2f}"))
        after = Cursor(people[-1].created_at, people[-1].id) if len(people) == PAGE else None


async def _refused(deps: Deps, call: Call, asked: RefusedFileQuery) -> AsyncGenerator[bytes]:
    yield line(("refused_at", "code", "display_name", "user_id", "address", "reason"))
    after: Cursor | None = START
    while after:
        async with deps.db.single_read(call.caller.tenant_id) as tx:
            found = await login_report.refused(tx, asked.since, asked.until, after=after, limit=PAGE)
        for one in found:
            yield line((one.refused_at, one.code, one.display_name, one.user_id, one.address, one.reason))
        after = Cursor(found[-1].refused_at, found[-1].id) if len(found) == PAGE else None


ROUTES = (
    Route("GET", "/v1/reports/logins.csv", export_present, offers=(CSV,)),
    Route("GET", "/v1/reports/worked-hours.csv", export_worked_hours, takes=HoursQuery, offers=(CSV,)),
    Route("GET", "/v1/reports/refused-sign-ins.csv", export_refused, takes=RefusedFileQuery, offers=(CSV,)),
)
