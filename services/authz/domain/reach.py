"""Whose records a grant names."""

from enum import StrEnum
from typing import Final


class Reach(StrEnum):
    """From everybody's records to single people's, in the order of the catalogue."""

    ALL = "all"
    REGION = "region"
    PRINCIPAL = "principal"
    SECONDARY = "secondary"
    OFFICE = "office"
    OWN = "own"
    USER = "user"
    TEAM = "team"


NAMING: Final = frozenset({Reach.OFFICE, Reach.USER, Reach.TEAM})
"""Reaches that need the id of what they name."""

PERSONAL: Final = frozenset({Reach.OWN, Reach.USER, Reach.TEAM})
"""Reaches of people, not offices: always in full view."""
