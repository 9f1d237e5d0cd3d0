"""Support looks at an agency as one of its people sees it: with consent, for a while, for a reason (ADR-0015)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.chassis.problems import Conflict, FieldError, Invalid
from services.contracts.vocabulary import SessionId, UserId

LONGEST_CONSENT: Final = timedelta(days=7)
LONGEST_LOOK: Final = timedelta(hours=1)


class NoConsent(Conflict):
    code = "no_consent"
    title = "The agency has not consented to this, or no longer."


class ImpersonationOver(Conflict):
    code = "impersonation_over"
    title = "This impersonation has ended."


class ConsentEndRefused(Invalid):
    code = "consent_end_refused"
    title = "A consent must end at another time."


@dataclass(frozen=True, slots=True)
class Consent:
    """What an administrator allows support; `administrators` says whether it may look as one of those."""

    id: UUID
    given_by: UserId
    given_at: datetime
    ends_at: datetime
    administrators: bool
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Impersonation:
    """One time that support looked as somebody does."""

    id: UUID
    consent_id: UUID
    user_id: UserId
    session_id: SessionId
    actor: str
    reason: str
    begun_at: datetime
    ends_at: datetime


def check_consent(consent: Consent) -> None:
    """Refuse a consent without a near end. Raises ConsentEndRefused."""
    if not timedelta(0) < consent.ends_at - consent.given_at <= LONGEST_CONSENT:
        wrong = FieldError("/ends_at", "end_refused", f"In the future, within {LONGEST_CONSENT.days} days.")
        raise ConsentEndRefused(errors=[wrong])
