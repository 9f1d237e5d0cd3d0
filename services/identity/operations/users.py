"""People join, change, are suspended, return, leave."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from services.chassis import outbox
from services.chassis.database import Database, Transaction
from services.chassis.idempotency import IdempotencyKey, earlier
from services.chassis.problems import Stale
from services.contracts.identity_events import (
    ActivationRequested,
    AssignmentChanged,
    SessionRevoked,
    SubAccountGranted,
    SubAccountRevoked,
    UserChanged,
    UserCreated,
    UserStateChanged,
)
from services.contracts.vocabulary import SessionId, TenantId, UserId, UserKind, UserState
from services.identity.adapters.authz_administrators import Administrators
from services.identity.domain.agent_card import AgentCard, check_telephone
from services.identity.domain.audit import AuditKind
from services.identity.domain.directory import NO_ENTRY, DirectoryEntry
from services.identity.domain.licence import Licence, take_seat
from services.identity.domain.session import ACCESS_LIFETIME, UNAWARE
from services.identity.domain.user import Assignments, StateNotAllowed, User, check_assignments, check_end, move
from services.identity.operations import agent_cards
from services.identity.operations.audit import note
from services.identity.operations.standing_down import must_still_be_in, standing_down
from services.identity.store import (
    access_policies,
    credentials,
    devices,
    directory,
    licences,
    offices,
    password_resets,
    second_factors,
    sessions,
    sub_accounts,
    users,
)


@dataclass(frozen=True, slots=True)
class Card:
    """The fields of the agent card that an administrator edits; None leaves one as it is."""

    code: str | None
    given_name: str | None
    family_name: str | None
    email: str | None
    locale: str | None
    userid: str | None = None
    entry: DirectoryEntry | None = None
    """What the agency's directory calls the person."""

    def applied_to(self, user: User) -> User:
        """Return the person with the given fields changed, one version on."""
        given = {
            "code": self.code,
            "given_name": self.given_name,
            "family_name": self.family_name,
            "email": self.email,
            "locale": self.locale,
            "userid": self.userid,
        }
        return replace(
            user,
            version=user.version + 1,
            **{name: value for name, value in given.items() if value is not None},  # pyright: ignore[reportArgumentType]
        )


UNCHANGED: Final = Card(None, None, None, None, None)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A person to add, with what else is known at once."""

    user: User
    card: AgentCard | None = None
    entry: DirectoryEntry | None = None
    """What the agency's directory calls the person."""


async def create_user(
    db: Database, tenant_id: TenantId, newcomer: Newcomer, key: IdempotencyKey | None, now: datetime
) -> UUID:
    """Add a provisioned person, who gets an activation mail; return the id, or an earlier request's.

    One who is added suspended gets it once he is provisioned.
    Raises UseridTaken, CodeTaken, EmailTaken, UnknownOffice, EndRefused, TelephoneNeeded.
    """
    user = newcomer.user
    async with db.transaction(tenant_id) as tx:
        made = await earlier(tx, key, user.id, now)
        if made is not None:
            return made
        check_telephone(user.kind, newcomer.card, "/telephone")
        await add(tx, user, now)
        if newcomer.card is not None:
            await agent_cards.write(tx, user.id, newcomer.card)
        if newcomer.entry is not None:
            await directory.keep_person(tx, user.id, newcomer.entry)
    return user.id


async def add(tx: Transaction, user: User, now: datetime) -> None:
    """Add a provisioned person. Raises UseridTaken, CodeTaken, EmailTaken, UnknownOffice, EndRefused."""
    check_assignments(user.assignments, await offices.known(tx))
    check_end(user, now)
    await users.insert(tx, user)
    if user.ends_at is not None:
        await access_policies.set_end(tx, user.id, user.ends_at)
    await note(tx, AuditKind.USER_CREATED, user.id, after=user)
    await outbox.add(tx, UserCreated(user=user.facts()))


async def change_user(db: Database, tenant_id: TenantId, user_id: UserId, card: Card, version: int) -> User:
    """Return the person with a changed card; links in mails to another address end, who waits for one is invited again.

    Raises NotFound, Stale, UseridTaken, CodeTaken, EmailTaken.
    """
    async with db.transaction(tenant_id) as tx:
        user = await _at(tx, user_id, version)
        changed = card.applied_to(user)
        await _save(tx, user, changed, card)
        await note(tx, AuditKind.USER_CHANGED, user_id, user, changed)
        await outbox.add(tx, UserChanged(user=changed.facts()))
        if changed.email != user.email and user.state is UserState.PROVISIONED:
            await outbox.add(tx, ActivationRequested(user=changed.facts()))
    return changed


async def assign_user(
    db: Database, tenant_id: TenantId, user_id: UserId, assignments: Assignments, version: int
) -> User:
    """Return the person at other offices (MG-14). Raises NotFound, Stale, UnknownOffice."""
    async with db.transaction(tenant_id) as tx:
        user = await _at(tx, user_id, version)
        check_assignments(assignments, await offices.known(tx))
        changed = replace(user, assignments=assignments, version=user.version + 1)
        await users.save(tx, changed)
        await note(tx, AuditKind.USER_ASSIGNED, user_id, user.assignments, assignments)
        await outbox.add(tx, AssignmentChanged(user=changed.facts()))
    return changed


@dataclass(frozen=True, slots=True)
class StateChange:
    """A move of an account to another state, of the version that its sender saw; with other changes, or alone."""

    user_id: UserId
    state: UserState
    version: int
    card: Card = UNCHANGED


