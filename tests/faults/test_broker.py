"""The broker killed, away, absent, full, robbed of a queue: writes go on, nothing is lost, nothing happens twice."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from uuid import uuid4

import pytest

from services.contracts.vocabulary import TenantId
from tests.faults.ledger import expect_everything_once
from tests.faults.site import Site, new_addresses
from tests.support.running import eventually

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(3600)]

OLDEST = "keyholder_outbox_oldest_unsent_age_seconds"
LEFT = "SELECT count(*) FROM outbox"
NOBODY = "nobody"


@dataclass
class Writes:
    """How long each commit took, in seconds. A commit that fails ends the test."""

    seconds: list[float] = field(default_factory=list[float])

    def p99(self) -> float:
        """Return the time in milliseconds within which 99 of 100 commits were done."""
        return quantiles(self.seconds, n=100, method="inclusive")[98] * 1000


@asynccontextmanager
async def writing(site: Site, per_second: int) -> AsyncGenerator[Writes]:
    """Commit transactions with an event each, at a steady rate, as long as the block lasts."""
    writes, ended, turn = Writes(), asyncio.Event(), asyncio.Semaphore(8)

    async def write() -> None:
        # Mostly to nobody, which ends without the mail server: it is the broker that is to be busy.
        address = NOBODY if len(writes.seconds) % 10 else new_addresses(1)[0]
        async with turn:
            began = time.perf_counter()
            await site.tell(TenantId(uuid4()), address)
            writes.seconds.append(time.perf_counter() - began)

    async def keep_on() -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        async with asyncio.TaskGroup() as group:
            while not ended.is_set():
                group.create_task(write())
                due += 1 / per_second
                await asyncio.sleep(max(0, due - loop.time()))

    running = asyncio.create_task(keep_on())
    try:
        yield writes
    finally:
        ended.set()
        await running


async def test_1_killed_under_load_it_loses_nothing(site: Site, long: bool) -> None:
    for number in range(20 if long else 1):
        async with writing(site, 200 if long else 50) as writes:
            await eventually(lambda writes=writes: _at_least(writes, 100), 60)
            await site.rabbit.kill()
            await eventually(lambda writes=writes: _at_least(writes, 400), 60)
        await site.rabbit.restart()
        back = time.monotonic()
        await site.become("identity", LEFT, 0, 30)
        print(
            f"kill {number + 1}: {len(writes.seconds)} commits, p99 {writes.p99():.0f} ms; "
            f"outbox empty {time.monotonic() - back:.1f} s after the broker answered"
        )
        await expect_everything_once(site)


async def _at_least(writes: Writes, count: int) -> bool:
    return len(writes.seconds) >= count


async def test_2_away_it_costs_no_write_and_what_was_written_follows(site: Site, long: bool) -> None:
    worker = site.parts["identity-work"]
    memory = _resident(worker.pid)
    await site.rabbit.stop()
    async with writing(site, 50):
        age = await eventually(lambda: _age(site, 150 if long else 1), 600)
        left = await eventually(lambda: _waiting(site, 50), 60)
        await site.rabbit.start()
    began = time.monotonic()
    await site.become("identity", LEFT, 0)
    print(f"oldest {age:.0f} s, {left} rows, drained in {time.monotonic() - began:.1f} s")
    await expect_everything_once(site)
    assert _resident(worker.pid) - memory < 50_000_000

    async def told_to_be_over() -> bool:
        return await site.metric("identity-work", OLDEST) == 0

    assert await eventually(told_to_be_over)


async def _age(site: Site, least: float) -> float:
    """Return how long the oldest event has waited, once that is long enough."""
    age = await site.metric("identity-work", OLDEST)
    return age if age >= least else 0


async def _waiting(site: Site, least: int) -> int:
    """Return how many events wait, once they are that many."""
    left = int(await site.value("identity", LEFT))
    return left if left >= least else 0


def _resident(pid: int | None) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096
