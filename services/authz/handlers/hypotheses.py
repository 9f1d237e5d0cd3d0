"""What would be: the same questions with proposed changes applied, and who would gain or lose what."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.authz.deps import Deps
from services.authz.domain.explaining import answer
from services.authz.domain.proposing import Shift, shifts
from services.authz.handlers.access import ScopeShown, scope_shown
from services.authz.handlers.permits import require_sight_of_rights
from services.authz.handlers.proposals import ProposalAsked, Supposed, suppose
from services.authz.handlers.questions import DecisionShown, QuestionAsked, check_questions, decided
from services.authz.store import modules
from services.chassis.web import Call, Output, Route
from services.contracts.vocabulary import UserId


class AboutSomebody(QuestionAsked):
    user_id: UUID


class HypothesisAsked(ProposalAsked):
    questions: Annotated[tuple[AboutSomebody, ...], Field(max_length=1_000)] = ()

    @property
    def people(self) -> frozenset[UserId]:
        """Return who is named."""
        return super().people | {UserId(each.user_id) for each in self.questions}


class AnswerShifted(Output):
    user_id: UUID
    before: DecisionShown
    after: DecisionShown


class KeyShifted(Output):
    key: str
    before: ScopeShown
    after: ScopeShown


class PersonShifted(Output):
    """Keys that a person would hold newly, no longer, or at another reach."""

    user_id: UUID
    gained: list[KeyShifted]
    lost: list[KeyShifted]
    changed: list[KeyShifted]


class HypothesisShown(Output):
    """`people` are those whose rights would differ, by id, at most 1,000 of `concerned`."""

    as_of: datetime
    items: list[AnswerShifted]
    concerned: int
    people: list[PersonShifted]


async def create_hypothesis(deps: Deps, call: Call, asked: HypothesisAsked) -> HypothesisShown:
    """Say what proposed changes would change; nothing is stored, and nobody is told.

    Needs admin.permissions.manage or admin.agents.manage.
    """
    await require_sight_of_rights(deps, call)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        known = await modules.catalogue(tx, deps.catalogue)
        check_questions(asked.questions, known)
        found = await suppose(tx, known, asked, call.now)
    moved = {user_id: shifts(found.before[user_id], found.after[user_id]) for user_id in found.shown}
    return HypothesisShown(
        as_of=call.now,
        items=[_answer(each, found) for each in asked.questions],
        concerned=len(found.touched),
        people=[_person(user_id, each) for user_id, each in moved.items() if each],
    )


def _answer(asked: AboutSomebody, found: Supposed) -> AnswerShifted:
    question, user_id = asked.question(), UserId(asked.user_id)
    return AnswerShifted(
        user_id=user_id,
        before=decided(question, answer(found.before[user_id], question)),
        after=decided(question, answer(found.after[user_id], question)),
    )


def _person(user_id: UserId, found: list[Shift]) -> PersonShifted:
    return PersonShifted(
        user_id=user_id,
        gained=[_key(shift) for shift in found if shift.before.is_empty],
        lost=[_key(shift) for shift in found if shift.after.is_empty],
        changed=[_key(shift) for shift in found if not (shift.before.is_empty or shift.after.is_empty)],
    )


def _key(shift: Shift) -> KeyShifted:
    return KeyShifted(key=shift.key, before=scope_shown(shift.before), after=scope_shown(shift.after))


ROUTES = (Route("POST", "/v1/hypotheses", create_hypothesis, takes=HypothesisAsked, gives=HypothesisShown),)
