"""What notifications does by itself: it sends the mail that is due, takes back what came back, and tidies up.

A mail is claimed under a lease, and only then asked about, written and sent; no transaction is open meanwhile.
A worker that vanishes leaves one of two marks. `claimed`: the mail server was told nothing, the next worker begins
anew. `handing_over`: nobody can know, so the try counts as uncertain and the same Message-ID goes out again.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import groupby
from typing import Final, Never

import structlog
from prometheus_client import Counter as Metric

from services.chassis import clock, logging, trace
from services.chassis.database import Database, Queries
from services.chassis.outages import Outage
from services.chassis.problems import Unavailable
from services.notifications.adapters.bounces import Bounce
from services.notifications.adapters.identity_links import IdentityAway, NoLongerNeeded
from services.notifications.deps import Deps
from services.notifications.domain.claim import Claim, LeaseLost
from services.notifications.domain.delivery import State, is_deliverable
from services.notifications.domain.digest import Schedule
from services.notifications.domain.letter import Letterhead
from services.notifications.domain.preference import Decision
from services.notifications.domain.retry import Outcome
from services.notifications.operations import deliveries, digests, notices, reports
from services.notifications.operations.deliveries import Try
from services.notifications.operations.gathering import Gathering
from services.notifications.operations.writing import write
from services.notifications.store import appointments, bounces, claims, guests, recipients, suppressions
from services.notifications.store import digests as schedules
from services.notifications.store import reports as weekly
from services.notifications.store.claims import Offer

POLL_SECONDS: Final = 1.0
DRAIN_SECONDS: Final = 2.0
"""How long mails that are under way may take once the process is told to stop."""
SETTLING_PAUSES_SECONDS: Final = (0.2, 1.0, 3.0, 5.0)
MARGIN: Final = timedelta(seconds=15)
"""What a lease allows beyond the mail server's time: for identity, for the database, for the pauses above."""
DIGESTS_SECONDS: Final = 10.0
DIGESTS_AT_ONCE: Final = 1000
REPORTS_SECONDS: Final = 60.0
REPORTS_AT_ONCE: Final = 1000
BOUNCES_SECONDS: Final = 2.0
TIDY_SECONDS: Final = 600.0
NOTICE: Final = timedelta(days=7)
"""How long before an account ends its owner is told."""
PURGED_AT_ONCE: Final = 1000
MAILS: Final = Metric("keyholder_mails", "Tries to send a mail, by what became of them.", ["outcome"])
_log = logging.get(__name__)


async def send_due_mail(deps: Deps, worker_db: Database) -> Never:
    """Send mails as they fall due, woken by new ones and every second, a bounded number at the same time."""
    sender, outage = _Sender(deps, worker_db), Outage("send_due_mail")
    try:
        while True:
            with outage.bridged():
                async with worker_db.listening("deliveries", lambda _: sender.wake.set()) as is_deaf:
                    await sender.run(is_deaf)
            await asyncio.sleep(outage.pause())
    finally:
        await sender.drain()


class _Books:
    """What is asked and noted of mails: for many at once, where many are under way."""

    def __init__(self, worker_db: Database, lease: timedelta) -> None:
        self.prepare = Gathering[Claim, tuple[Decision, Letterhead]](partial(deliveries.prepare, worker_db)).ask
        self.hand_over = Gathering[Offer, None](partial(deliveries.hand_over, worker_db, lease)).ask
        self.settle = Gathering[Try, None](partial(deliveries.settle, worker_db)).ask


