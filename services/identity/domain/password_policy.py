"""Which passwords may be set (MG-26, MG-67)."""

import re
import unicodedata
from collections.abc import Container, Iterable
from typing import Final

from services.chassis.problems import FieldError, Invalid
from services.identity.domain.password_rules import LONGEST, Kind, OwnData, PasswordRules
from services.identity.domain.user import User

SHORTEST_REFERENCE: Final = 3
"""Shorter names and codes are refused only as the whole password: "Li" stands in too many words."""
_SPOKEN: Final = str.maketrans("0134578@$!", "oieastbasi")
"""Digits and signs that are written for letters, as in "R0ss1"."""
_PLAIN: Final = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "\u0131": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
"""Letters that Unicode takes for others than those they are written as where a keyboard lacks them."""


class PasswordRefused(Invalid):
    code = "password_refused"
    title = "The password does not meet the rules."


def normalised(password: str) -> str:
    """Return the form in which a password is hashed: what looks the same is the same (NFC)."""
    return unicodedata.normalize("NFC", password)


def check(password: str, user: User, rules: PasswordRules, common: Container[str]) -> None:
    """Refuse a password that breaks a rule. Raises PasswordRefused naming every rule that it breaks.

    `common` holds common passwords in NFC and case-folded.
    """
    text = normalised(password)
    kept = (
        ("too_short", len(text) >= rules.shortest, f"At least {rules.shortest} characters."),
        ("too_long", len(text) <= LONGEST, f"At most {LONGEST} characters."),
        ("no_lower_case", _has(text, Kind.LOWER, rules), "At least one lower-case letter."),
        ("no_upper_case", _has(text, Kind.UPPER, rules), "At least one upper-case letter."),
        ("no_digit", _has(text, Kind.DIGIT, rules), "At least one digit."),
        ("common", text.casefold() not in common, "Not one of the passwords that everybody tries first."),
        ("own_data", not _refers_to(text, user, rules), "No reference to your name, code, user id or e-mail address."),
    )
    refuse_if(FieldError("/password", code, detail) for code, well, detail in kept if not well)


def refuse_if(broken: Iterable[FieldError]) -> None:
    """Refuse a password for the rules that it breaks, if any. Raises PasswordRefused."""
    errors = list(broken)
    if errors:
        raise PasswordRefused(errors=errors)


REUSED: Final = FieldError("/password", "reused", "Not a password that you have had lately.")


def _has(text: str, kind: Kind, rules: PasswordRules) -> bool:
    match kind:
        case _ if kind not in rules.kinds:
            return True
        case Kind.LOWER:
            return any(letter.islower() for letter in text)
        case Kind.UPPER:
            return any(letter.isupper() for letter in text)
        case Kind.DIGIT:
            return any(letter.isdigit() for letter in text)


def _refers_to(password: str, user: User, rules: PasswordRules) -> bool:
    folded = _folded(password)
    references = _references(user)
    if rules.own_data is OwnData.AS_A_WHOLE:
        return folded in references or _letters(folded) in {_letters(reference) for reference in references} - {""}
    disguises = (folded, folded[::-1], folded.translate(_SPOKEN), folded.translate(_SPOKEN)[::-1])
    return any(
        folded == reference
        or (len(reference) >= SHORTEST_REFERENCE and any(reference in disguise for disguise in disguises))
        for reference in references
    )


def _letters(text: str) -> str:
    return "".join(letter for letter in text if letter.isalpha())


def _references(user: User) -> frozenset[str]:
    """Return what is told of a person, folded: whole, without what stands between its words, and word by word."""
    mailbox = user.email.partition("@")[0]
    names = (user.given_name, user.family_name, user.display_name, f"{user.family_name} {user.given_name}")
    told = [_folded(text) for text in (user.userid, user.code, *names, mailbox)]
    words = [word for text in told for pattern in (r"[^\W_]+", r"[^\W\d_]+") for word in re.findall(pattern, text)]
    joined = [re.sub(r"[\W_]", "", text) for text in told]
    return frozenset({*told, *words, *joined} - {""})


def _folded(text: str) -> str:
    """Return the text without case and accents, so that "Jose" does not hide "José", nor "Michal" "Michał"."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).translate(_PLAIN)
