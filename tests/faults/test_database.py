"""PostgreSQL restarted, killed, full: requests hear 503 and no 500, nothing that was committed is lost."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import uuid4

import aiohttp
import pytest

from services.chassis.problems import Unavailable
from services.contracts.vocabulary import TenantId
from tests.faults.ledger import let_waits_end
from tests.faults.site import BOUNCE_TOKEN, Site, new_addresses
from tests.support.running import eventually
from tests.unit.notifications.test_bounces import report

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(900)]

DISK_FULL = """
    CREATE FUNCTION faults.fill() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
    CREATE TRIGGER a_full_disk BEFORE INSERT ON inbox FOR EACH ROW EXECUTE FUNCTION faults.fill();
    CREATE TRIGGER a_full_disk BEFORE INSERT ON failed_messages FOR EACH ROW EXECUTE FUNCTION faults.fill();
"""
SPACE = "DROP FUNCTION faults.fill() CASCADE"


@asynccontextmanager
async def asking(site: Site) -> AsyncGenerator[Counter[int]]:
    """Write by HTTP and tell events without a pause as long as the block lasts; count the answers by status."""
    answers = Counter[int]()
    returned = {"message": report(message_id=f"<{uuid4()}@agency.test>")}
    bearer = {"Authorization": f"Bearer {BOUNCE_TOKEN}"}

    async def ask(http: aiohttp.ClientSession) -> None:
        while True:
            url = f"{site.urls['notifications-serve']}/v1/bounces"
            async with http.post(url, json=returned, headers=bearer) as response:
                answers[response.status] += 1
            await asyncio.sleep(0.01)

    async def tell() -> None:
        while True:
            try:
                await site.tell(TenantId(uuid4()), *new_addresses(1))
            except Unavailable:
                answers[-1] += 1
            await asyncio.sleep(0.01)

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(30)) as http:
        tasks = [asyncio.create_task(ask(http)) for _ in range(4)] + [asyncio.create_task(tell())]
        try:
            yield answers
        finally:
            for task in tasks:
                task.cancel()
            for outcome in await asyncio.gather(*tasks, return_exceptions=True):
                assert isinstance(outcome, asyncio.CancelledError), outcome


async def _answered(answers: Counter[int], status: int, more: int = 20) -> None:
    """Return once there are more answers of a status."""
    wanted = answers[status] + more

    async def enough() -> bool:
        return answers[status] >= wanted

    await eventually(enough, 30)


@pytest.mark.parametrize("crash", [False, True], ids=["restarted", "killed"])
async def test_6_a_database_that_goes_and_comes_is_503_for_requests_and_loses_nothing(
    site: Site, crash: bool, long: bool
) -> None:
    if "notifications-serve" not in site.parts:
        await site.start("notifications-serve")
    async with asking(site) as answers:
        for _ in range(5 if long else 1):
            await _answered(answers, 202)
            await (site.postgres.kill() if crash else site.postgres.stop())
            await _answered(answers, 503)
            await site.postgres.start()
            await _answered(answers, 202)
    assert answers.keys() <= {202, 503, -1}, answers
    if not long:
        await let_waits_end(site, leases=True)  # mails that were in hand while the database was away


async def test_6_an_outage_is_told_once_and_its_end_once_however_often_it_is_tried(site: Site, long: bool) -> None:
    await site.parts["notifications-work"].stop()
    await site.start("notifications-work")  # one that still has in hand what an earlier fault left would tell of that
    await site.connected("notifications-work")
    log = site.folder / "logs/notifications-work.log"
    before = len(log.read_bytes())

    async def told(event: str) -> list[tuple[str, str]]:
        lines = [json.loads(line) for line in log.read_bytes()[before:].splitlines() if line.startswith(b"{")]
        assert {line["event"] for line in lines if line["level"] != "info"} == {"outage.begun"}
        return [(line["of"], line.get("error", "")) for line in lines if line["event"] == event]

    broker, postgres = site.broker["notifications"], site.lines["notifications"]
    for line in (broker, postgres):
        line.turn_away()

    async def many_were_turned_away() -> bool:
        return (postgres.turned_away or 0) >= 60 and (broker.turned_away or 0) >= 20

    await eventually(many_were_turned_away, 60)
    await broker.down()  # from here on connections are refused at once
    postgres.turn_away()

    async def as_many_again() -> bool:
        return (postgres.turned_away or 0) >= 60

    await eventually(as_many_again, 60)
    await broker.up()
    begun = {of for of, _ in await told("outage.begun")}
    assert {f"notifications.security {part}" for part in ("bus", "retry")} | {"relay bus", "send_due_mail"} <= begun
    for line in (broker, postgres):
        line.welcome()
    parts = ("bus", "retry", "send_due_mail") if long else ("retry",)  # a session has to last before all is well

    async def all_ended() -> bool:
        ended = {of for of, _ in await told("outage.ended")}
        return {of for of in begun if of.endswith(parts)} <= ended

    await eventually(all_ended, 90)
    for event in ("outage.begun", "outage.ended"):
        assert max(Counter(await told(event)).values()) == 1
    assert len({error for of, error in await told("outage.begun") if of == "relay bus"}) > 1


async def test_19_a_full_disk_acknowledges_nothing_and_gives_up_nothing(site: Site) -> None:
    await site.script("notifications", DISK_FULL)
    before = await site.value("notifications", "SELECT count(*) FROM faults.carried_out")
    await site.tell_many(20)
    await site.become("identity", "SELECT count(*) FROM outbox", 0)
    await site.connected("notifications-work", bus="disconnected")
    assert await site.value("notifications", "SELECT count(*) FROM faults.carried_out") == before
    await site.script("notifications", SPACE)
    await site.become("notifications", f"SELECT count(*) = {before + 20} FROM faults.carried_out")
    assert await site.value("notifications", "SELECT count(*) FROM failed_messages WHERE next_try_at > now()") == 0
