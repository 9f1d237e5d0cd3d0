"""What stands between the right password and a session, where a second factor is used or demanded."""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.chassis.problems import Conflict, Unauthenticated

CHALLENGE_LIFETIME: Final = timedelta(minutes=5)
RECOVERY_CODES: Final = 10
RECOVERY_BYTES: Final = 15
"""120 bits: more than the 112 below which a code would have to be hashed like a password (ASVS 5.0, 6.5.2)."""
_GROUP: Final = 6


class ChallengeOver(Unauthenticated):
    code = "challenge_over"
    title = "The sign-in took too long or was finished; begin again."


class WrongCode(Unauthenticated):
    code = "wrong_code"
    title = "This code is not valid, or was used before."


class NothingToConfirm(Conflict):
    code = "nothing_to_confirm"
    title = "No authenticator app waits to be confirmed."


class AlreadyConfirmed(Conflict):
    code = "authenticator_in_use"
    title = "An authenticator app is in use already; remove it first."


class SecondFactorInUse(Conflict):
    code = "second_factor_in_use"
    title = "A second factor is in use already; sign in with it."


class SecondFactorDemanded(Conflict):
    code = "second_factor_demanded"
    title = "The agency demands a second factor."


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """Whether a person has confirmed an authenticator app or has passkeys, and whether he must have one of them."""

    confirmed: bool
    passkey: bool
    demanded: bool

    @property
    def in_use(self) -> bool:
        """Say whether there is one."""
        return self.confirmed or self.passkey

    @property
    def asked_for(self) -> bool:
        """Say whether the password alone opens no session."""
        return self.in_use or self.demanded


@dataclass(frozen=True, slots=True)
class Authenticator:
    """An authenticator app, its secret sealed."""

    secret: bytes
    confirmed_at: datetime | None
    last_step: int


def recovery_code(raw: bytes) -> str:
    """Return a recovery code as it is written down."""
    text = base64.b32encode(raw).decode().lower()
    return "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))


def bare(code: str) -> str:
    """Return a code without what people add to it when they copy it."""
    return "".join(letter for letter in code.lower() if letter.isascii() and letter.isalnum())
