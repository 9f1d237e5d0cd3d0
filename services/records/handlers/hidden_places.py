"""Where a page begins in a list of which the caller may not see everything."""

import re
from dataclasses import dataclass
from typing import Final

from services.chassis.cursor import Cursor, parse
from services.chassis.problems import FieldError, Invalid

READ_AT_MOST: Final = 5
"""How often one answer reads on: one that finds little ends early and says where to go on."""
_HIDDEN: Final = re.compile("[0-9]{0,10}")


@dataclass(frozen=True, slots=True)
class Begin:
    """Something that was shown, and how many hidden ones behind it were passed: no cursor names what is hidden."""

    shown: Cursor
    hidden: int = 0

    def __str__(self) -> str:
        return f"{self.shown}.{self.hidden}" if self.hidden else str(self.shown)

    def passing(self) -> "Begin":
        """Return it with one more hidden one passed."""
        return Begin(self.shown, self.hidden + 1)


def begin_of(cursor: str, first: Cursor) -> Begin:
    """Return where a page begins, by default at the first place. Raises Invalid for a cursor of no such list."""
    if not cursor:
        return Begin(first)
    place, _, hidden = cursor.partition(".")
    try:
        shown = parse(place)
    except ValueError:
        shown = None
    if shown is None or not _HIDDEN.fullmatch(hidden):
        raise Invalid(errors=[FieldError("/cursor", "cursor", "This list gave no such cursor.")])
    return Begin(shown, int(hidden or 0))
