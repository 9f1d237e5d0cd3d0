"""Processes killed at each point at which something is half done; the effect happens once, the history is honest."""

import asyncio
from uuid import uuid4

import aiohttp
import pytest

from services.contracts.vocabulary import TenantId
from tests.faults.ledger import let_waits_end
from tests.faults.site import Site, new_addresses
from tests.support.mailsink import Mode
from tests.support.running import eventually, until_connected

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(900)]

CONFIRMED, WRITTEN, HANDING_OVER, SETTLED = 1, 2, 3, 4
"""The gates of `ledger.sql` and `effects.sql`."""
LEFT = "SELECT count(*) FROM outbox"


async def carried_out(site: Site) -> int:
    """Return how many times an event took effect so far."""
    return int(await site.value("notifications", "SELECT count(*) FROM faults.carried_out"))


async def test_4_a_consumer_killed_before_its_commit_leaves_the_message_to_the_next(site: Site) -> None:
    async with site.gate("notifications", WRITTEN):
        await site.tell_many(20)
        await site.someone_waits("notifications", WRITTEN)
        await site.kill("notifications-work")
    before = await carried_out(site)
    await site.start("notifications-work")
    await site.become("notifications", f"SELECT count(*) = {before + 20} FROM faults.carried_out")


async def test_4_a_consumer_killed_between_commit_and_acknowledgement_does_nothing_twice(site: Site) -> None:
    before = await carried_out(site)
    async with aiohttp.ClientSession() as http:
        await until_connected(http, site.urls["notifications-work"])  # a held greeting would be another fault
    site.broker["notifications"].hold_towards_server()
    await site.tell_many(20)
    await site.become("notifications", f"SELECT count(*) = {before + 20} FROM faults.carried_out")
    await site.kill("notifications-work")
    site.broker["notifications"].cut()
    site.broker["notifications"].release()
    await site.start("notifications-work")

    async def refused_the_duplicates() -> bool:
        line = 'keyholder_messages_consumed_total{outcome="duplicate",queue="notifications.security"}'
        return await site.metric("notifications-work", line) == 20

    assert await eventually(refused_the_duplicates, 30)


async def test_5_a_relay_killed_between_confirm_and_mark_tells_twice_what_happens_once(site: Site) -> None:
    async with site.gate("identity", CONFIRMED):
        await site.tell_many(20)
        await site.someone_waits("identity", CONFIRMED)
        await site.kill("identity-work")
    assert await site.value("identity", LEFT) == 20
    await site.start("identity-work")


async def test_5_a_relay_killed_before_the_confirm_loses_nothing(site: Site) -> None:
    site.broker["identity"].hold_towards_clients()
    before = await carried_out(site)
    await site.tell_many(20)
    await site.become("notifications", f"SELECT count(*) = {before + 20} FROM faults.carried_out")
    await site.kill("identity-work")
    assert await site.value("identity", LEFT) == 20
    site.broker["identity"].cut()
    site.broker["identity"].release()
    await site.start("identity-work")


@pytest.mark.parametrize(("gate", "uncertain"), [(HANDING_OVER, 0), (SETTLED, 1)])
async def test_11_a_sender_killed_beside_the_handing_over_leaves_what_it_knew(
    site: Site, gate: int, uncertain: int
) -> None:
    (address,) = new_addresses(1)
    async with site.gate("notifications", gate):
        await site.tell(TenantId(uuid4()), address)
        await site.someone_waits("notifications", gate)
        await site.kill("notifications-work")
    await _resumed(site, address, uncertain)
    assert len(site.sink.to(address)) == 1 + uncertain


async def test_11_a_sender_killed_before_the_reply_to_the_mail_sends_it_again_and_says_so(site: Site) -> None:
    (address,) = new_addresses(1)
    site.sink.answer(address, Mode.HANG)
    await site.tell(TenantId(uuid4()), address)
    await site.sink.has(address)
    await site.kill("notifications-work")
    await _resumed(site, address, 1)
    assert len({mail.message_id for mail in site.sink.to(address)}) == 1
    assert len(site.sink.to(address)) == 2


async def _resumed(site: Site, address: str, uncertain: int) -> None:
    """Start the worker again, let the lease of the killed one end, and see its mail sent."""
    await let_waits_end(site, leases=True)
    await site.start("notifications-work")

    async def sent() -> bool:
        await let_waits_end(site)
        (row,) = await site.rows(
            "notifications", "SELECT state, uncertain_attempts FROM deliveries WHERE recipient_address = $1", address
        )
        return tuple(row) == ("sent", uncertain)

    await eventually(sent, 30)


async def test_15_several_of_each_do_no_more_than_one(site: Site, long: bool) -> None:
    more = [
        f"{service}-work-{number}" for service in ("identity", "notifications") for number in range(2, 5 if long else 3)
    ]
    await asyncio.gather(*(site.start(name) for name in more))
    await site.tell_many(2000 if long else 300)
    await site.become("identity", LEFT, 0)
    for name in more:
        await site.end(name)


async def test_18_restarts_under_load_lose_nothing_and_end_by_themselves(site: Site, long: bool) -> None:
    async def keep_telling() -> None:
        while True:
            await site.tell(TenantId(uuid4()), *new_addresses(2))
            await asyncio.sleep(0.02)

    telling = asyncio.create_task(keep_telling())
    loop = asyncio.get_running_loop()
    for name in ("identity-work", "notifications-work") * (5 if long else 1):
        began = loop.time()
        await site.parts[name].stop(60)
        assert site.parts[name].exit_code == 0, "stopped by itself, not by force"
        print(f"{name} stopped in {loop.time() - began:.1f} s")
        await site.start(name)
    telling.cancel()
    await asyncio.wait([telling])
