"""To whom a permission can be granted."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class HolderKind(StrEnum):
    """A person holds his own grants, those of the one template he is linked to, and those of all his groups."""

    GROUP = "group"
    TEMPLATE = "template"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Holder:
    """What a grant was given to, by the name that an explanation gives it."""

    kind: HolderKind
    id: UUID
    name: str = ""
