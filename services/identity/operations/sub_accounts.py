"""Contacts become accounts by a tick, and contacts again by taking it away (SB-16, SB-25)."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.chassis import outbox
from services.chassis.database import Database
from services.chassis.problems import NotFound, Stale
from services.contracts.identity_events import ActivationRequested, UserStateChanged
from services.contracts.vocabulary import TenantId, UserState
from services.identity.adapters.authz_administrators import Administrators
from services.identity.domain.audit import AuditKind
from services.identity.domain.user import User, check_assignments, move
from services.identity.operations.audit import note
from services.identity.operations.users import StateChange, add, change_state, tell_contact
from services.identity.store import licences, offices, sub_accounts, users
from services.identity.store.sub_accounts import SubAccount


async def grant(db: Database, tenant_id: TenantId, contact_id: UUID, user: User, now: datetime) -> SubAccount:
    """Return the contact's account: a new provisioned person, the one it had before, or the one that it has.

    A seat is taken when the account is activated, as by everybody. Notifications, which know the contact, are told;
    nothing of the contact changes.
    Raises UseridTaken, CodeTaken, EmailTaken, UnknownOffice, StateNotAllowed.
    """
    async with db.transaction(tenant_id) as tx:
        await licences.get(tx, lock=True)
        found = await sub_accounts.find(tx, contact_id)
        if found is None:
            await add(tx, user, now)
            await sub_accounts.insert(tx, contact_id, user.id)
            await tell_contact(tx, user)
        elif not found.granted:
            check_assignments(user.assignments, await offices.known(tx))
            before = await users.get(tx, found.user_id)
            move(before, UserState.PROVISIONED, now)
            back = replace(
                before,
                code=user.code,
                given_name=user.given_name,
                family_name=user.family_name,
                email=user.email,
                locale=user.locale,
                assignments=user.assignments,
                state=UserState.PROVISIONED,
                version=before.version + 1,
            )
            await users.save(tx, back)
            await note(tx, AuditKind.USER_STATE_CHANGED, back.id, before, back)
            await outbox.add(tx, UserStateChanged(user=back.facts()), ActivationRequested(user=back.facts()))
            await tell_contact(tx, back)
        account = await sub_accounts.find(tx, contact_id)
    if account is None:
        raise LookupError("an account that was just made")
    return account


async def revoke(
    db: Database, administrators: Administrators, tenant_id: TenantId, contact_id: UUID, version: int, now: datetime
) -> None:
    """Take a contact's account away at once; the contact and what mail it gets stay as they are.

    Raises NotFound, Stale, LastAdministrator.
    """
    async with db.single_read(tenant_id) as tx:
        found = await sub_accounts.find(tx, contact_id)
    if found is None or not found.granted:
        raise NotFound
    if found.version != version:
        raise Stale
    await change_state(db, administrators, tenant_id, StateChange(found.user_id, UserState.GHOST, version), now)
