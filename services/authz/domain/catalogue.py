"""The permission catalogue: which keys there are and what a grant of each may say (ADR-0005)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.authz.domain.reach import Reach
from services.authz.domain.switch import Switch
from services.contracts.vocabulary import RecordClass


@dataclass(frozen=True, slots=True)
class Permission:
    """One key. `offered` are IMO's numbers by IMO's scope; names and descriptions are by language.

    `module` names the module without which a key can be granted, but opens nothing; None: part of the core.
    """

    key: str
    section: str
    record_class: RecordClass
    reaches: tuple[Reach, ...]
    switch: Switch | None
    offered: Mapping[str, int]
    name: Mapping[str, str]
    description: Mapping[str, str]
    module: str | None = None

    @property
    def scoped(self) -> bool:
        """Say whether a grant of it has a choice of reaches."""
        return self.reaches != (Reach.ALL,)


Catalogue = Mapping[str, Permission]
"""Permissions by key, in the order of the file."""


def record_classes(catalogue: Catalogue, keys: Iterable[str]) -> Mapping[str, RecordClass]:
    """Return the class of each key about which record rights speak."""
    classes = {key: catalogue[key].record_class for key in keys if key in catalogue}
    return {key: each for key, each in classes.items() if each is not RecordClass.NONE}
