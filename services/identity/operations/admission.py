"""Letting people in: at sign-in, and again with each refresh."""

from contextlib import suppress
from datetime import datetime
from zoneinfo import ZoneInfo

from services.chassis.database import Database, Transaction
from services.contracts.vocabulary import SessionId, TenantId, UserState
from services.identity.domain.access_policy import AccessEnded, AccessRefused, Address, Admission, Levels, admitted
from services.identity.domain.session import AccountNotActive, SessionOver, admit
from services.identity.domain.user import User
from services.identity.operations.users import end_sessions
from services.identity.store import access_policies, admissions, licences, standings
from services.identity.store.standings import Standing


async def let_in(tx: Transaction, user: User, address: Address, now: datetime) -> Admission:
    """Return what a person who has proved who he is is let in for.

    Hold the licence before, so that no policy changes between this and the session that it leads to.
    Raises AccountNotActive, AccessEnded, OutsideHours, AddressRefused.
    """
    levels, zone = await access_policies.of_person(tx, user.id)
    return _admitted(user.state, levels, zone, address, now)


async def let_in_again(
    db: Database, tenant_id: TenantId, standing: Standing, address: Address, now: datetime
) -> Admission:
    """Return what a session goes on for; or end it, and raise why.

    As long as it is what its tokens open already, nothing is written: a change of the policy finds those tokens. Else
    it is decided again while no policy can change. Raises AccessRefused, AccountNotActive, SessionOver.
    """
    with suppress(AccessRefused, AccountNotActive):
        if _again(standing, address, now) == standing.held:
            return standing.held
    async with db.transaction(tenant_id) as tx:
        await licences.hold(tx)
        decided = await _decided(tx, standing.session.id, address, now)
    if isinstance(decided, Admission):
        return decided
    raise decided


async def _decided(
    tx: Transaction, session_id: SessionId, address: Address, now: datetime
) -> Admission | AccessRefused | AccountNotActive | SessionOver:
    """Keep and return what a session goes on for; or end it and return why, so that its end is committed."""
    standing = await standings.of_session(tx, session_id, now)
    if standing is None:
        return SessionOver()
    try:
        admission = _again(standing, address, now)
    except (AccessRefused, AccountNotActive) as refused:
        await end_sessions(tx, standing.session.user_id, now, session_id)
        return refused
    await admissions.keep(tx, session_id, admission)
    return admission


def _again(standing: Standing, address: Address, now: datetime) -> Admission:
    return _admitted(standing.state, standing.levels, standing.zone, address, now)


def _admitted(state: UserState, levels: Levels, zone: ZoneInfo, address: Address, now: datetime) -> Admission:
    if state is UserState.EXPIRED:
        raise AccessEnded
    admit(state)
    return admitted(levels.policy, now, zone, address)
