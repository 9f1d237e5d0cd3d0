"""A mail server that fails in every way it can, all at once: good mails pass by, and the history says what happened."""

import asyncio
from uuid import uuid4

import pytest

from services.contracts.vocabulary import TenantId
from tests.faults.ledger import expect_everything_once
from tests.faults.site import Site, new_addresses
from tests.support.mailsink import Mode
from tests.support.running import eventually

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(900)]

ENDS = {
    (Mode.BUSY,): ("sent", 1, 0),
    (Mode.GONE,): ("refused", 0, 0),
    (Mode.MUTE,): ("sent", 1, 0),
    (Mode.LEAVE,): ("sent", 1, 0),
    (Mode.SPAM,): ("refused", 0, 0),
    (Mode.DROP,): ("sent", 1, 1),
    (Mode.CUT,): ("sent", 2, 1),
    (Mode.HANG,): ("sent", 2, 1),
    (Mode.CUT,) * 3: ("uncertain", 3, 3),
}
"""What the server does with the first tries, to: the last state, mails in the mailbox, tries in doubt."""


async def test_10_each_failure_ends_as_it_must_and_good_mails_pass_by(site: Site, long: bool) -> None:
    for _ in range(10 if long else 1):  # more at once would hang on each of the four connections in turn
        await asyncio.gather(*(_fails(site, modes) for modes in ENDS for _ in range(2)))


async def _fails(site: Site, modes: tuple[Mode, ...]) -> None:
    (bad,), good = new_addresses(1, f"{uuid4().hex[:8]}.test"), new_addresses(2)
    site.sink.answer(bad, *modes)
    await site.tell(TenantId(uuid4()), bad, *good)
    for address in good:
        await site.sink.has(address, seconds=60)
    state, mails, uncertain = ENDS[modes]
    sql = "SELECT state, uncertain_attempts FROM deliveries WHERE recipient_address = $1 AND next_try_at IS NULL"

    async def ended() -> bool:
        await site.rows(
            "notifications",
            """
            UPDATE deliveries SET next_try_at = now()
             WHERE recipient_address = $1 AND state IN ('deferred', 'uncertain') AND next_try_at > now()
            """,
            bad,
        )
        return [tuple(row) for row in await site.rows("notifications", sql, bad)] == [(state, uncertain)]

    await eventually(ended, 120)
    assert len(site.sink.to(bad)) == mails


async def test_10_a_mail_server_that_is_away_costs_a_try_and_no_mail(site: Site) -> None:
    await site.sink.down()
    addresses = new_addresses(10)
    await site.tell(TenantId(uuid4()), *addresses)
    sql = "SELECT count(*) FROM deliveries WHERE recipient_address = ANY($1) AND last_error_code = 'not_reached'"

    async def all_were_tried() -> bool:
        return bool(await site.value("notifications", sql, addresses) == len(addresses))

    await eventually(all_were_tried)
    await site.sink.up()
    await expect_everything_once(site)
    assert all(len(site.sink.to(address)) == 1 for address in addresses)
