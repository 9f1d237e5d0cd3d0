"""Machine tokens are made, used, exchanged, revoked (ADR-0014)."""

from datetime import datetime
from uuid import UUID

from services.chassis import ids, outbox
from services.chassis.database import Database
from services.chassis.idempotency import IdempotencyKey, earlier
from services.chassis.problems import NotFound
from services.chassis.tokens import Caller
from services.contracts.identity_events import MachineTokenIssued, MachineTokenRevoked
from services.contracts.vocabulary import SessionId, TenantId, UserKind, UserState
from services.identity.adapters import secret_tokens
from services.identity.adapters.secret_tokens import SecretToken
from services.identity.domain.access_policy import Address, Admission
from services.identity.domain.audit import AuditKind
from services.identity.domain.machine_token import (
    MachineScope,
    MachineToken,
    MachineTokenInvalid,
    PersonNeeded,
    ShownOnce,
    check_issue,
    check_use,
    narrowed,
)
from services.identity.domain.session import ACCESS_LIFETIME, Session
from services.identity.operations.admission import let_in
from services.identity.operations.audit import note
from services.identity.operations.sessions import Origin
from services.identity.operations.users import revoked
from services.identity.store import admissions, licences, machine_tokens, users

PREFIX = "khm_"
"""What every machine token begins with, so that secret scanners and people recognise one."""


async def issue(db: Database, caller: Caller, token: MachineToken, key: IdempotencyKey | None, now: datetime) -> str:
    """Return a new token's text, which nobody can be shown again.

    Raises EndNotAllowed, PersonNeeded, ShownOnce.
    """
    check_issue(token, now)
    secret = secret_tokens.new(caller.tenant_id)
    async with db.transaction(caller.tenant_id) as tx:
        if await earlier(tx, key, token.id, now) is not None:
            raise ShownOnce
        if token.acts_for is not None:
            person = await users.find(tx, token.acts_for)
            if person is None or person.state is not UserState.ACTIVE or person.kind is not UserKind.COLLEAGUE:
                raise PersonNeeded
        await machine_tokens.insert(tx, token, secret.hash)
        await note(tx, AuditKind.MACHINE_TOKEN_ISSUED, token.id, after=token)
        await outbox.add(tx, MachineTokenIssued(machine=token.facts(), by=caller.user_id))
    return f"{PREFIX}{secret}"


async def revoke(db: Database, caller: Caller, token_id: UUID, now: datetime) -> None:
    """Revoke a token, and end its sessions everywhere; once is enough. Raises NotFound."""
    async with db.transaction(caller.tenant_id) as tx:
        await licences.get(tx, lock=True)  # whoever exchanges it holds the licence: its session is there, or never
        token = await machine_tokens.revoke(tx, token_id, now)
        if token is None:
            if not await machine_tokens.exists(tx, token_id):
                raise NotFound
            return
        ended = await machine_tokens.end_sessions(tx, token_id, now)
        if ended and token.acts_for is not None:
            await outbox.add(tx, revoked(token.acts_for, ended, now))
        await note(tx, AuditKind.MACHINE_TOKEN_REVOKED, token.id, before=token)
        await outbox.add(tx, MachineTokenRevoked(machine=token.facts(), by=caller.user_id))


async def use(
    db: Database, text: str, scope: MachineScope, now: datetime, address: Address
) -> tuple[TenantId, MachineToken]:
    """Return whose token this is, if it is good for the scope. Raises MachineTokenInvalid, AddressRefused."""
    secret = _secret(text)
    async with db.transaction(secret.tenant_id) as tx:
        token = check_use(await machine_tokens.presented(tx, secret.hash), scope, now, address)
        await machine_tokens.seen(tx, token.id, now)
    return secret.tenant_id, token


async def exchange(db: Database, text: str, origin: Origin, now: datetime) -> tuple[TenantId, Session, Admission]:
    """Return a session of five minutes of the person that the machine acts for, as the person's policy lets it in.

    Raises MachineTokenInvalid, AddressRefused, AccountNotActive, AccessRefused.
    """
    secret = _secret(text)
    async with db.transaction(secret.tenant_id) as tx:
        await licences.hold(tx)
        token = check_use(await machine_tokens.presented(tx, secret.hash), MachineScope.API, now, origin.address)
        if token.acts_for is None:
            raise MachineTokenInvalid
        person = await users.get(tx, token.acts_for)
        admission = narrowed(await let_in(tx, person, origin.address, now), token.networks, origin.address)
        ends_at = min(now + ACCESS_LIFETIME, token.ends_at, admission.until or token.ends_at)
        session = Session(
            SessionId(ids.uuid7()), person.id, now, ends_at, str(origin.address), origin.user_agent, token.id
        )
        await machine_tokens.open_session(tx, session)
        await admissions.keep(tx, session.id, admission)
        await machine_tokens.seen(tx, token.id, now)
    return secret.tenant_id, session, admission


def _secret(text: str) -> SecretToken:
    """Return what a text presents. Raises MachineTokenInvalid."""
    secret = secret_tokens.parse(text.removeprefix(PREFIX)) if text.startswith(PREFIX) else None
    if secret is None:
        raise MachineTokenInvalid
    return secret
