"""miogest's boxes: one per section, with seven dimensions (MG-32..53), over the grants of one holder."""

from collections.abc import Mapping
from typing import Final

from services.authz.domain.catalogue import Catalogue
from services.authz.domain.reach import Reach
from services.authz.domain.shapes import NO, NONE, YES, Dimension, dimension
from services.contracts.vocabulary import View

_ANY: Final = frozenset(Reach)
_SECONDARY: Final = frozenset({Reach.SECONDARY})
_SWITCH: Final[Mapping[str, tuple[Reach, View] | None]] = {NO: None, YES: (Reach.ALL, View.FULL)}
_WIDTH: Final[Mapping[str, tuple[Reach, View] | None]] = {
    NONE: None,
    "own": (Reach.OWN, View.FULL),
    "principal": (Reach.PRINCIPAL, View.FULL),
    "all": (Reach.ALL, View.FULL),
}
_TABLE: Final[Mapping[str, tuple[tuple[str, ...], frozenset[Reach], Mapping[str, tuple[Reach, View] | None]]]] = {
    "principal": (
        ("list", "read"),
        _ANY - _SECONDARY,
        {
            NONE: None,
            "own": (Reach.OWN, View.FULL),
            "office": (Reach.PRINCIPAL, View.FULL),
            "office_public": (Reach.PRINCIPAL, View.PUBLIC),
        },
    ),
    "secondary": (
        ("list", "read"),
        _SECONDARY,
        {NONE: None, "office": (Reach.SECONDARY, View.FULL), "office_public": (Reach.SECONDARY, View.PUBLIC)},
    ),
    "create": (("create",), _ANY, _SWITCH),
    "edit": (("update",), _ANY, _WIDTH),
    "delete": (("delete",), _ANY, _WIDTH),
    "export": (("export",), _ANY, _SWITCH),
    "print": (("print",), _ANY, _SWITCH),
}
"""By dimension: actions, reaches that it is about, values. Export and print act on what may be read (MG-60)."""


def boxes(catalogue: Catalogue) -> Mapping[str, Mapping[str, Dimension]]:
    """Return the dimensions of each section's box; a section that may not be read has none."""
    found = dict[str, Mapping[str, Dimension]]()
    for section in dict.fromkeys(permission.section for permission in catalogue.values()):
        if f"{section}.read" not in catalogue:
            continue
        made = {
            name: dimension(catalogue, (f"{section}.{action}" for action in actions), about, values)
            for name, (actions, about, values) in _TABLE.items()
        }
        found[section] = {name: each for name, each in made.items() if each is not None}
    return found
