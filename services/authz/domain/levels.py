"""onOffice's selectors: per category and right a level (ON-5), and behind the padlock extended rights (ON-11..14)."""

from collections.abc import Iterable, Mapping
from typing import Final

from services.authz.domain.catalogue import Catalogue
from services.authz.domain.grant import Grant, Named
from services.authz.domain.reach import Reach
from services.authz.domain.shapes import NO, NONE, YES, Dimension, dimension
from services.contracts.vocabulary import View

EXTENDED: Final = frozenset({Reach.USER, Reach.TEAM})
_BASE: Final = frozenset(Reach) - EXTENDED
_LEVELS: Final[Mapping[str, tuple[Reach, View] | None]] = {
    NONE: None,
    "own": (Reach.OWN, View.FULL),
    "office": (Reach.PRINCIPAL, View.FULL),
    "region": (Reach.REGION, View.FULL),
    "all": (Reach.ALL, View.FULL),
}
_RIGHTS: Final[Mapping[str, tuple[str, ...]]] = {"read": ("list", "read"), "write": ("update",), "delete": ("delete",)}


def offered(*, offices: int, regions: int) -> list[str]:
    """Return the levels that there are in an agency (ON-6): of the office and of the region only where these differ."""
    left_out = {name for name, count in (("office", offices - 1), ("region", regions)) if count < 1}
    return [name for name in _LEVELS if name not in left_out]


def levels(catalogue: Catalogue) -> Mapping[str, Mapping[str, Dimension]]:
    """Return the selectors of each category: of read, write and delete, and of every other key under its own name."""
    found = dict[str, dict[str, Dimension]]()
    for permission in catalogue.values():
        action = permission.key.removeprefix(f"{permission.section}.")
        right = next((name for name, actions in _RIGHTS.items() if action in actions), action)
        keys = [f"{permission.section}.{each}" for each in _RIGHTS.get(right, (action,))]
        made = dimension(catalogue, keys, _BASE, _LEVELS)
        if made is not None:
            found.setdefault(permission.section, {})[right] = made
    return found


def extended(catalogue: Catalogue, section: str, named: Named) -> Mapping[str, Dimension]:
    """Return what a category's pop-up says of one person or team: read and write (ON-12)."""
    keys = {
        right: tuple(
            key
            for action in _RIGHTS[right]
            if (key := f"{section}.{action}") in catalogue and named.reach in catalogue[key].reaches
        )
        for right in ("read", "write")
    }
    yes = frozenset({(named.reach, named.id, View.FULL)})
    return {
        right: Dimension(present, frozenset({named.reach}), {NO: frozenset(), YES: yes}, named.id)
        for right, present in keys.items()
        if present
    }


def named_in_section(grants: Iterable[Grant], section: str) -> list[Named]:
    """Return the people and teams that grants of a category name, in a lasting order."""
    named = {
        Named(grant.reach, grant.reach_id)
        for grant in grants
        if grant.reach_id is not None and grant.reach in EXTENDED and grant.key.startswith(f"{section}.")
    }
    return sorted(named, key=lambda each: (each.reach, each.id))
