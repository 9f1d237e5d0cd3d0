"""IMO's categories: numbered permissions that a holder has or has not, one by one or all of a category (IMO-B6, B8)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.authz.domain.catalogue import Catalogue
from services.authz.domain.grant import Grant
from services.authz.domain.reach import Reach

_REACH: Final[Mapping[str, Reach]] = {
    "all": Reach.ALL,
    "others": Reach.ALL,
    "branch": Reach.PRINCIPAL,
    "own": Reach.OWN,
}
_RANGES: Final[Mapping[str, range]] = {
    "listings": range(1, 34),
    "inquiries": range(34, 54),
    "other": range(54, 56),
    "links": range(56, 59),
    "dictionaries_and_locations": range(59, 68),
    "administrative": range(68, 83),
    "statistics": range(83, 86),
    "imports": range(86, 90),
    "own_listings": range(90, 110),
    "own_inquiries": range(110, 125),
    "calendar": range(125, 129),
    "documents": range(129, 133),
    "branch_listings": range(133, 160),
    "branch_inquiries": range(160, 178),
    "branch_administrative": range(178, 180),
    "branch_links": range(180, 183),
}


@dataclass(frozen=True, slots=True)
class Category:
    """A category with the grant that each of its numbers stands for."""

    name: str
    grants: Mapping[int, Grant]

    @property
    def of_branches(self) -> bool:
        """Say whether it is shown only where there is more than one office (IMO-B8)."""
        return self.name.startswith("branch_")


def categories(catalogue: Catalogue) -> Sequence[Category]:
    """Return the categories in IMO's order."""
    by_number = {
        number: Grant(permission.key, _REACH[scope])
        for permission in catalogue.values()
        for scope, number in permission.offered.items()
    }
    return [Category(name, {number: by_number[number] for number in numbers}) for name, numbers in _RANGES.items()]


def toggled(grants: Sequence[Grant], on: Iterable[Grant], off: Iterable[Grant]) -> list[Grant]:
    """Return the grants with some switched on and some off; one that ends on a day is switched on to last."""
    added = list(on)
    changed = {grant.identity for grant in (*added, *off)}
    return [grant for grant in grants if grant.identity not in changed] + added
