"""From a provisioned account to an active one (AM-16)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from services.chassis import outbox
from services.chassis.database import Database, Transaction
from services.chassis.problems import Conflict
from services.contracts.identity_events import UserStateChanged
from services.contracts.vocabulary import TenantId, UserId, UserKind, UserState
from services.identity.adapters import secret_tokens
from services.identity.adapters.secret_tokens import SecretToken
from services.identity.domain.audit import AuditKind
from services.identity.domain.licence import Licence, take_seat
from services.identity.domain.user import User
from services.identity.operations.audit import note
from services.identity.operations.passwords import accepted, keep
from services.identity.operations.sessions import Gate
from services.identity.operations.users import must_be_provisioned
from services.identity.store import credentials, licences, users


class LinkOver(Conflict):
    """The same for a link that never was, was used, or came too late."""

    code: ClassVar[str] = "activation_link_over"
    title: ClassVar[str] = "This link no longer works; ask your administrator for a new one."


async def issue_link(
    db: Database, tenant_id: TenantId, user_id: UserId, lifetime: timedelta, now: datetime
) -> tuple[SecretToken, User, Licence]:
    """Return a fresh token for a link, its person and agency. Raises NotFound, StateNotAllowed."""
    token = secret_tokens.new(tenant_id)
    async with db.transaction(tenant_id) as tx:
        user = await users.get(tx, user_id)
        must_be_provisioned(user)
        await credentials.add_activation(tx, token.hash, user_id, now + lifetime)
        return token, user, await licences.get(tx)


async def activate(gate: Gate, token: SecretToken, password: str, now: datetime) -> None:
    """Set the password and make the account active; every link of the person ends.

    Hashing happens between two transactions, so the link is looked at twice.
    Raises LinkOver, PasswordRefused, SeatsExhausted, Limited.
    """
    async with gate.db.transaction(token.tenant_id, readonly=True) as tx:
        user = await _invited(tx, token, now)
    hashed = await accepted(gate, token.tenant_id, user, password)
    async with gate.db.transaction(token.tenant_id) as tx:
        licence = await licences.get(tx, lock=True)
        await users.get(tx, user.id)  # whoever ends links holds the person
        user = await _invited(tx, token, now)
        must_be_provisioned(user)
        if user.kind is UserKind.COLLEAGUE:
            take_seat(licence, await users.count_active(tx))
        active = replace(user, state=UserState.ACTIVE, version=user.version + 1)
        await keep(gate, tx, user.id, hashed, now)
        await credentials.forget_activations(tx, user.id)
        await users.save(tx, active)
        await note(tx, AuditKind.USER_STATE_CHANGED, user.id, user, active, proved=user.id)
        await outbox.add(tx, UserStateChanged(user=active.facts()))


async def _invited(tx: Transaction, token: SecretToken, now: datetime) -> User:
    user_id = await credentials.activation(tx, token.hash, now)
    user = await users.find(tx, user_id) if user_id else None
    if user is None:
        raise LinkOver
    return user
