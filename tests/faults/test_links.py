"""Links that go dead without a word, queues that vanish, a broker that takes nothing more: noticed, mended, once."""

from uuid import uuid4

import aio_pika
import pytest
from aio_pika.exceptions import ChannelNotFoundEntity

from services.contracts.vocabulary import TenantId
from tests.faults.site import VHOST, Site, new_addresses
from tests.support.running import eventually

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]

QUEUE = "notifications.security"
LEFT = "SELECT count(*) FROM outbox"


async def consumers(site: Site, queue: str) -> int:
    """Return how many consume from a queue, as the broker sees it."""
    async with await aio_pika.connect(site.rabbit.url("admin", VHOST)) as connection:
        channel = await connection.channel()
        try:
            declared = await channel.declare_queue(queue, passive=True)
        except ChannelNotFoundEntity:
            return 0
        return declared.declaration_result.consumer_count or 0


async def one_consumes(site: Site) -> bool:
    """Say whether exactly one consumes."""
    return await consumers(site, QUEUE) == 1


async def test_3_processes_that_start_before_the_broker_serve_and_connect_when_it_comes(site: Site) -> None:
    workers = ("identity-work", "notifications-work")
    for line in site.broker.values():
        await line.down()
    for name in workers:
        await site.parts[name].stop()
        await site.start(name)
    await site.tell_many(20)
    for name in workers:
        assert await site.states(name) == (
            True,
            {"ready": True, "database": "current", "bus": "disconnected"},
        )
    before = {name: site.parts[name].pid for name in workers}
    for line in site.broker.values():
        await line.up()
    await site.connected(*workers)
    assert {name: site.parts[name].pid for name in workers} == before


async def test_7_lines_that_go_dead_without_a_word_are_noticed_and_replaced(site: Site) -> None:
    await site.tell_many(20)
    lines = [*site.broker.values(), *site.lines.values()]
    assert [line for line in lines if not line.strand()] == []
    await site.tell_many(20)

    async def everything_arrived() -> bool:
        return not await site.value("identity", LEFT)

    assert await eventually(everything_arrived, 40)
    assert await eventually(lambda: one_consumes(site), 40)


@pytest.mark.parametrize(
    ("full", "empty"),
    [
        (("set_vm_memory_high_watermark", "absolute", "1MB"), ("set_vm_memory_high_watermark", "absolute", "1GB")),
        (("set_disk_free_limit", "100000GB"), ("set_disk_free_limit", "100MB")),
    ],
)
async def test_8_and_19_a_broker_that_is_full_blocks_no_write_and_gets_it_all_later(
    site: Site, full: tuple[str, ...], empty: tuple[str, ...]
) -> None:
    await site.rabbitmqctl(*full)
    await site.tell_many(50)
    assert await site.value("identity", LEFT) == 50
    await site.rabbitmqctl(*empty)


async def test_9_a_queue_deleted_by_hand_comes_back_and_what_found_no_queue_is_sent_again(site: Site) -> None:
    async with await aio_pika.connect(site.rabbit.url("admin", VHOST)) as connection:
        channel = await connection.channel()
        await channel.queue_delete(QUEUE)
    await site.tell(TenantId(uuid4()), *new_addresses(20))
    assert await eventually(lambda: one_consumes(site), 30)
