"""Letting people in: at sign-in, and again with each refresh."""

from datetime import datetime
from zoneinfo import ZoneInfo

from services.chassis.database import Transaction
from services.contracts.vocabulary import UserState
from services.identity.domain.access_policy import AccessEnded, AccessRefused, Address, Admission, Levels, admitted
from services.identity.domain.session import AccountNotActive, admit
from services.identity.domain.user import User
from services.identity.operations.users import end_sessions
from services.identity.store import access_policies, admissions
from services.identity.store.access_policies import Standing


async def let_in(tx: Transaction, user: User, address: Address, now: datetime) -> Admission:
    """Return what a person who has proved who he is is let in for.

    Hold the licence before, so that no policy changes between this and the session that it leads to.
    Raises AccountNotActive, AccessEnded, OutsideHours, AddressRefused.
    """
    levels, zone = await access_policies.of_person(tx, user.id)
    return _admitted(user.state, levels, zone, address, now)


async def let_in_again(
    tx: Transaction, standing: Standing, address: Address, now: datetime
) -> Admission | AccessRefused | AccountNotActive:
    """Return what a session goes on for; or end it, and return why.

    The reason is returned, not raised, so that the end of the session is committed.
    """
    session = standing.session
    try:
        admission = _admitted(standing.state, standing.levels, standing.zone, address, now)
    except (AccessRefused, AccountNotActive) as refused:
        await end_sessions(tx, session.user_id, now, session.id)
        return refused
    if admission != standing.held:
        await admissions.keep(tx, session.id, admission)
    return admission


def _admitted(state: UserState, levels: Levels, zone: ZoneInfo, address: Address, now: datetime) -> Admission:
    if state is UserState.EXPIRED:
        raise AccessEnded
    admit(state)
    return admitted(levels.policy, now, zone, address)