class _Sender:
    """The mails that this process has in hand, and the task that sends each."""

    def __init__(self, deps: Deps, worker_db: Database) -> None:
        self.wake = asyncio.Event()
        self._deps = deps
        self._worker_db = worker_db
        self._lease = timedelta(seconds=deps.mail_server.timeout_seconds) + MARGIN
        self._books = _Books(worker_db, self._lease)
        self._under_way = dict[asyncio.Task[None], Claim]()

    async def run(self, is_deaf: Callable[[], bool]) -> Never:
        """Keep every connection to the mail server busy while mail is due. Raises Unavailable, also once it is deaf."""
        while not is_deaf():
            self.wake.clear()
            free = self._deps.mail_server.connections - len(self._under_way)
            if free:
                async with self._worker_db.at_once() as queries:
                    due = await claims.claim_due(queries, free, self._lease, self._deps.per_domain, self._busy())
                for claim in due:
                    task = asyncio.create_task(_send(self._deps, self._books, claim))
                    self._under_way[task] = claim
                    task.add_done_callback(self._done)
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self.wake.wait()
        raise Unavailable

    def _busy(self) -> Counter[str]:
        return Counter(claim.recipient_address.rpartition("@")[2].lower() for claim in self._under_way.values())

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        self.wake.set()
        if not task.cancelled() and (failure := task.exception()):
            _log.error("mail.failed", exc_info=failure)

    async def drain(self) -> None:
        """Let mails that are under way finish for a moment; put back what the mail server was never told."""
        if not self._under_way:
            return
        in_hand = dict(self._under_way)
        _finished, late = await asyncio.wait(in_hand, timeout=DRAIN_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        if late:
            with suppress(Unavailable):
                async with self._worker_db.across_tenants() as queries:
                    await claims.put_back(queries, [in_hand[task] for task in late])


async def _send(deps: Deps, books: _Books, claim: Claim) -> None:
    """Try a mail once and record what became of it; a try that cannot be recorded is left to its lease."""
    trace_id = trace.enter(claim.traceparent)
    structlog.contextvars.bind_contextvars(
        trace_id=trace_id, tenant_id=str(claim.tenant_id), delivery_id=str(claim.id), attempt=claim.attempts + 1
    )
    begun = time.perf_counter()
    try:
        outcome = await _outcome(deps, books, claim)
        await _settle(books, Try(claim, outcome, trace.traceparent()))
    except LeaseLost:
        _log.warning("mail.lease_lost")
    except Unavailable:
        _log.warning("mail.not_recorded")
    else:
        MAILS.labels(outcome.state.value).inc()
        _log.info(
            "mail.tried",
            outcome=outcome.state.value,
            code=outcome.code,
            duration_ms=round((time.perf_counter() - begun) * 1000, 2),
        )


async def _outcome(deps: Deps, books: _Books, claim: Claim) -> Outcome:
    """Return what became of a try. Raises LeaseLost, Unavailable.

    Whatever is raised here was raised before the mail server was told the mail. A fault of our own counts as a try,
    so that a mail which always meets it ends like any other.
    """
    try:
        return await _try_once(deps, books, claim)
    except (LeaseLost, Unavailable):
        raise
    except Exception:  # noqa: BLE001 one mail's fault must not end the sending of others
        _log.exception("mail.failed")
        return Outcome(State.DEFERRED, "internal_error")


async def _try_once(deps: Deps, books: _Books, claim: Claim) -> Outcome:
    if claim.interrupted:
        return Outcome(State.UNCERTAIN, "interrupted")
    if not is_deliverable(claim.recipient_address):
        return Outcome(State.REFUSED, "address_invalid", tried=False)
    decision, head = await books.prepare(claim)
    if not decision.wanted:
        return Outcome(State.SUPPRESSED, decision.ground, tried=False, ground=decision.ground)
    if claim.told or claim.awaits:
        return Outcome(State.CANCELLED if claim.told else State.DEFERRED, "same_address", tried=False)
    try:
        letter = await write(deps.desk, deps.db, claim, head, clock.now())
    except NoLongerNeeded as needless:
        return Outcome(State.CANCELLED, needless.code, tried=False)
    except IdentityAway:
        return Outcome(State.DEFERRED, "identity_unavailable", tried=False)
    message = deps.messages.message(letter, claim.id, claim.recipient_address, clock.now())
    hand_over = partial(books.hand_over, Offer(claim, letter, decision.ground))
    outcome = await deps.mail_server.send(deps.messages.sender, claim.recipient_address, message, hand_over)
    return replace(outcome, ground=decision.ground)


async def _settle(books: _Books, tried: Try) -> None:
    """Record what became of a try, again while the database is away: what was sent must not be sent again for that.

    Raises LeaseLost, Unavailable.
    """
    for pause in SETTLING_PAUSES_SECONDS:
        try:
            return await books.settle(tried)
        except Unavailable:
            await asyncio.sleep(pause)
    return await books.settle(tried)


async def take_bounces(deps: Deps, worker_db: Database) -> Never:
    """Record what came back, within seconds."""
    outage = Outage("take_bounces")
    while True:
        with outage.bridged():
            async with worker_db.across_tenants() as queries:
                found = await bounces.claim(queries, 100)
            for one in found:
                bounce = Bounce(one.delivery_id, one.status)
                if one.tenant_id is None or await deliveries.take_back(deps.db, one.tenant_id, bounce):
                    async with worker_db.at_once() as queries:
                        await bounces.forget(queries, one.id)
        await asyncio.sleep(BOUNCES_SECONDS)


async def send_digests(deps: Deps, worker_db: Database) -> Never:
    """Queue the digests of those for whom it is time, many at once; look every ten seconds."""
    outage = Outage("send_digests")
    while True:
        with outage.bridged():
            while True:
                async with worker_db.across_tenants() as queries:
                    due = await schedules.due(queries, clock.now(), DIGESTS_AT_ONCE)
                await _advance(deps.db, due)
                if len(due) < DIGESTS_AT_ONCE:
                    break
        await asyncio.sleep(DIGESTS_SECONDS)


async def _advance(db: Database, due: Sequence[Schedule]) -> None:
    for tenant_id, schedules_of_one in groupby(
        sorted(due, key=lambda one: one.tenant_id), key=lambda one: one.tenant_id
    ):
        await digests.advance(db, tenant_id, list(schedules_of_one), clock.now())


async def send_reports(deps: Deps, worker_db: Database) -> Never:
    """Queue the weekly reports that are due; look every minute."""
    outage = Outage("send_reports")
    while True:
        with outage.bridged():
            async with worker_db.across_tenants() as queries:
                due = await weekly.due(queries, clock.now(), REPORTS_AT_ONCE)
            for schedule in due:
                with outage.bridged():  # one agency of which authz says nothing holds up no other
                    await reports.advance(deps.db, deps.desk.rights, schedule, clock.now())
        await asyncio.sleep(REPORTS_SECONDS)


async def tidy(deps: Deps, worker_db: Database) -> Never:
    """Every ten minutes: announce accounts that end soon, forget what is old, however much it is."""
    outage = Outage("tidy")
    while True:
        with outage.bridged():
            async with worker_db.across_tenants() as queries:
                ending = await recipients.ending(queries, NOTICE)
            for one in ending:
                await notices.announce_end(deps.db, one)
            for old in (claims, appointments, schedules, guests, suppressions):
                while await _purged(worker_db, old.purge) == PURGED_AT_ONCE:
                    pass
        await asyncio.sleep(TIDY_SECONDS)


async def _purged(worker_db: Database, purge: Callable[[Queries, int], Awaitable[int]]) -> int:
    async with worker_db.across_tenants() as queries:
        count = await purge(queries, PURGED_AT_ONCE)
    if count:
        _log.info("rows.purged", of=purge.__module__.rpartition(".")[2], count=count)
    return count
