"""What guards an agency against losing its last administrator, whoever takes people out of service and by what.

Who gets in from certain addresses only, or at certain hours, is an administrator like any other and is counted. It is
how agencies are run (MG-30, MG-31): were it otherwise, one that limits everybody to its office would have none. Nobody
can tell a network where somebody works from one where nobody ever is; known is only where an author is. So it is
when a limit is set that another administrator must get in from there, and the author himself (`enact`); whoever
then takes out the other one has just got in, unless it is a directory, which is trusted with whom it leaves.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from services.chassis import outbox
from services.chassis.database import Database, Transaction
from services.chassis.problems import Problem
from services.contracts.identity_events import UserChanged
from services.contracts.vocabulary import TenantId, UserId
from services.identity.adapters import authorship
from services.identity.adapters.authz_administrators import Administrators
from services.identity.domain.session import SessionOver
from services.identity.store import sessions, users


@asynccontextmanager
async def standing_down(
    db: Database, administrators: Administrators, tenant_id: TenantId, leaving: Mapping[UserId, int]
) -> AsyncGenerator[None]:
    """Have authz count none of these people, of these versions, while they are taken out of service.

    It is asked outside the transaction that does so. If that fails, or one of them is the last, those who stood down
    are told of anew, and count as before. Raises LastAdministrator.
    """
    stood_down = dict[UserId, int]()
    try:
        for user_id, version in leaving.items():
            await administrators.stand_down(tenant_id, user_id, version)
            stood_down[user_id] = version
        yield
    except Problem:
        async with db.transaction(tenant_id) as tx:
            for user_id, version in stood_down.items():
                await _tell_again_at(tx, user_id, version)
        raise


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
