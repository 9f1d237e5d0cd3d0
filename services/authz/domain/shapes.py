"""One set of grants in the three shapes in which agencies know rights.

A shape is a table of dimensions, each about some keys and some reaches. What the grants of a dimension say is one of
its values, or `individual` where they say something that the shape has no word for: that is shown and kept.
Three laws hold: what is written reads back; writing what was read changes nothing; and a dimension leaves alone
what it is not about.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from services.authz.domain.catalogue import Catalogue
from services.authz.domain.grant import Grant
from services.authz.domain.reach import Reach
from services.contracts.vocabulary import View

INDIVIDUAL: Final = "individual"
NONE: Final = "none"
YES: Final = "yes"
NO: Final = "no"

Cell = tuple[Reach, UUID | None, View]
"""What a grant says beside its key."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """What some keys say at some reaches, or, with `named`, about one person or team only.

    Exactly one value is the empty set: nothing granted.
    """

    keys: tuple[str, ...]
    about: frozenset[Reach]
    values: Mapping[str, frozenset[Cell]]
    named: UUID | None = None

    def covers(self, grant: Grant) -> bool:
        """Say whether the dimension speaks of a grant."""
        return (
            grant.key in self.keys
            and grant.reach in self.about
            and (self.named is None or grant.reach_id == self.named)
        )

    def read(self, grants: Iterable[Grant]) -> str:
        """Return the value that the grants say, or `individual`."""
        covered = [grant for grant in grants if self.covers(grant)]
        if any(grant.expires_at is not None for grant in covered):
            return INDIVIDUAL
        said = {
            frozenset((grant.reach, grant.reach_id, grant.view) for grant in covered if grant.key == key)
            for key in self.keys
        }
        return next((name for name, cells in self.values.items() if said == {cells}), INDIVIDUAL)

    def write(self, grants: Sequence[Grant], value: str) -> list[Grant]:
        """Return the grants when the dimension says this; `individual` keeps what is there."""
        if value == INDIVIDUAL or value == self.read(grants):
            return list(grants)
        kept = [grant for grant in grants if not self.covers(grant)]
        return kept + [
            Grant(key, reach, reach_id, view) for key in self.keys for reach, reach_id, view in self.values[value]
        ]


def dimension(
    catalogue: Catalogue, keys: Iterable[str], about: frozenset[Reach], values: Mapping[str, tuple[Reach, View] | None]
) -> Dimension | None:
    """Return a dimension with what the catalogue has of keys and values; None when it has no such key."""
    present = tuple(key for key in keys if key in catalogue)
    if not present:
        return None

    def offered(cell: tuple[Reach, View] | None) -> bool:
        return cell is None or all(
            cell[0] in catalogue[key].reaches and (catalogue[key].scoped or cell[1] is View.FULL) for key in present
        )

    return Dimension(
        present,
        about,
        {
            name: frozenset() if cell is None else frozenset({(cell[0], None, cell[1])})
            for name, cell in values.items()
            if offered(cell)
        },
    )
