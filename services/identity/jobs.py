"""What identity does by itself."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, Never

from services.chassis import clock, logging
from services.chassis.database import Database, Queries
from services.chassis.outages import Outage
from services.identity.deps import Deps
from services.identity.domain.worked_hours import REPORTED
from services.identity.operations import account_ends
from services.identity.operations.account_ends import Overdue
from services.identity.operations.passwords import request_resets
from services.identity.operations.sessions import repeat_revocations
from services.identity.operations.sign_in_limits import tell_refusals
from services.identity.operations.standing_down import count_again
from services.identity.store import (
    credentials,
    devices,
    passkeys,
    password_resets,
    second_factors,
    sessions,
    sign_in_counters,
)

PURGE_SECONDS: Final = 600.0
PURGED_AT_ONCE: Final = 1000
ROTATE_SECONDS: Final = 60.0
REPEAT_SECONDS: Final = 5.0
ANNOUNCE_SECONDS: Final = 5.0
END_SECONDS: Final = 10.0
RESET_SECONDS: Final = 2.0
COUNT_SECONDS: Final = 60.0
KEPT: Final = timedelta(days=30)
SESSIONS_KEPT: Final = REPORTED + timedelta(days=1)
"""A day longer than hours are told of, which are made of sign-ins and refreshes: none goes while a report is read."""
COUNTED: Final = timedelta(days=1)
DEVICES_KEPT: Final = timedelta(days=180)
_log = logging.get(__name__)


async def purge_expired(_deps: Deps, worker_db: Database) -> Never:
    """Delete every ten minutes what nothing is made of any more, each kind after its own time.

    However much there is of it, it goes by statements that are short, and stays gone if a later one fails.
    """

    async def purge() -> None:
        now = clock.now()
        purged = await _purged(worker_db, sessions.purge, now - SESSIONS_KEPT)
        purged += await _purged(worker_db, credentials.purge_activations, now - KEPT)
        purged += await _purged(worker_db, password_resets.purge, now)
        purged += await _purged(worker_db, second_factors.purge, now)
        purged += await _purged(worker_db, passkeys.purge, now)
        purged += await _purged(worker_db, devices.purge, now - DEVICES_KEPT)
        purged += await _purged(worker_db, sign_in_counters.purge_counters, now - COUNTED)
        purged += await _purged(worker_db, sign_in_counters.purge_failures, now - KEPT)
        purged += await _purged(worker_db, sign_in_counters.purge_wrong, now - COUNTED)
        purged += await _purged(worker_db, sign_in_counters.purge_refused, now - KEPT)
        purged += await _purged(worker_db, sign_in_counters.purge_refused_of_nobody, now - COUNTED)
        if purged:
            _log.info("expired.purged", count=purged)

    await _every(PURGE_SECONDS, "purge", purge)


async def rotate_signing_keys(deps: Deps, _worker_db: Database) -> Never:
    """See every minute whether the next signing key is due or an old one may go."""

    async def rotate() -> None:
        await deps.signing.rotate(clock.now(), deps.key_term)

    await _every(ROTATE_SECONDS, "rotate_signing_keys", rotate)


async def repeat_running_revocations(_deps: Deps, worker_db: Database) -> Never:
    """Repeat every five seconds which sessions ended in the last five minutes.

    So a process that started late, or lost the broker for a while, refuses their tokens five seconds later.
    """

    async def repeat() -> None:
        await repeat_revocations(worker_db, clock.now())

    await _every(REPEAT_SECONDS, "repeat_revocations", repeat)


async def announce_refusals(_deps: Deps, worker_db: Database) -> Never:
    """Tell every five seconds of the sign-ins that were refused."""

    async def announce() -> None:
        await tell_refusals(worker_db)

    await _every(ANNOUNCE_SECONDS, "announce_refusals", announce)


async def end_accounts(deps: Deps, worker_db: Database) -> Never:
    """Remind every ten seconds of technicians who leave soon, and end the accounts whose end has come.

    The reminder comes first: it needs nobody, and has its time; whoever is ended waits until authz can be asked.
    """
    complained = set[Overdue]()

    async def end() -> None:
        now = clock.now()
        told = await account_ends.remind_of_technicians(deps.db, worker_db, now)
        ended = await account_ends.end_accounts(deps.db, worker_db, deps.administrators, now, complained)
        if ended or told:
            _log.info("accounts.ended", count=ended, reminded=told)

    await _every(END_SECONDS, "end_accounts", end)


async def count_administrators(deps: Deps, worker_db: Database) -> Never:
    """See every minute whether somebody stood down as an administrator for nothing, and have him counted again."""

    async def count() -> None:
        counted = await count_again(deps.db, worker_db, clock.now())
        if counted:
            _log.warning("administrators.counted_again", count=counted)

    await _every(COUNT_SECONDS, "count_administrators", count)


async def send_for_resets(_deps: Deps, worker_db: Database) -> Never:
    """Have the mails sent, within two seconds, that people asked for to choose a new password."""

    async def send() -> None:
        await request_resets(worker_db)

    await _every(RESET_SECONDS, "send_for_resets", send)


async def _purged(db: Database, purge: Callable[[Queries, datetime, int], Awaitable[int]], before: datetime) -> int:
    """Delete all that ended before an instant, batch after batch; return how many."""
    purged, batch = 0, PURGED_AT_ONCE
    while batch == PURGED_AT_ONCE:
        async with db.at_once() as queries:
            batch = await purge(queries, before, PURGED_AT_ONCE)
        purged += batch
    return purged


async def _every(seconds: float, name: str, work: Callable[[], Awaitable[None]]) -> Never:
    outage = Outage(name)
    while True:
        with outage.bridged():
            await work()
        await asyncio.sleep(seconds)
