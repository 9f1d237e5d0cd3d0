"""A stamp: a named configuration of record rights that a person keeps for himself (ON-23, ON-26)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.authz.domain.grant import Named
from services.chassis.problems import Conflict, FieldError, Invalid
from services.contracts.vocabulary import Effect, RecordClass, UserId


class StampNameTaken(Conflict):
    code = "stamp_name_taken"
    title = "Another of your stamps has this name."


@dataclass(frozen=True, slots=True)
class StampEntry:
    """What the stamp says to a user, team or office about a class of keys; None stands for inherit."""

    holder: Named
    record_class: RecordClass
    effect: Effect | None


@dataclass(frozen=True, slots=True)
class Stamp:
    """A stamp without its entries."""

    id: UUID
    user_id: UserId
    name: str
    version: int
    created_at: datetime


def check_entries(entries: Sequence[StampEntry], known: frozenset[Named]) -> None:
    """Refuse entries about whom the agency does not have, and two about one thing. Raises Invalid."""
    errors, seen = list[FieldError](), set[tuple[Named, RecordClass]]()
    for at, entry in enumerate(entries):
        kind = entry.holder.reach
        if entry.holder not in known:
            errors.append(FieldError(f"/entries/{at}/holder_id", f"unknown_{kind}", f"There is no such {kind}."))
        if (entry.holder, entry.record_class) in seen:
            errors.append(FieldError(f"/entries/{at}", "twice", "A holder stands twice with the same class."))
        seen.add((entry.holder, entry.record_class))
    if errors:
        raise Invalid(errors=errors)