async def change_state(
    db: Database, administrators: Administrators, tenant_id: TenantId, change: StateChange, now: datetime
) -> User:
    """Return the person in another state (MG-9): without sessions or waiting sign-ins, as a ghost without password.

    Raises NotFound, Stale, StateNotAllowed, LastAdministrator, SeatsExhausted, UseridTaken, CodeTaken, EmailTaken,
    SessionOver.
    """
    async with db.transaction(tenant_id) as tx:
        move(await _at(tx, change.user_id, change.version), change.state, now)
    leaving = {} if change.state is UserState.ACTIVE else {change.user_id: change.version}
    async with standing_down(db, administrators, tenant_id, leaving, now):
        return await _moved(db, tenant_id, change, now)


async def _moved(db: Database, tenant_id: TenantId, change: StateChange, now: datetime) -> User:
    async with db.transaction(tenant_id) as tx:
        licence = await licences.get(tx, lock=True)
        await must_still_be_in(tx)
        user = await _at(tx, change.user_id, change.version)
        move(user, change.state, now)
        if change.state is UserState.ACTIVE:
            await _may_return(tx, licence, user)
        changed = replace(change.card.applied_to(user), state=change.state)
        await _save(tx, user, changed, change.card)
        if change.state is UserState.GHOST:
            await forget_ways_in(tx, user.id)
        await note(tx, AuditKind.USER_STATE_CHANGED, user.id, user, changed)
        await end_sessions(tx, user.id, now)
        await second_factors.forget_waiting(tx, user.id)
        await outbox.add(tx, UserStateChanged(user=changed.facts()))
        if UserState.GHOST in {user.state, change.state}:
            await tell_contact(tx, changed)
        if change.state is UserState.PROVISIONED:
            await outbox.add(tx, ActivationRequested(user=changed.facts()))
    return changed


async def forget_ways_in(tx: Transaction, user_id: UserId) -> None:
    """Forget by what a person signed in, as of a ghost."""
    await _forget_links(tx, user_id)
    await credentials.forget(tx, user_id)
    await devices.forget(tx, user_id)
    await second_factors.forget(tx, user_id)


async def tell_contact(tx: Transaction, user: User) -> None:
    """Note and tell that the contact whose account a person is has it now or no longer, if he is one's."""
    contact_id = await sub_accounts.contact_of(tx, user.id)
    if contact_id is None:
        return
    gone = user.state is UserState.GHOST
    kind = AuditKind.SUB_ACCOUNT_REVOKED if gone else AuditKind.SUB_ACCOUNT_GRANTED
    await note(tx, kind, user.id, after={"contact_id": contact_id})
    await outbox.add(tx, account_of(contact_id, user))


def account_of(contact_id: UUID, user: User) -> SubAccountGranted | SubAccountRevoked:
    """Return what the other services are told of a contact whose account a person is."""
    told = SubAccountRevoked if user.state is UserState.GHOST else SubAccountGranted
    return told(contact_id=contact_id, user_id=user.id, version=user.version)


async def _may_return(tx: Transaction, licence: Licence, user: User) -> None:
    """Refuse who never activated the account, and one more than there are seats.

    Raises StateNotAllowed, SeatsExhausted.
    """
    if await credentials.password_hash(tx, user.id) is None:
        raise StateNotAllowed("This account was never activated; let it be provisioned instead.")
    if user.kind is UserKind.COLLEAGUE:
        take_seat(licence, await users.count_active(tx))


async def _forget_links(tx: Transaction, user_id: UserId) -> None:
    await credentials.forget_activations(tx, user_id)
    await password_resets.forget(tx, user_id)


async def _save(tx: Transaction, before: User, changed: User, card: Card) -> None:
    await users.save(tx, changed)
    if changed.email != before.email:
        await _forget_links(tx, changed.id)  # whoever reads mails to the earlier address has them
    if card.entry is not None:
        entry = await directory.entry(tx, changed.id) or NO_ENTRY
        await directory.keep_person(tx, changed.id, card.entry)
        await note(tx, AuditKind.USER_CHANGED, changed.id, entry, card.entry)


async def request_activation(db: Database, tenant_id: TenantId, user_id: UserId) -> None:
    """Have the activation mail sent again. Raises NotFound, StateNotAllowed."""
    async with db.transaction(tenant_id) as tx:
        user = await users.get(tx, user_id)
        must_be_provisioned(user)
        await note(tx, AuditKind.USER_INVITED, user_id)
        await outbox.add(tx, ActivationRequested(user=user.facts()))


def must_be_provisioned(user: User) -> None:
    """Refuse activating anyone but who waits for it. Raises StateNotAllowed."""
    if user.state is not UserState.PROVISIONED:
        raise StateNotAllowed(f"An account that is {user.state} is not waiting for activation.")


async def end_sessions(
    tx: Transaction,
    user_id: UserId,
    now: datetime,
    session_id: SessionId | None = None,
    *,
    proved: UserId | None = None,
) -> int:
    """End one session of a person, or all, everywhere; return how many were running. `proved` is as for `note`."""
    ended = await sessions.end(tx, user_id, now, session_id)
    if ended:
        await note(tx, AuditKind.SESSIONS_ENDED, user_id, after={"session_ids": ended}, proved=proved)
        await outbox.add(tx, revoked(user_id, ended, now))
    return len(ended)


def revoked(user_id: UserId, ended: tuple[UUID, ...], now: datetime) -> SessionRevoked:
    """Return the event that makes every service refuse the tokens of ended sessions."""
    return SessionRevoked.model_validate(
        {"user_id": user_id, "session_ids": ended, "until": now + ACCESS_LIFETIME + UNAWARE}
    )


async def _at(tx: Transaction, user_id: UserId, version: int) -> User:
    """Return the person, locked, at the version that the caller saw. Raises NotFound, Stale."""
    user = await users.get(tx, user_id)
    if user.version != version:
        raise Stale
    return user
