"""What records does by itself: it archives and restores records whose time has come."""

import asyncio
from typing import Final, Never

from services.chassis import clock, logging
from services.chassis.database import Database
from services.chassis.problems import Unavailable
from services.records.deps import Deps
from services.records.operations import record_life
from services.records.store import schedules

EVERY_SECONDS: Final = 1.0
AT_ONCE: Final = 100
_log = logging.get(__name__)


async def carry_out_schedules(deps: Deps, worker_db: Database) -> Never:
    """Archive and restore what is due, every second. Several workers may: each record is moved once."""
    while True:
        try:
            async with worker_db.across_tenants() as queries:
                due = await schedules.find_due(queries, clock.now(), AT_ONCE)
            for one in due:
                if await record_life.carry_out(deps.db, one, clock.now()):
                    _log.info("record.moved", section=one.section, record_id=str(one.record_id), action=one.action)
        except Unavailable:
            _log.warning("schedules.postponed")
        await asyncio.sleep(EVERY_SECONDS)
