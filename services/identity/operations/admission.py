"""Letting people in: at sign-in, and again with each refresh."""

from datetime import datetime

from services.chassis.database import Transaction
from services.contracts.vocabulary import UserState
from services.identity.domain.access_policy import AccessEnded, AccessRefused, Address, Admission, admitted
from services.identity.domain.session import AccountNotActive, Session, admit
from services.identity.domain.user import User
from services.identity.operations.users import end_sessions
from services.identity.store import access_policies, admissions, users


async def let_in(tx: Transaction, user: User, address: Address, now: datetime) -> Admission:
    """Return what a person who has proved who he is is let in for.

    Hold the licence before, so that no policy changes between this and the session that it leads to.
    Raises AccountNotActive, AccessEnded, OutsideHours, AddressRefused.
    """
    if user.state is UserState.EXPIRED:
        raise AccessEnded
    admit(user.state)
    levels, zone = await access_policies.of_person(tx, user.id)
    return admitted(levels.policy, now, zone, address)


async def let_in_again(
    tx: Transaction, session: Session, address: Address, now: datetime
) -> Admission | AccessRefused | AccountNotActive:
    """Return what a session goes on for; or end it, and return why.

    The reason is returned, not raised, so that the end of the session is committed.
    """
    try:
        admission = await let_in(tx, await users.get(tx, session.user_id), address, now)
    except (AccessRefused, AccountNotActive) as refused:
        await end_sessions(tx, session.user_id, now, session.id)
        return refused
    await admissions.keep(tx, session.id, admission)
    return admission
