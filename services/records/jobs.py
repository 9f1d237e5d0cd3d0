"""What records does by itself: it archives and restores what is due, and tells of listings that answer a search."""

import asyncio
from typing import Final, Never

from services.chassis import clock, logging
from services.chassis.database import Database
from services.chassis.outages import Outage
from services.chassis.problems import TooSlow, Unavailable
from services.records.deps import Deps
from services.records.operations import matches as matching
from services.records.operations import record_life
from services.records.store import matches, schedules
from services.records.store.matches import Request
from services.records.store.schedules import Due

EVERY_SECONDS: Final = 1.0
AT_ONCE: Final = 100
FAULT: Final = "internal"
"""Why a record was not moved where it is no rule's doing."""
_log = logging.get(__name__)


async def carry_out_schedules(deps: Deps, worker_db: Database) -> Never:
    """Archive and restore what is due, every second. Several workers may: each record is moved once."""
    outage = Outage("carry_out_schedules")
    while True:
        with outage.bridged():
            async with worker_db.across_tenants() as queries:
                due = await schedules.find_due(queries, clock.now(), AT_ONCE)
            for one in due:
                await _move(deps, one)
        await asyncio.sleep(EVERY_SECONDS)


async def tell_of_matches(deps: Deps, worker_db: Database) -> Never:
    """Tell who is in charge of searching clients of listings that answer them, every second, each match once."""
    outage = Outage("tell_of_matches")
    while True:
        with outage.bridged():
            async with worker_db.across_tenants() as queries:
                requests = await matches.find_requests(queries, clock.now(), AT_ONCE)
            for one in requests:
                await _tell(deps, one)
        await asyncio.sleep(EVERY_SECONDS)


async def _move(deps: Deps, due: Due) -> None:
    about = {"section": due.section, "record_id": str(due.record_id), "action": due.action}
    try:
        if await record_life.carry_out(deps.db, due, clock.now()):
            _log.info("record.moved", **about)
    except TooSlow:
        _log.warning("record.move_delayed", **about)
    except Unavailable:
        raise
    except Exception:  # noqa: BLE001 one record's fault must not keep other agencies' from their turn
        _log.exception("record.not_moved", **about)
        await record_life.give_up(deps.db, due, FAULT, clock.now())


async def _tell(deps: Deps, asked: Request) -> None:
    try:
        if told := await matching.carry_out(deps.db, deps.access, asked, clock.now()):
            _log.info("matches.told", listing_id=str(asked.listing_id), matches=told)
    except Exception as fault:  # noqa: BLE001 one listing's fault must not keep other agencies' from their turn
        write_down = _log.warning if isinstance(fault, Unavailable) else _log.exception
        write_down("matches.put_off", listing_id=str(asked.listing_id))
        await matching.put_off(deps.db, asked, clock.now())
