"""What records does by itself: it archives and restores listings whose time has come."""

import asyncio
from typing import Final, Never

from services.chassis import clock, logging
from services.chassis.database import Database
from services.chassis.problems import Unavailable
from services.records.deps import Deps
from services.records.operations import listing_life
from services.records.store import schedules

EVERY_SECONDS: Final = 1.0
AT_ONCE: Final = 100
_log = logging.get(__name__)


async def carry_out_schedules(deps: Deps, worker_db: Database) -> Never:
    """Archive and restore what is due, every second. Several workers may: each listing is moved once."""
    while True:
        try:
            async with worker_db.across_tenants() as queries:
                due = await schedules.find_due(queries, clock.now(), AT_ONCE)
            for one in due:
                if await listing_life.carry_out(deps.db, one, clock.now()):
                    _log.info("listing.moved", listing_id=str(one.listing_id), action=one.action.value)
        except Unavailable:
            _log.warning("schedules.postponed")
        await asyncio.sleep(EVERY_SECONDS)
