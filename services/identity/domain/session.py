"""Signing in, and what a session is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.chassis.problems import Forbidden, Invalid, Unauthenticated
from services.contracts.tokens import LIFETIME_SECONDS
from services.contracts.vocabulary import SessionId, UserId, UserState


class WrongCredentials(Unauthenticated):
    """One answer for every wrong combination of the three codes (MG-24)."""

    code = "wrong_credentials"
    title = "Licence code, user id and password do not belong together."


class WrongPassword(Invalid):
    """Told to somebody who is signed in and names the present password to change it."""

    code = "wrong_password"
    title = "This is not your present password."


class AccountNotActive(Forbidden):
    """Told only to who knows the password."""

    code = "account_not_active"
    title = "This account may not sign in."


class SessionOver(Unauthenticated):
    code = "session_over"
    title = "The session is over; sign in again."


@dataclass(frozen=True, slots=True)
class Session:
    id: SessionId
    user_id: UserId
    created_at: datetime
    expires_at: datetime
    address: str
    """Where it was opened from, IPv4 or IPv6."""
    user_agent: str
    """What the client called itself, unchecked."""
    machine_token_id: UUID | None = None
    """Which machine's exchange opened it; None for a person who signed in."""
    actor: str | None = None
    """Who of the vendor's support opened it to look as the person does; None for everybody else."""


ACCESS_LIFETIME: Final = timedelta(seconds=LIFETIME_SECONDS)
UNAWARE: Final = timedelta(seconds=5)
"""How long after a change has begun a token may still be issued by who does not know of it."""
GRACE: Final = timedelta(seconds=30)
"""For how long a used refresh token still gives its successor: tabs refresh at once, and answers get lost."""


def is_replay(used_at: datetime | None, now: datetime) -> bool:
    """Say whether a refresh token is used by somebody who cannot have missed that it was used before."""
    return used_at is not None and now - used_at >= GRACE


def admit(state: UserState) -> None:
    """Refuse whoever is not active (MG-61). Raises AccountNotActive."""
    if state is not UserState.ACTIVE:
        raise AccountNotActive(f"This account is {state}.")


def access_expiry(session: Session, now: datetime) -> datetime:
    """Return when an access token issued now expires: in five minutes, and never after the session."""
    return min(now + ACCESS_LIFETIME, session.expires_at)
