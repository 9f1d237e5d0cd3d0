"""Passkeys (WebAuthn): as a second factor beside the password, or as a whole sign-in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.chassis.problems import Conflict, Invalid, Unauthenticated
from services.contracts.vocabulary import UserId

CEREMONY_LIFETIME: Final = timedelta(minutes=5)
MOST_PASSKEYS: Final = 20


class WrongPasskey(Unauthenticated):
    """One answer for a passkey that is unknown, somebody else's, wrongly signed, or a copy."""

    code = "wrong_passkey"
    title = "This passkey does not let you in."


class CopiedPasskey(WrongPasskey):
    """Told like any wrong passkey, but written down as what it is."""


class PasskeyRefused(Invalid):
    code = "passkey_refused"
    title = "This is not the answer of an authenticator to what it was asked."


class PasskeyKnown(Conflict):
    code = "passkey_known"
    title = "This passkey is registered already."


class TooManyPasskeys(Conflict):
    code = "too_many_passkeys"
    title = f"A person has {MOST_PASSKEYS} passkeys at most; remove one first."


class Purpose(StrEnum):
    """What a challenge was given for; it is good for nothing else."""

    REGISTRATION = "registration"
    ENROLMENT = "enrolment"
    SECOND_STEP = "second_step"
    SIGN_IN = "sign_in"


@dataclass(frozen=True, slots=True)
class Passkey:
    id: UUID
    user_id: UserId
    name: str
    credential_id: bytes
    public_key: bytes
    sign_count: int
    created_at: datetime
    used_at: datetime | None
    version: int


def check_count(kept: int, given: int) -> None:
    """Refuse a counter that does not go on: the authenticator was copied (WebAuthn, 6.1.1).

    Those that keep no count always say 0. Raises CopiedPasskey.
    """
    if (kept > 0 or given > 0) and given <= kept:
        raise CopiedPasskey
