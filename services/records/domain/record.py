"""What every record has, and what its section says about its fields: how far each travels and what changes it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from operator import attrgetter
from typing import ClassVar, Final, TypeVar
from uuid import UUID

from services.chassis.problems import Conflict, Invalid
from services.contracts.access import RecordFacts, RecordRight
from services.contracts.vocabulary import OfficeId, UserId

ARCHIVED: Final = "archived"
"""The status of what is in the archive, in every section that has one."""
EVER: Final = datetime.min.replace(tzinfo=UTC)
"""Since when something is asked for that is asked for since ever: never None, so that it bounds an index's walk."""
_FIXED: Final = frozenset({"id", "number", "created_by", "version", "created_at", "updated_at"})


class NumberTaken(Conflict):
    code = "number_taken"
    title = "Another record of this section has this number."


class UnknownOffice(Invalid):
    code = "unknown_office"
    title = "There is no such office."


class UnknownAssignee(Invalid):
    code = "unknown_assignee"
    title = "There is nobody to whom it could be assigned so."


class UnknownContact(Invalid):
    code = "unknown_contact"
    title = "There is no such contact, or none that you may open."


class Tier(StrEnum):
    """How far a field may travel."""

    PUBLIC = "public"
    BASIC = "basic"
    IDENTITY = "identity"
    PRIVATE_NOTE = "private_note"


OPENED_BY: Final[Mapping[Tier, str]] = {Tier.IDENTITY: "identity.read", Tier.PRIVATE_NOTE: "private_note.read"}
"""Tiers with a permission of their own; the full view opens the others."""


@dataclass(frozen=True, eq=False)
class Section:
    """A section of records as the rules see it (ADR-0017). Its name starts its permission keys."""

    name: str
    tiers: Mapping[Tier, tuple[str, ...]]
    """Every field of a record, in exactly one tier."""
    actions: Mapping[str, str]
    """Fields with a permission of their own, and what follows the section's name in it."""
    bare: Mapping[str, object]
    """What the fields hold that nobody needs a permission for at creation."""
    searched: tuple[str, ...]
    """Fields whose words are searched: public and basic ones only."""
    archived: StrEnum | None = None
    """The status of what is in the archive; None: there is none."""
    restored: StrEnum | None = None
    """The status of what came back from it."""

    def key(self, action: str) -> str:
        """Return the permission key of an action in this section."""
        return f"{self.name}.{action}"

    @cached_property
    def tier_of(self) -> Mapping[str, Tier]:
        """Say in which tier each field is."""
        return {name: tier for tier, names in self.tiers.items() for name in names}

    @cached_property
    def read(self) -> Mapping[Tier, Callable[["Record"], Mapping[str, object]]]:
        """Say how the fields of each tier are read from a record, all at once."""
        return {tier: _reading(names) for tier, names in self.tiers.items()}

    @cached_property
    def opened_by(self) -> Mapping[Tier, str]:
        """Say which permission opens each tier that has one of its own."""
        return {tier: self.key(opens) for tier, opens in OPENED_BY.items() if tier in self.tiers}

    @cached_property
    def changed_by(self) -> Mapping[str, str]:
        """Say which permission changes each field; what is not in it never changes."""
        by_tier = {Tier.IDENTITY: "identity.update", Tier.PRIVATE_NOTE: "private_note.update"}
        return {
            name: self.key(self.actions.get(name, by_tier.get(tier, "update")))
            for name, tier in self.tier_of.items()
            if name not in _FIXED
        }

    def pointer(self, name: str) -> str:
        """Return where a field stands in the document that the API speaks (RFC 6901)."""
        match self.tier_of[name]:
            case Tier.PUBLIC:
                return f"/{name}"
            case Tier.PRIVATE_NOTE:
                return "/private_note/text"
            case tier:
                return f"/{tier}/{name}"


def _reading(names: tuple[str, ...]) -> Callable[["Record"], Mapping[str, object]]:
    if len(names) == 1:
        return lambda record: {names[0]: getattr(record, names[0])}
    values = attrgetter(*names)
    return lambda record: dict(zip(names, values(record), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a record of any section has. `number` is what people call it by, unique in its section."""

    section: ClassVar[Section]

    id: UUID
    number: str
    office_id: OfficeId
    assignee_id: UserId
    created_by: UserId
    is_private: bool = False
    version: int = 1
    created_at: datetime
    updated_at: datetime
    rights: tuple[RecordRight, ...] = field(default=(), compare=False)
    """The record rights that count for whoever asked."""

    def of_section(self) -> Section:
        """Return the section that it is of."""
        return self.section

    def facts(self) -> RecordFacts:
        """Return what the rule of access must know of the record."""
        return RecordFacts(
            self.office_id, self.assignee_id, self.created_by, self.is_private, self.section.name, self.rights
        )

    def values(self, tier: Tier) -> Mapping[str, object]:
        """Return the fields of a tier."""
        return self.section.read[tier](self)

    def check(self) -> None:
        """Refuse fields that do not agree with each other. Raises Invalid."""


R = TypeVar("R", bound=Record)


def changed(record: R, changes: Mapping[str, object], now: datetime) -> R:
    """Return the record with these fields changed, one version on. Raises Invalid for fields that do not agree."""
    after = replace(record, **changes, version=record.version + 1, updated_at=now)
    after.check()
    return after


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What a list of any section may be asked for; None asks for nothing.

    The assignee is no public field: a record that is seen in the public view never matches one.
    """

    office_id: UUID | None = None
    assignee_id: UUID | None = None
    words: tuple[str, ...] = ()
    """Beginnings of folded words, all of which must occur in what the caller sees."""

    @property
    def archive(self) -> Sequence[bool]:
        """Say where it looks: outside the archive (False), in it (True), or both."""
        return (False,)


S = TypeVar("S", bound=StrEnum)


def outside_archive(kind: type[S]) -> tuple[S, ...]:
    """Return the statuses of what is not in the archive: those of a list that is asked for none."""
    return tuple(status for status in kind if status.value != ARCHIVED)


def archive_of(statuses: Sequence[StrEnum] | None) -> Sequence[bool]:
    """Return where records of these statuses are: outside the archive, in it, or both; None stands for all."""
    return (False, True) if statuses is None else sorted({status.value == ARCHIVED for status in statuses})


class Burial(StrEnum):
    """Why a record was deleted."""

    DELETED = "deleted"
    OBJECTION = "objection"


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is left of a deleted record besides its number."""

    cause: Burial
    ground: str | None
    by: UserId
    at: datetime


@dataclass(frozen=True, slots=True)
class Buried:
    """A record that was deleted: what it was called, and what the rule of access must know of it."""

    record_id: UUID
    number: str
    facts: RecordFacts
    tombstone: Tombstone
