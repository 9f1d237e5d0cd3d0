"""What guards an agency against losing its last administrator, whoever takes people out of service and by what.

Who gets in from certain addresses only, or at certain hours, is an administrator like any other and is counted. It is
how agencies are run (MG-30, MG-31): were it otherwise, one that limits everybody to its office would have none. Nobody
can tell a network where somebody works from one where nobody ever is; known is only where an author is. So it is
when a limit is set that another administrator must get in from there, and the author himself (`enact`); whoever
then takes out the other one has just got in, unless it is a directory, which is trusted with whom it leaves.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from services.chassis import outbox
from services.chassis.database import Database, Transaction
from services.contracts.identity_events import UserChanged
from services.contracts.vocabulary import TenantId, UserId
from services.identity.adapters import authorship
from services.identity.adapters.authz_administrators import Administrators, LastAdministrator
from services.identity.domain.session import SessionOver
from services.identity.store import sessions, users

LONGEST_CHANGE: Final = timedelta(minutes=5)
"""Longer than anybody takes to be taken out of service, who has stood down before."""


@asynccontextmanager
async def standing_down(
    db: Database, administrators: Administrators, tenant_id: TenantId, leaving: Mapping[UserId, int], now: datetime
) -> AsyncGenerator[None]:
    """Have authz count none of these people, of these versions, while they are taken out of service.

    It is asked outside the transaction that does so. If that fails, however, or one of them is the last, those who
    stood down are told of anew, and count as before; where even that fails, or nobody knows what became of the
    question, `count_again` does it later. Raises LastAdministrator.
    """
    stood_down = dict[UserId, int]()
    try:
        for user_id, version in leaving.items():
            async with _noted(db, tenant_id, user_id, now):
                await administrators.stand_down(tenant_id, user_id, version)
            stood_down[user_id] = version
        yield
    except (Exception, asyncio.CancelledError):
        async with db.transaction(tenant_id) as tx:
            for user_id, version in stood_down.items():
                await _tell_again_at(tx, user_id, version)
        raise


@asynccontextmanager
async def _noted(db: Database, tenant_id: TenantId, user_id: UserId, now: datetime) -> AsyncGenerator[None]:
    """Note beforehand that a person may stand down from now on, and strike that out only where authz says that not."""
    async with db.single_write(tenant_id) as tx:
        await users.note_standing_down(tx, user_id, now)
    try:
        yield
    except LastAdministrator:
        async with db.single_write(tenant_id) as tx:
            await users.note_standing_down(tx, user_id, None)
        raise


async def count_again(db: Database, worker_db: Database, now: datetime) -> int:
    """Tell anew of those who stood down and were neither taken out of service nor told of; return of how many."""
    async with worker_db.at_once() as queries:
        left = await users.standing_down_since(queries, now - LONGEST_CHANGE)
    for tenant_id, user_id in left:
        async with db.transaction(tenant_id) as tx:
            await tell_again(tx, user_id)
    return len(left)


async def tell_again(tx: Transaction, user_id: UserId) -> None:
    """Tell of a person at a new version, from which on authz counts an administrator without an end again.

    Raises NotFound.
    """
    user = await users.get(tx, user_id)
    again = replace(user, version=user.version + 1)
    await users.save(tx, again)
    await outbox.add(tx, UserChanged(user=again.facts()))


async def must_still_be_in(tx: Transaction) -> None:
    """Refuse an author who was shut out while he was asking: so two cannot shut each other out, each by another way.

    Hold the licence before, under which sessions end. A job or a machine has no session. Raises SessionOver.
    """
    session_id = authorship.present().session_id
    if session_id is not None and not await sessions.goes_on(tx, session_id):
        raise SessionOver


async def _tell_again_at(tx: Transaction, user_id: UserId, version: int) -> None:
    user = await users.find(tx, user_id)
    if user is not None and user.version == version:  # otherwise something newer is told already
        await tell_again(tx, user_id)
