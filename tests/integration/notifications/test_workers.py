"""Workers race, vanish, are stopped, lose their lease: a mail goes out once, or its history admits the doubt."""

import asyncio
from collections import Counter
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest

from services.chassis import http_client
from services.contracts.vocabulary import TenantId
from services.notifications import jobs
from services.notifications.app import SERVICE
from services.notifications.domain.claim import Claim, LeaseLost
from services.notifications.domain.delivery import State
from services.notifications.domain.retry import Outcome
from services.notifications.operations.deliveries import Try, settle
from services.notifications.operations.gathering import Gathering
from services.notifications.store import claims
from tests.integration.notifications.post_office import Invited, PostOffice
from tests.support import listeners
from tests.support.mailsink import Mode
from tests.support.processes import work_process
from tests.support.running import NO_BROKER, eventually, working

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_two_workers_send_two_hundred_mails_once_each(post: PostOffice) -> None:
    tenants = [TenantId(uuid4()) for _ in range(4)]
    people = [await post.invite(tenants[number % 4]) for number in range(200)]
    async with working(SERVICE, post.settings()), working(SERVICE, post.settings()):
        await eventually(lambda: _all_sent(post, people), seconds=60)
    mails = Counter(mail.recipient for mail in post.sink.received)
    assert [mails[person.address] for person in people] == [1] * 200


async def test_mails_go_out_at_once_though_only_the_line_that_tells_of_them_is_cut(
    post: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "POLL_SECONDS", 3600.0)
    async with working(SERVICE, post.settings()):
        for _ in range(3):
            await listeners.cut(post.crossing, "deliveries")
            await post.reaches(await post.invite(), "sent")


async def test_each_worker_keeps_to_a_domains_share_so_that_two_hand_over_twice_as_much(post: PostOffice) -> None:
    domain, before = f"a{uuid4().hex[:8]}.test", post.sink.hanging
    addresses = [f"{number}@{domain}" for number in range(8)]
    for address in addresses:
        post.sink.answer(address, Mode.HANG)

    def worker() -> AbstractAsyncContextManager[str]:
        limits = {"smtp_connections": 4, "smtp_connections_per_domain": 2, "smtp_timeout_seconds": 60}
        return working(SERVICE, post.settings(NO_BROKER, **limits))

    async def hang(count: int) -> bool:
        return post.sink.hanging - before == count

    async with worker():
        for address in addresses:
            await post.invite(address=address)
        await eventually(lambda: hang(2))
        async with worker():
            await eventually(lambda: hang(4))
            for _ in range(20):  # many a claim later it is still so
                await post.reaches(await post.invite(), "sent")
            assert await hang(4)


async def test_a_claim_leaves_what_a_busy_domain_would_get_too_much_of(post: PostOffice) -> None:
    tenant_id = TenantId(uuid4())
    for number in range(5):
        await post.invite(tenant_id, f"{number}@a{tenant_id.hex[:8]}.test")
    domain = f"a{tenant_id.hex[:8]}.test"
    async with post.crossing.across_tenants() as queries:
        await queries.execute(
            """
            UPDATE deliveries SET next_try_at = now() + interval '1 h'
             WHERE tenant_id <> $1 AND next_try_at IS NOT NULL
            """,
            tenant_id,
        )
        assert await claims.claim_due(queries, 10, timedelta(minutes=1), 3, {domain: 3}) == []
        assert len(await claims.claim_due(queries, 10, timedelta(minutes=1), 3, {domain: 1})) == 2
        assert len(await claims.claim_due(queries, 10, timedelta(minutes=1), 3)) == 3


async def test_a_worker_killed_before_the_mail_server_knew_leaves_a_mail_that_goes_out_once(post: PostOffice) -> None:
    person = await post.invite()
    post.identity.hold(person.user_id)
    async with work_process("notifications", post.settings()) as process:
        await asyncio.wait_for(post.identity.reached.wait(), 60)
        process.kill()
    assert (await post.rows(person))[0]["state"] == "claimed"

    async with working(SERVICE, post.settings()):
        await post.let_time_pass(person)
        row = await post.reaches(person, "sent")
    assert (row["attempts"], row["uncertain_attempts"]) == (1, 0)
    assert len(post.sink.to(person.address)) == 1
    assert await post.timeline(person) == [("queued", None), ("sent", None)]


async def test_a_worker_killed_while_handing_over_leaves_an_honest_uncertain(post: PostOffice) -> None:
    address = f"{uuid4().hex[:12]}@example.test"
    post.sink.answer(address, Mode.HANG)
    person = await post.invite(address=address)
    async with work_process("notifications", post.settings(smtp_timeout_seconds=60)) as process:
        await post.sink.has(address, seconds=60)
        process.kill()
    assert (await post.rows(person))[0]["state"] == "handing_over"

    async with working(SERVICE, post.settings()):
        await post.let_time_pass(person)
        row = await post.reaches(person, "uncertain")
        assert (row["uncertain_attempts"], row["last_error_code"]) == (1, "interrupted")
        assert len(post.sink.to(address)) == 1, "not sent again before the wait is over"
        await post.let_time_pass(person)
        row = await post.reaches(person, "sent")
    assert [mail.message_id for mail in post.sink.to(address)] == [f"<{row['id']}@agency.test>"] * 2
    assert await post.timeline(person) == [("queued", None), ("uncertain", "interrupted"), ("sent", None)]


