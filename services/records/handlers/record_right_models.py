"""Record rights as JSON: a flat list of entries; who is not in it inherits."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from services.chassis.pages import PageQuery
from services.chassis.problems import FieldError, Invalid
from services.chassis.web import Input, Output
from services.contracts.authz_api import DecidingGrant
from services.contracts.vocabulary import Effect, RecordClass, UserId, View
from services.records.domain.record_rights import Cause, Decider, Entries, Holder, HolderKind, Slot
from services.records.store.record_rights import Change, Given

Class = Literal["read", "write", "identity"]


class Said(StrEnum):
    ALLOW = "allow"
    DENY = "deny"
    INHERIT = "inherit"


class EntryGiven(Input):
    holder_kind: HolderKind
    holder_id: UUID
    record_class: Class
    effect: Said


_Entries = Annotated[list[EntryGiven], Field(max_length=600)]


class EntriesGiven(Input):
    entries: _Entries

    def slots(self) -> Mapping[Slot, Effect | None]:
        """Return the entries as `slots_of` does."""
        return slots_of(self.entries)


class EntriesOrStamp(Input):
    """Either entries or one of the caller's stamps, which stands for exactly its entries."""

    entries: _Entries | None = None
    stamp_id: UUID | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if (self.entries is None) is (self.stamp_id is None):
            raise ValueError("either entries or a stamp must be given")
        return self

    def slots(self) -> Mapping[Slot, Effect | None]:
        """Return the entries as `slots_of` does, none for a stamp."""
        return slots_of(self.entries or [])


class PreviewAsked(PageQuery, EntriesOrStamp):
    limit: Annotated[int, Field(ge=1, le=200)] = 200
    """How many people are looked at."""


class MassUpdate(EntriesOrStamp):
    ids: Annotated[list[UUID], Field(min_length=1, max_length=1000)]

    def once(self) -> Iterable[UUID]:
        """Return each record that is named, once."""
        return dict.fromkeys(self.ids)


class Restoration(Input):
    version: Annotated[int, Field(ge=0, lt=2**63)]
    """What to go back to; 0 is before the first entry."""


class AccessQuestion(Input):
    user: UserId


class EntryShown(Output):
    """An entry that is there: each is a star, a difference from what is inherited."""

    holder_kind: HolderKind
    holder_id: UUID
    record_class: RecordClass
    effect: Effect
    given_by: UserId
    given_at: datetime
    stamp_id: UUID | None
    """The stamp by which it was given, where one was named."""

    @classmethod
    def of(cls, slot: Slot, given: Given) -> "EntryShown":
        """Return the document of an entry."""
        holder, each = slot
        return cls(
            holder_kind=holder.kind,
            holder_id=holder.id,
            record_class=each,
            effect=given.effect,
            given_by=given.by,
            given_at=given.at,
            stamp_id=given.stamp_id,
        )


class RecordRightsShown(Output):
    version: int
    entries: list[EntryShown]


class StateShown(Output):
    holder_kind: HolderKind
    holder_id: UUID
    record_class: RecordClass
    effect: Effect


class ChangeShown(Output):
    """A version of the entries: what they were from then on."""

    version: int
    cause: Cause
    stamp_id: UUID | None
    """The stamp that was set; null also where its entries were given without naming one."""
    by: UserId
    at: datetime
    entries: list[StateShown]

    @classmethod
    def of(cls, change: Change) -> "ChangeShown":
        """Return the document of a change."""
        return cls(
            version=change.version,
            cause=change.reason.cause,
            stamp_id=change.reason.stamp_id,
            by=change.by,
            at=change.at,
            entries=_states(change.entries),
        )


class ChangesShown(Output):
    items: list[ChangeShown]


class Difference(Output):
    user_id: UserId
    gains: list[str]
    loses: list[str]


class PreviewShown(Output):
    complete: bool
    """False when the agency has more people than were looked at so far."""
    items: list[Difference]
    next: str | None


class EntriesRemoved(Output):
    records: int


class AnswerShown(Output):
    key: str
    view: View | None
    """Null: refused."""
    inherited: View | None
    """What the answer would be without any record right."""
    starred: bool
    decided_by: Decider
    grant: DecidingGrant | None
    """The grant that let it pass, where a reach decided; null also for who may not look at people's rights."""
    entries: list[EntryShown]
    """The entries that decided, with who gave them."""


class AccessShown(Output):
    user_id: UserId
    items: list[AnswerShown]


def slots_of(entries: Sequence[EntryGiven]) -> Mapping[Slot, Effect | None]:
    """Return entries by holder and class, None for inherit. Raises Invalid for one that stands twice."""
    found = {
        (Holder(entry.holder_kind, entry.holder_id), RecordClass(entry.record_class)): None
        if entry.effect is Said.INHERIT
        else Effect(entry.effect.value)
        for entry in entries
    }
    if len(found) != len(entries):
        raise Invalid(errors=[FieldError("/entries", "twice", "A holder stands twice with the same class.")])
    return found


def _states(entries: Entries) -> list[StateShown]:
    return [
        StateShown(holder_kind=holder.kind, holder_id=holder.id, record_class=each, effect=effect)
        for (holder, each), effect in sorted(entries.items())
    ]
