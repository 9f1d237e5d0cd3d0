"""How it is asked whether somebody may do something on a record whose facts are given."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from services.authz.deps import Deps
from services.authz.domain.catalogue import Catalogue
from services.authz.domain.compiling import Standing
from services.authz.domain.explaining import Question
from services.authz.store import modules, past_standings, standings
from services.chassis.problems import FieldError, Invalid, NotFound
from services.chassis.web import Call, Input, Output
from services.contracts.access import RecordFacts, RecordRight
from services.contracts.vocabulary import Effect, RecordClass, UserId, View

Key = Annotated[str, Field(max_length=100)]


class RightGiven(Input):
    """An entry beside the record: what it says to a user, team or office about a class of permissions."""

    holder_id: UUID
    record_class: Literal[RecordClass.READ, RecordClass.WRITE, RecordClass.IDENTITY]
    effect: Effect


class RecordGiven(Input):
    office_id: UUID
    assignee_id: UUID
    created_by: UUID
    is_private: bool
    section: Annotated[str, Field(max_length=50, pattern="^[a-z_]+$")] | None = None
    """Which section the record is of, where the key is of another one; left out: that of the key."""
    rights: Annotated[tuple[RightGiven, ...], Field(max_length=600)] = ()
    """The record rights of the record; left out: it has none."""

    @model_validator(mode="after")
    def _says_each_thing_once(self) -> Self:
        if len({(right.holder_id, right.record_class) for right in self.rights}) < len(self.rights):
            raise ValueError("a holder must not stand twice with the same class")
        return self

    def facts(self) -> RecordFacts:
        """Return what the rule must know of the record."""
        rights = tuple(RecordRight(right.holder_id, right.record_class, right.effect) for right in self.rights)
        return RecordFacts(self.office_id, self.assignee_id, self.created_by, self.is_private, self.section, rights)


class QuestionAsked(Input):
    """Without a record: is the key held at any reach."""

    key: Key
    record: RecordGiven | None = None

    def question(self) -> Question:
        """Return the question."""
        return Question(self.key, self.record.facts() if self.record else None)


class DecisionShown(Output):
    key: str
    allowed: bool
    view: View | None


def decided(question: Question, view: View | None) -> DecisionShown:
    """Return the answer to a question as it is shown."""
    return DecisionShown(key=question.key, allowed=view is not None, view=view)


@dataclass(frozen=True, slots=True)
class Basis:
    """What questions about a person are answered from, `at` an instant."""

    standing: Standing
    catalogue: Catalogue
    at: datetime


async def basis_of(deps: Deps, call: Call, user_id: UserId, as_of: datetime | None, keys: Iterable[str]) -> Basis:
    """Return what decides a person's rights, now or at an instant of the past, and what the keys asked about mean.

    Raises NotFound, Invalid.
    """
    if as_of is not None and as_of > call.now:
        raise Invalid(errors=[FieldError("/as_of", "in_the_future", "Only the past can be looked at.")])
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        found = await standings.find(tx, user_id) if as_of is None else await past_standings.find(tx, user_id, as_of)
        if found is None:
            raise NotFound
        known = await modules.catalogue_with(tx, deps.catalogue, {*keys, *found.keys})
    return Basis(found, known, as_of or call.now)


def check_key(key: str, catalogue: Catalogue) -> None:
    """Refuse a key that the catalogue does not have. Raises Invalid."""
    if key not in catalogue:
        raise Invalid(errors=[_unknown("/key", key)])


def check_questions(asked: Sequence[QuestionAsked], catalogue: Catalogue) -> None:
    """Refuse keys that the catalogue does not have. Raises Invalid."""
    unknown = [_unknown(f"/questions/{at}/key", each.key) for at, each in enumerate(asked) if each.key not in catalogue]
    if unknown:
        raise Invalid(errors=unknown)


def _unknown(pointer: str, key: str) -> FieldError:
    return FieldError(pointer, "unknown_permission", f"There is no permission {key}.")
