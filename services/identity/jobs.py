"""What identity does by itself."""

import asyncio
from datetime import timedelta
from typing import Final, Never

from services.chassis import clock, logging
from services.chassis.database import Database
from services.chassis.problems import Unavailable
from services.identity.deps import Deps
from services.identity.store import sessions

EVERY_SECONDS: Final = 600
KEPT: Final = timedelta(days=30)
_log = logging.get(__name__)


async def purge_expired(_deps: Deps, worker_db: Database) -> Never:
    """Delete what ended thirty days ago, every ten minutes."""
    while True:
        try:
            async with worker_db.across_tenants() as queries:
                purged = await sessions.purge(queries, clock.now() - KEPT)
            if purged:
                _log.info("sessions.purged", count=purged)
        except Unavailable:
            _log.warning("sessions.purge_postponed")
        await asyncio.sleep(EVERY_SECONDS)
