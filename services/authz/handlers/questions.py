"""How it is asked whether somebody may do something on a record whose facts are given."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.authz.domain.catalogue import Catalogue
from services.authz.domain.explaining import Question
from services.chassis.problems import FieldError, Invalid
from services.chassis.web import Input, Output
from services.contracts.access import RecordFacts
from services.contracts.vocabulary import View

Key = Annotated[str, Field(max_length=100)]


class RecordGiven(Input):
    office_id: UUID
    assignee_id: UUID
    created_by: UUID
    is_private: bool
    section: Annotated[str, Field(max_length=50, pattern="^[a-z_]+$")] | None = None
    """Which section the record is of, where the key is of another one; left out: that of the key."""

    def facts(self) -> RecordFacts:
        """Return what the rule must know of the record."""
        return RecordFacts(self.office_id, self.assignee_id, self.created_by, self.is_private, self.section)


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