async def test_a_worker_that_is_stopped_puts_back_what_it_had_not_handed_over(
    post: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "DRAIN_SECONDS", 0.1)
    person = await post.invite()
    gate = post.identity.hold(person.user_id)
    async with working(SERVICE, post.settings()):
        await asyncio.wait_for(post.identity.reached.wait(), 60)
    (row,) = await post.rows(person)
    assert (row["state"], row["attempts"]) == ("queued", 0)
    gate.set()

    async with working(SERVICE, post.settings()):
        await post.reaches(person, "sent")
    assert len(post.sink.to(person.address)) == 1


async def test_a_worker_that_lost_its_lease_hands_nothing_over(
    post: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_client, "DEADLINE_SECONDS", 60.0)
    person = await post.invite()
    first = post.identity.hold(person.user_id)
    async with working(SERVICE, post.settings()):
        await asyncio.wait_for(post.identity.reached.wait(), 60)
        second = post.identity.hold(person.user_id)
        async with working(SERVICE, post.settings()):
            await post.let_time_pass(person)
            await asyncio.wait_for(post.identity.reached.wait(), 60)
            named = post.sink.named[person.address]
            first.set()
            await eventually(lambda: _named(post, person, named + 1))
            assert (await post.rows(person))[0]["state"] == "claimed"
            second.set()
            await post.reaches(person, "sent")
    assert len(post.sink.to(person.address)) == 1
    assert await post.timeline(person) == [("queued", None), ("sent", None)]


async def test_only_the_latest_claim_counts(post: PostOffice) -> None:
    person = await post.invite()
    early, late = await _claimed(post, person), await _claimed(post, person)
    gone = Outcome(State.CANCELLED, "user_gone", tried=False)

    with pytest.raises(LeaseLost):
        await _settled(post, early, gone)
    async with post.crossing.across_tenants() as queries:
        assert await claims.put_back(queries, [early]) == 0
    assert (await post.rows(person))[0]["state"] == "claimed"

    await _settled(post, late, gone)
    assert await post.timeline(person) == [("queued", None), ("cancelled", "user_gone")]


async def test_a_mail_left_in_the_middle_stays_so_marked_however_many_workers_vanish(post: PostOffice) -> None:
    person = await post.invite()
    async with post.db.transaction(person.tenant_id) as tx:
        await tx.execute("UPDATE deliveries SET state = 'handing_over'")
    for _ in range(3):
        assert (await _claimed(post, person)).interrupted


async def test_a_new_mail_is_on_its_way_before_anybody_would_look_for_it(
    post: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "POLL_SECONDS", 3600.0)
    async with working(SERVICE, post.settings()):
        await post.reaches(await post.invite(), "sent")
        person = await post.invite()
        await post.sink.has(person.address)


async def test_secrets_reach_the_mailbox_and_nothing_else(post: PostOffice) -> None:
    post.identity.secrets.clear()
    sent = await post.invite()
    broken_address = f"{uuid4().hex[:12]}@example.test"
    post.sink.answer(broken_address, Mode.CUT, Mode.GONE)
    broken = await post.invite(address=broken_address)
    async with work_process("notifications", post.settings()) as process:
        await post.reaches(sent, "sent")
        await post.reaches(broken, "uncertain")
        await post.let_time_pass(broken)
        await post.reaches(broken, "refused")
        process.terminate()
        logged, _ = await process.communicate()

    everything = logged.decode() + await _whole_database(post)
    assert "mail.tried" in everything
    assert "activate#token" not in everything
    assert len(post.identity.secrets) >= 3
    for secret in post.identity.secrets:
        assert secret not in everything
    for person in (sent, broken):
        assert person.address not in logged.decode()
    mails = "".join(mail.part("plain") for mail in post.sink.received)
    assert sum(secret in mails for secret in post.identity.secrets) >= 2


async def _claimed(post: PostOffice, person: Invited) -> Claim:
    """Take a mail over, as a worker does when the lease of another is over."""
    await post.let_time_pass(person)
    async with post.crossing.across_tenants() as queries:
        due = await claims.claim_due(queries, 1000, timedelta(minutes=1))
    return next(claim for claim in due if claim.recipient_user_id == person.user_id)


async def _settled(post: PostOffice, claim: Claim, outcome: Outcome) -> None:
    """Record what became of a try, as a worker does that has others in hand."""
    await Gathering(partial(settle, post.crossing)).ask(Try(claim, outcome, claim.traceparent))


async def _named(post: PostOffice, person: Invited, times: int) -> bool:
    return post.sink.named[person.address] >= times


async def _all_sent(post: PostOffice, people: list[Invited]) -> bool:
    async with post.crossing.across_tenants() as queries:
        sent = await queries.value(
            "SELECT count(*) FROM deliveries WHERE state = 'sent' AND recipient_user_id = ANY($1)",
            [person.user_id for person in people],
        )
    return sent == len(people)


async def _whole_database(post: PostOffice) -> str:
    async with post.crossing.across_tenants() as queries:
        rows = [
            *await queries.rows("SELECT d::text AS line FROM deliveries d"),
            *await queries.rows("SELECT h::text AS line FROM delivery_history h"),
            *await queries.rows("SELECT o::text AS line FROM outbox o"),
            *await queries.rows("SELECT f::text AS line FROM failed_messages f"),
        ]
    return "\n".join(row["line"] for row in rows)
