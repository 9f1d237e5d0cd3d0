"""Support's looking is consented to, begun, renewed and ended (ADR-0015)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.chassis import ids, outbox
from services.chassis.database import Database
from services.chassis.idempotency import IdempotencyKey, earlier
from services.chassis.problems import NotFound
from services.contracts.identity_events import ImpersonationBegun
from services.contracts.vocabulary import SessionId, TenantId, UserId
from services.identity.domain.access_policy import Admission
from services.identity.domain.audit import AuditKind
from services.identity.domain.session import Session, admit
from services.identity.domain.support_access import (
    Consent,
    Impersonation,
    ImpersonationOver,
    NoConsent,
    check_consent,
)
from services.identity.operations.audit import note
from services.identity.operations.sessions import Origin
from services.identity.operations.users import end_sessions
from services.identity.store import admissions, licences, support_access, users


@dataclass(frozen=True, slots=True)
class Look:
    """As whom support wants to look, who of it, why, and for how long. Whether he is an administrator, authz said."""

    user_id: UserId
    administrator: bool
    actor: str
    reason: str
    lasts: timedelta


async def give_consent(db: Database, tenant_id: TenantId, consent: Consent, key: IdempotencyKey | None) -> Consent:
    """Let support look until the consent ends; return it, or an earlier request's. Raises ConsentEndRefused."""
    check_consent(consent)
    async with db.transaction(tenant_id) as tx:
        made = await earlier(tx, key, consent.id, consent.given_at)
        if made is not None:
            return await support_access.consent(tx, made) or consent
        await support_access.add_consent(tx, consent)
        given = {"ends_at": consent.ends_at, "administrators": consent.administrators}
        await note(tx, AuditKind.SUPPORT_CONSENT_GIVEN, consent.id, None, given)
    return consent


async def revoke_consent(db: Database, tenant_id: TenantId, consent_id: UUID, now: datetime) -> None:
    """Take a consent back, and end at once whatever it carries; once is enough. Raises NotFound."""
    async with db.transaction(tenant_id) as tx:
        if not await support_access.revoke(tx, consent_id, now):
            if await support_access.consent(tx, consent_id) is None:
                raise NotFound
            return
        for user_id, session_id in await support_access.sessions_under(tx, consent_id, now):
            await end_sessions(tx, user_id, now, session_id)
        await note(tx, AuditKind.SUPPORT_CONSENT_REVOKED, consent_id)


async def begin(
    db: Database, tenant_id: TenantId, look: Look, origin: Origin, now: datetime
) -> tuple[Impersonation, Session]:
    """Return a session in which support sees what a person sees; hours and addresses do not bind it, its end does.

    Raises NotFound, NoConsent, AccountNotActive.
    """
    async with db.transaction(tenant_id) as tx:
        await licences.hold(tx)
        consent = await support_access.running_consent(tx, now, administrators=look.administrator)
        if consent is None:
            raise NoConsent
        user = await users.get(tx, look.user_id)
        admit(user.state)
        ends_at = min(now + look.lasts, consent.ends_at, user.ends_at or consent.ends_at)
        if ends_at <= now:
            raise NoConsent
        session = Session(
            SessionId(ids.uuid7()), user.id, now, ends_at, str(origin.address), origin.user_agent, None, look.actor
        )
        begun = Impersonation(ids.uuid7(), consent.id, user.id, session.id, look.actor, look.reason, now, ends_at)
        await support_access.begin(tx, begun, session)
        await admissions.keep(tx, session.id, Admission((), ends_at))
        told = {"actor": look.actor, "reason": look.reason, "ends_at": ends_at}
        await note(tx, AuditKind.USER_IMPERSONATED, user.id, None, told)
        event = ImpersonationBegun(
            user=user.facts(), session_id=session.id, actor=look.actor, reason=look.reason, ends_at=ends_at
        )
        await outbox.add(tx, event)
    return begun, session


async def running(db: Database, tenant_id: TenantId, impersonation_id: UUID, now: datetime) -> Session:
    """Return the session of an impersonation that goes on. Raises ImpersonationOver."""
    async with db.single_read(tenant_id) as tx:
        found = await support_access.running(tx, impersonation_id, now)
    if found is None:
        raise ImpersonationOver
    return found[1]


async def check_still_covered(
    db: Database, tenant_id: TenantId, impersonation_id: UUID, now: datetime, *, administrator: bool
) -> None:
    """End an impersonation of who has become an administrator, unless its consent covers that. Raises NoConsent."""
    async with db.transaction(tenant_id) as tx:
        found = await support_access.running(tx, impersonation_id, now)
        consent = await support_access.consent(tx, found[0].consent_id) if found else None
        covered = consent is not None and (consent.administrators or not administrator)
        if found is not None and not covered:
            await end_sessions(tx, found[1].user_id, now, found[1].id)
    if not covered:
        raise NoConsent


async def end(db: Database, tenant_id: TenantId, impersonation_id: UUID, now: datetime) -> None:
    """End an impersonation at once; once is enough."""
    async with db.transaction(tenant_id) as tx:
        found = await support_access.running(tx, impersonation_id, now)
        if found is not None:
            await end_sessions(tx, found[1].user_id, now, found[1].id)
