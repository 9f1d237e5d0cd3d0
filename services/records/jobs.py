"""What records does by itself: it archives and restores what is due, and tells of listings that answer a search."""

import asyncio
from typing import Final, Never

from services.chassis import clock, logging
from services.chassis.database import Database
from services.chassis.outages import Outage
from services.records.deps import Deps
from services.records.operations import matches as matching
from services.records.operations import record_life
from services.records.store import matches, schedules

EVERY_SECONDS: Final = 1.0
AT_ONCE: Final = 100
_log = logging.get(__name__)


async def carry_out_schedules(deps: Deps, worker_db: Database) -> Never:
    """Archive and restore what is due, every second. Several workers may: each record is moved once."""
    outage = Outage("carry_out_schedules")
    while True:
        with outage.bridged():
            async with worker_db.across_tenants() as queries:
                due = await schedules.find_due(queries, clock.now(), AT_ONCE)
            for one in due:
                if await record_life.carry_out(deps.db, one, clock.now()):
                    _log.info("record.moved", section=one.section, record_id=str(one.record_id), action=one.action)
        await asyncio.sleep(EVERY_SECONDS)


async def tell_of_matches(deps: Deps, worker_db: Database) -> Never:
    """Tell who is in charge of searching clients of listings that answer them, every second, each match once."""
    outage = Outage("tell_of_matches")
    while True:
        with outage.bridged():
            async with worker_db.across_tenants() as queries:
                requests = await matches.find_requests(queries, AT_ONCE)
            for one in requests:
                if told := await matching.carry_out(deps.db, deps.access, one, clock.now()):
                    _log.info("matches.told", listing_id=str(one.listing_id), matches=told)
        await asyncio.sleep(EVERY_SECONDS)
