"""Messages that come ten times, and messages that nobody can digest."""

import json
import sys
from uuid import uuid4

import aio_pika
import pytest

from deploy.local.children import Program
from deploy.local.parts import run_to_end
from services.contracts.queues import EXCHANGE
from tests.faults.ledger import expect_everything_once, let_waits_end
from tests.faults.site import CLONE, VHOST, Site, new_addresses, password_changed
from tests.integration.notifications.post_office import enveloped
from tests.support.running import eventually

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(900)]


async def publish(site: Site, topic: str, *bodies: bytes) -> None:
    """Put messages into the broker as they are."""
    async with await aio_pika.connect(site.rabbit.url("admin", VHOST)) as connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        exchange = await channel.get_exchange(EXCHANGE, ensure=False)
        for body in bodies:
            await exchange.publish(aio_pika.Message(body), topic)


async def test_12_a_message_that_comes_ten_times_takes_effect_once(site: Site) -> None:
    await site.start("notifications-work-2")
    addresses = new_addresses(20)
    messages = [enveloped(password_changed(address), uuid4()) for address in addresses]
    for _ in range(10):
        await publish(site, messages[0].type, *(message.model_dump_json().encode() for message in messages))
    for address in addresses:
        await site.sink.has(address)

    async def nine_of_ten_were_refused() -> bool:
        line = 'keyholder_messages_consumed_total{outcome="duplicate",queue="notifications.security"}'
        return sum([await site.metric(name, line) for name in ("notifications-work", "notifications-work-2")]) >= 180

    assert await eventually(nine_of_ten_were_refused)
    await expect_everything_once(site)
    await site.end("notifications-work-2")


REFUSAL = """
    CREATE FUNCTION faults.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'cannot digest this'; END $$;
    CREATE TRIGGER a_refusal BEFORE INSERT ON deliveries
        FOR EACH ROW WHEN (NEW.recipient_address LIKE '%@poison.test') EXECUTE FUNCTION faults.refuse();
"""
CURE = "DROP TRIGGER a_refusal ON deliveries; DROP FUNCTION faults.refuse();"


def bad(number: int) -> bytes:
    """Return a message that nobody can carry out, by turns one of five kinds."""
    kind = number % 5
    message = enveloped(password_changed(f"{number}@{'poison' if kind == 4 else 'example'}.test"), uuid4())
    body = json.loads(message.model_dump_json())
    match kind:
        case 0:
            return b"{not json \x00 \xff" + str(number).encode()
        case 1:
            body["type"] = "identity.user.vanished.v9\0"
        case 2:
            body["data"] = {"of": "another shape"}
        case 3:
            body["data"]["user"]["locale"] = "\0"
        case _:
            pass  # well formed: the database refuses it until it is cured
    return json.dumps(body).encode()


async def test_13_twenty_bad_messages_among_a_thousand_hold_up_none_and_can_be_replayed(site: Site, long: bool) -> None:
    await site.script("notifications", REFUSAL)
    good = [enveloped(password_changed(address), uuid4()) for address in new_addresses(980 if long else 180)]
    bodies = [message.model_dump_json().encode() for message in good]
    for number in range(20):
        bodies.insert(len(good) // 20 * number + 7, bad(number))
    await publish(site, good[0].type, *bodies)
    ids = [message.id for message in good]

    async def good_ones_are_done() -> bool:
        count = await site.value("notifications", "SELECT count(*) FROM deliveries WHERE event_id = ANY($1)", ids)
        return int(count) == len(good)

    assert await eventually(good_ones_are_done, 60)
    await parked_are(site, [1] * 4 + [5] * 16)
    await site.script("notifications", CURE)
    worker = site.parts["notifications-work"].program
    argv = [sys.executable, "-m", "services.notifications", "parked", "--replay", "all"]
    await run_to_end(Program("parked", argv, worker.environment, CLONE, site.folder / "logs/parked.log"), 60)
    await parked_are(site, [1] * 4 + [5] * 12)
    assert len(await mails_to(site, "poison.test")) == 4


async def parked_are(site: Site, attempts: list[int]) -> None:
    """Wait until so many messages are given up, after so many attempts each."""

    async def all_are_parked() -> bool:
        await let_waits_end(site)
        rows = await site.rows(
            "notifications", "SELECT attempts, next_try_at IS NULL AS parked FROM failed_messages ORDER BY attempts"
        )
        return all(row["parked"] for row in rows) and [row["attempts"] for row in rows] == attempts

    await eventually(all_are_parked, 60)


async def mails_to(site: Site, domain: str) -> set[str]:
    """Return to whom of a domain mail came, once no mail is under way any more."""
    await expect_everything_once(site)
    return {mail.recipient for mail in site.sink.received if mail.recipient.endswith(f"@{domain}")}
