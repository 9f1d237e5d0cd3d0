"""Health and metrics: `/live` touches nothing, `/ready` asks the database, neither needs the broker."""

from collections.abc import Sequence
from typing import Final

from aiohttp import web

from services.chassis import metrics
from services.chassis.bus import Bus
from services.chassis.database import Database
from services.chassis.migrating import Migration, missing
from services.chassis.problems import Unavailable

_NOT_READY: Final = 503


class Health:
    """Answers for one process."""

    def __init__(self, db: Database, bus: Bus, migrations: Sequence[Migration]) -> None:
        self._db = db
        self._bus = bus
        self._migrations = migrations

    def routes(self) -> list[web.RouteDef]:
        """Return the three routes, for the public port of `serve` and the own port of `work`."""
        return [web.get("/live", self._live), web.get("/ready", self._ready), web.get("/metrics", self._metrics)]

    async def _live(self, _request: web.Request) -> web.Response:
        return web.json_response({"live": True})

    async def _ready(self, _request: web.Request) -> web.Response:
        """Ready when the schema is current. A missing broker is told, but makes nobody unready."""
        try:
            async with self._db.across_tenants() as queries:
                waiting = await missing(queries, self._migrations)
            database = "current" if not waiting else "behind"
        except Unavailable:
            database = "away"
        ready, bus = database == "current", "connected" if self._bus.connected else "disconnected"
        told = {"ready": ready, "database": database, "bus": bus}
        return web.json_response(told, status=200 if ready else _NOT_READY)

    async def _metrics(self, _request: web.Request) -> web.Response:
        return web.Response(body=metrics.render(), content_type="text/plain", charset="utf-8")
