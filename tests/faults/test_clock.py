"""Clocks that jump by hours and days, ours and the database's: one summary a day, none twice, none that is stale."""

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from services.chassis.database import Database, open_database
from services.contracts.identity_events import LicenceCreated, UserStateChanged
from services.contracts.vocabulary import Ownership, TenantId, UserId
from services.notifications.consumers import follow_licence, follow_user
from services.notifications.domain.delivery import Category
from services.notifications.store import preferences
from tests.faults.ledger import expect_everything_once
from tests.faults.site import HERE, Site, new_addresses, password_changed
from tests.integration.notifications.post_office import enveloped
from tests.support.running import eventually

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(900)]

ROME = ZoneInfo("Europe/Rome")
DAY = date(2027, 3, 26)  # the second next night, Rome loses an hour
RUNS = "SELECT count(*) FROM digest_runs WHERE user_id = $1 AND outcome = $2"


@asynccontextmanager
async def shifted(site: Site, long: bool) -> AsyncGenerator["Clock"]:
    """Give notifications and its database a clock to be set."""
    file = site.folder / "shift"
    file.write_text("0")
    await site.script("notifications", (HERE / "clock.sql").read_text())
    await site.end("notifications-work")
    clock = Clock(site, file, restarts=not long)
    try:
        yield clock
    finally:
        await site.end("notifications-work-shifted")
        await site.script("notifications", "ALTER DATABASE faults_notifications RESET search_path")
        await site.script(
            "notifications", "ALTER TABLE deliveries ALTER COLUMN next_try_at SET DEFAULT pg_catalog.now()"
        )
        await site.script("notifications", "DROP FUNCTION faults.now(); DROP TABLE faults.clock")
        await site.start("notifications-work")


class Clock:
    """Both clocks. Where time is short the worker is started anew at each jump, instead of being waited for."""

    def __init__(self, site: Site, file: Path, *, restarts: bool) -> None:
        self._site = site
        self._file = file
        self._restarts = restarts

    async def jump(self, day: int, hour: int, minute: int = 0) -> None:
        """Let it be that hour in Rome, so many days after the first."""
        instant = datetime.combine(DAY + timedelta(days=day), time(hour, minute), ROME).astimezone(UTC)
        shift = instant - datetime.now(UTC)
        self._file.write_text(str(shift.total_seconds()))
        await self._site.script("notifications", f"UPDATE faults.clock SET shift = '{shift.total_seconds()} s'")
        name = "notifications-work-shifted"
        if name not in self._site.parts:
            settings = self._site.settings("notifications")
            await self._site.start(name, settings, "tests.faults.shifted_clock", SHIFT_FILE=str(self._file))
        elif self._restarts:
            await self._site.parts[name].stop()
            await self._site.start(name)


async def somebody(db: Database, tenant_id: TenantId) -> tuple[UserId, str]:
    """Add a person who wants a summary at seven, on empty days too."""
    (address,) = new_addresses(1)
    event = UserStateChanged(user=password_changed(address).user)
    async with db.transaction(tenant_id) as tx:
        await follow_user(tx, event, enveloped(event, tenant_id))
        await tx.execute("UPDATE digest_schedules SET when_empty = true WHERE user_id = $1", event.user.user_id)
    return event.user.user_id, address


@pytest.mark.catalogue("MG-17")
async def test_14_and_16_whatever_the_clocks_do_everybody_gets_one_summary_a_day(site: Site, long: bool) -> None:
    tenant_id = TenantId(uuid4())
    founded = LicenceCreated(
        name="Agenzia",
        timezone="Europe/Rome",
        locale="it",
        ownership=Ownership.ASSIGNEE,
        administrator_id=UserId(uuid4()),
    )
    async with (
        open_database(site.databases["notifications"].app, connections=2, name="faults") as db,
        shifted(site, long) as clock,
    ):
        async with db.transaction(tenant_id) as tx:
            await follow_licence(tx, founded, enveloped(founded, tenant_id))
            await preferences.set_defaults(tx, {Category.APPOINTMENTS: True})
        user_id, address = await somebody(db, tenant_id)

        async def was_looked_at() -> None:
            """Return once the worker has looked at the present time: it plans whoever is new."""
            new, _ = await somebody(db, tenant_id)

            async def planned() -> bool:
                sql = "SELECT next_date IS NOT NULL FROM digest_schedules WHERE user_id = $1"
                return bool(await site.value("notifications", sql, new))

            await eventually(planned, 30)

        async def runs(outcome: str, count: int) -> None:
            await was_looked_at()

            async def so_many() -> bool:
                return bool(await site.value("notifications", RUNS, user_id, outcome) == count)

            await eventually(so_many, 60)

        await clock.jump(0, 6)
        await was_looked_at()
        await clock.jump(0, 7, 1)
        await runs("queued", 1)
        await clock.jump(0, 5)
        await runs("queued", 1)
        await clock.jump(0, 9)
        await runs("queued", 1)
        await clock.jump(1, 9)  # two hours late on the next day
        await runs("queued", 2)
        await clock.jump(0, 9)  # a day back
        await runs("queued", 2)
        await clock.jump(2, 13, 30)  # the day of 23 hours, more than six hours late
        await runs("missed", 1)
        idle = 2 if long else 0
        await clock.jump(3 + idle, 7, 5)  # after days on which nobody worked
        await runs("queued", 3)
        await runs("missed", 1 + idle)
        await expect_everything_once(site)
    assert Counter(mail.recipient for mail in site.sink.received)[address] == 3
