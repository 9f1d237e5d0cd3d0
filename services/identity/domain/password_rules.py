"""What an agency asks of passwords: profiles, and which published standards each of them fails, and why.

The manual's rule (MG-26) and the standards contradict each other: it demands kinds of characters, which OWASP ASVS
5.0 (6.2.5) and NIST SP 800-63B-4 (3.1.1.2) forbid to demand. So an agency chooses, and is told what it chose.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LONGEST: Final = 256
"""Of a password in NFC, as it is hashed."""
MOST_DECOMPOSED: Final = 4
"""How many characters one in NFC may have been typed as (Unicode Standard Annex 15, section 9.2)."""
MOST_REMEMBERED: Final = 24


class Profile(StrEnum):
    CLASSIC = "classic"
    NIST = "nist"
    ASVS_L2 = "asvs-l2"
    CUSTOM = "custom"


class Kind(StrEnum):
    """A kind of character that a password may have to hold."""

    LOWER = "lower"
    UPPER = "upper"
    DIGIT = "digit"


class OwnData(StrEnum):
    """Where one's own name, code, user id and mailbox may not stand."""

    ANYWHERE = "anywhere"
    AS_A_WHOLE = "as_a_whole"
    """The password, letters alone, may not be one of them."""


@dataclass(frozen=True, slots=True)
class PasswordRules:
    """What is asked beside the rules that no profile can switch off: not common, at most 256 characters."""

    shortest: int
    kinds: frozenset[Kind]
    own_data: OwnData
    remembered: int
    """How many passwords, the present one included, may not come again."""


PROFILES: Final[Mapping[Profile, PasswordRules]] = {
    Profile.CLASSIC: PasswordRules(8, frozenset(Kind), OwnData.ANYWHERE, 5),
    Profile.NIST: PasswordRules(15, frozenset(), OwnData.AS_A_WHOLE, 0),
    Profile.ASVS_L2: PasswordRules(15, frozenset(), OwnData.ANYWHERE, 1),
}
"""asvs-l2 asks for the length that the standard recommends, not only for the eight characters that it demands."""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """One requirement of a standard that the rules do not meet."""

    requirement: str
    why: str


def shortfalls(rules: PasswordRules, *, second_factor: bool) -> Mapping[str, Sequence[Shortfall]]:
    """Return by standard what the rules fail; nothing where they meet it. `second_factor`: everybody must have one."""
    kinds = ", ".join(sorted(rules.kinds))
    demands = f"Demands kinds of characters ({kinds}), which makes passwords easier to foresee."
    alone = 8 if second_factor else 15
    checks = {
        "miogest": (
            ("MG-26", rules.shortest < 8, "Accepts fewer than 8 characters."),  # noqa: PLR2004 the manual's number
            (
                "MG-26",
                rules.kinds != frozenset(Kind),
                "Does not demand a lower-case letter, an upper-case letter and a digit.",
            ),
            (
                "MG-26",
                rules.own_data is not OwnData.ANYWHERE,
                "Accepts references to one's own data inside a password.",
            ),
        ),
        "asvs-5.0-l1": (
            ("6.2.1", rules.shortest < 8, "Accepts fewer than 8 characters."),  # noqa: PLR2004 the standard's number
            ("6.2.5", bool(rules.kinds), demands),
        ),
        "nist-800-63b-4": (
            ("3.1.1.2", rules.shortest < alone, f"Accepts fewer than {alone} characters."),
            ("3.1.1.2", bool(rules.kinds), demands),
            ("3.1.1.2", rules.own_data is OwnData.ANYWHERE, "Compares parts of a password with a list, not the whole."),
        ),
    }
    failed = {
        standard: [Shortfall(requirement, why) for requirement, fails, why in requirements if fails]
        for standard, requirements in checks.items()
    }
    beyond = (
        []
        if second_factor
        else [Shortfall("6.3.3", "Lets people sign in with a password alone; require a second factor.")]
    )
    return {**failed, "asvs-5.0-l2": [*failed["asvs-5.0-l1"], *beyond]}
