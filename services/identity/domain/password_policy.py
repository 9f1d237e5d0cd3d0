"""Which passwords may be set (MG-26, MG-67)."""

import unicodedata
from collections.abc import Sequence
from typing import Final

from services.chassis.problems import FieldError, Invalid
from services.identity.domain.user import User

SHORTEST: Final = 8
LONGEST: Final = 256
SHORTEST_REFERENCE: Final = 3
"""Shorter names and codes are refused only as the whole password: "Li" stands in too many words."""


class PasswordRefused(Invalid):
    code = "password_refused"
    title = "The password does not meet the rules."


def normalised(password: str) -> str:
    """Return the form in which a password is hashed: what looks the same is the same (NFC)."""
    return unicodedata.normalize("NFC", password)


def check(password: str, user: User) -> None:
    """Refuse a password that breaks a rule. Raises PasswordRefused naming every rule that it breaks."""
    text = normalised(password)
    rules = (
        ("too_short", len(text) >= SHORTEST, f"At least {SHORTEST} characters."),
        ("too_long", len(text) <= LONGEST, f"At most {LONGEST} characters."),
        ("no_lower_case", any(letter.islower() for letter in text), "At least one lower-case letter."),
        ("no_upper_case", any(letter.isupper() for letter in text), "At least one upper-case letter."),
        ("no_digit", any(letter.isdigit() for letter in text), "At least one digit."),
        ("own_data", not _refers_to(text, user), "No reference to your name, code, user id or e-mail address."),
    )
    broken = [FieldError("/password", code, detail) for code, kept, detail in rules if not kept]
    if broken:
        raise PasswordRefused(errors=broken)


def _refers_to(password: str, user: User) -> bool:
    folded = _folded(password)
    return any(
        folded == reference or (len(reference) >= SHORTEST_REFERENCE and reference in folded)
        for reference in map(_folded, _references(user))
        if reference
    )


def _references(user: User) -> Sequence[str]:
    mailbox = user.email.partition("@")[0]
    words = (user.userid, user.code, user.given_name, user.family_name, mailbox)
    parts = [part for word in words for part in word.replace("-", " ").replace(".", " ").replace("_", " ").split()]
    return [*words, *parts]


def _folded(text: str) -> str:
    """Return the text without case and accents, so that "Jose" does not hide "José"."""
    return "".join(
        letter for letter in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(letter)
    )
