"""What happens by itself when access ends: colleagues expire, external technicians are gone (MG-28, AM-12)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from services.chassis import logging, outbox
from services.chassis.database import Database
from services.contracts.identity_events import TechnicianExpiring, UserStateChanged
from services.contracts.vocabulary import TenantId, UserId, UserKind, UserState
from services.identity.adapters.authz_administrators import Administrators, LastAdministrator
from services.identity.domain.audit import AuditKind
from services.identity.domain.user import User, has_ended
from services.identity.operations.audit import note
from services.identity.operations.users import end_sessions, forget_ways_in
from services.identity.store import account_ends, licences, users

REMINDED_BEFORE: Final = timedelta(hours=2)
_log = logging.get(__name__)


Overdue = tuple[UserId, int]
"""A last administrator whose end has come, and his version: it rises when the end is moved."""


async def end_accounts(
    db: Database, worker_db: Database, administrators: Administrators, now: datetime, complained: set[Overdue]
) -> int:
    """End the accounts whose end has come, each exactly once; return how many. `worker_db` crosses tenants.

    Last administrators' go on, for a person to see to, and are kept in `complained`: of each the log says so once.
    """
    async with worker_db.across_tenants() as queries:
        due = await account_ends.due(queries, now)
    return sum([await _end_account(db, administrators, one, now, complained) for one in due])


async def _end_account(
    db: Database,
    administrators: Administrators,
    due: tuple[TenantId, UserId],
    now: datetime,
    complained: set[Overdue],
) -> bool:
    """End an account unless its end was moved meanwhile, or it is the last administrator's."""
    tenant_id, user_id = due
    async with db.single_read(tenant_id) as tx:
        seen = await users.find(tx, user_id)
    if seen is None or not has_ended(seen, now):
        return False
    try:
        await administrators.stand_down(tenant_id, user_id, seen.version)
    except LastAdministrator:
        if (user_id, seen.version) not in complained:
            complained.add((user_id, seen.version))
            _log.exception("account_end.last_administrator", tenant_id=str(tenant_id), user_id=str(user_id))
        return False
    async with db.transaction(tenant_id) as tx:
        await licences.get(tx, lock=True)
        user = await users.get(tx, user_id)
        if user.version != seen.version or not has_ended(user, now):
            return False
        ended = replace(user, state=_state_after(user), version=user.version + 1)
        await users.save(tx, ended)
        if ended.state is UserState.GHOST:
            await forget_ways_in(tx, user_id)
        await note(tx, AuditKind.USER_STATE_CHANGED, user_id, user, ended)
        await end_sessions(tx, user_id, now)
        await outbox.add(tx, UserStateChanged(user=ended.facts()))
    return True


def _state_after(user: User) -> UserState:
    return UserState.GHOST if user.kind is UserKind.EXTERNAL_TECHNICIAN else UserState.EXPIRED


async def remind_of_technicians(db: Database, worker_db: Database, now: datetime) -> int:
    """Tell, once per end, of technicians whose visit ends within two hours; return of how many."""
    async with worker_db.across_tenants() as queries:
        leaving = await account_ends.to_remind_of(queries, now, now + REMINDED_BEFORE)
    told = 0
    for tenant_id, user_id in leaving:
        async with db.transaction(tenant_id) as tx:
            user = await users.get(tx, user_id)
            if user.ends_at is None or user.ends_at > now + REMINDED_BEFORE:
                continue  # moved meanwhile
            if await account_ends.mark_reminded(tx, user_id, user.ends_at):
                await outbox.add(tx, TechnicianExpiring(user=user.facts(), sponsor_id=user.sponsor_id))
                told += 1
    return told
