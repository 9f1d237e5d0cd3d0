"""What can be blocked for one person, whatever was granted to him (MG-18..23)."""

from collections.abc import Collection
from enum import StrEnum
from typing import Final


class Switch(StrEnum):
    """A kind of action, or, for `site`, being shown on the agency's web site, which cuts no permission."""

    PRINT = "print"
    EMAIL = "email"
    PORTALS = "portals"
    PRIVATE_CARDS = "private_cards"
    PRIVATE_NOTES = "private_notes"
    SITE = "site"


_ENDINGS: Final = (
    (".private.create", Switch.PRIVATE_CARDS),
    (".private_note.update", Switch.PRIVATE_NOTES),
    (".publish", Switch.PORTALS),
    (".print", Switch.PRINT),
    (".email", Switch.EMAIL),
)


def switch_of(key: str) -> Switch | None:
    """Return the switch that cuts a permission, or None. The catalogue says the same of each key that it has."""
    return next((switch for ending, switch in _ENDINGS if key.endswith(ending)), None)


def is_cut(key: str, blocked: Collection[Switch]) -> bool:
    """Say whether a permission counts for nothing for a person for whom these are blocked."""
    switch = switch_of(key)
    return switch is not None and switch in blocked
