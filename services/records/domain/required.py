"""What must be filled in before a record is taken on, offered or archived, as the agency chose (IMO-77).

A rule is no judge of the past: a record that lacks a field may be changed in every other way, but no required field
can be emptied, and a stage is only reached with everything that it requires.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final

from services.chassis.problems import FieldError, Invalid
from services.records.domain.record import ARCHIVED, Record, Tier
from services.records.domain.rights import STATUS

OFFERED: Final[Mapping[str, frozenset[str]]] = {
    "listings": frozenset({"coming_soon", "active", "under_offer", "reserved"})
}
"""The statuses in which a record is offered to the public, where there are any."""


class RequiredFieldMissing(Invalid):
    code = "required_field_missing"
    title = "The agency wants these fields filled in."


class Stage(StrEnum):
    """When fields must be filled; those of `create` on whatever is taken on."""

    CREATE = "create"
    PUBLICATION = "publication"
    ARCHIVE = "archive"


Rules = Mapping[Stage, frozenset[str]]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of a section at a version; 0 is before any were made."""

    version: int
    rules: Rules


def choosable(kind: type[Record]) -> frozenset[str]:
    """Return the fields of a kind of record that can be empty at all, but for the private note."""
    tier_of = kind.section.tier_of
    empty = {field.name for field in fields(kind) if field.default is None or field.default == ()}
    return frozenset(name for name in empty if tier_of.get(name, Tier.PRIVATE_NOTE) is not Tier.PRIVATE_NOTE)


def stages_of(kind: type[Record]) -> Sequence[Stage]:
    """Return the stages that a kind of record has."""
    offered = (Stage.PUBLICATION,) if kind.section.name in OFFERED else ()
    return (Stage.CREATE, *offered, *((Stage.ARCHIVE,) if kind.section.archived else ()))


def may_matter(before: Record | None, after: Record) -> bool:
    """Say whether rules could refuse a change, so that those of most changes need not be asked for."""
    return before is None or _status(before) != _status(after) or any(_emptied(before, after))


def check(rules: Rules, before: Record | None, after: Record) -> None:
    """Refuse a record that lacks what a stage requires that it reaches, or loses it. Raises RequiredFieldMissing."""
    reached = {stage for stage in Stage if _is_in(stage, after) and (before is None or not _is_in(stage, before))}
    lost = frozenset[str]() if before is None else frozenset(_emptied(before, after))
    missing = {
        name
        for stage, names in rules.items()
        for name in names
        if (stage in reached and _is_empty(after, name)) or (name in lost and _is_in(stage, after))
    }
    if missing:
        raise RequiredFieldMissing(
            errors=[
                FieldError(after.section.pointer(name), "required", "The agency wants this filled in.")
                for name in sorted(missing)
            ]
        )


def _is_in(stage: Stage, record: Record) -> bool:
    match stage:
        case Stage.CREATE:
            return True
        case Stage.PUBLICATION:
            return _status(record) in OFFERED.get(record.section.name, ())
        case Stage.ARCHIVE:
            return _status(record) == ARCHIVED


def _status(record: Record) -> str:
    return str(getattr(record, STATUS, ""))


def _emptied(before: Record, after: Record) -> Iterator[str]:
    return (name for name in after.section.tier_of if _is_empty(after, name) and not _is_empty(before, name))


def _is_empty(record: Record, name: str) -> bool:
    return getattr(record, name) in (None, ())
