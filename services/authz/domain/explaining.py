"""Why somebody may do something, or may not: the rule taken apart, step by step, up to the source that decided.

The answer itself is the compiled snapshot's; what a source is worth is found by taking it away and compiling again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.authz.domain.compiling import HeldGrant, Standing, compile_snapshot, reached
from services.contracts.access import WITHOUT_READ, AccessSnapshot, RecordFacts
from services.contracts.vocabulary import View


class Rule(StrEnum):
    """The steps of the decision, in their order."""

    STATE = "state"
    SWITCH = "switch"
    READ = "read"
    PRIVATE = "private"
    REACH = "reach"


class Decider(StrEnum):
    """What kind of thing made the answer what it is."""

    GROUP = "group"
    TEMPLATE = "template"
    USER = "user"
    SWITCH = "switch"
    PRIVATE = "private"
    STATE = "state"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Question:
    """May one use a key on a record; without a record: is the key held at any reach."""

    key: str
    record: RecordFacts | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step that was tried for a key. `grants` let it pass, the widest view first; own records need none."""

    rule: Rule
    key: str
    passed: bool
    grants: tuple[HeldGrant, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """An answer with what decided it. `without` is the answer once the decider is taken away."""

    view: View | None
    decided_by: Decider
    deciding: Step
    without: View | None
    steps: tuple[Step, ...]

    @property
    def source(self) -> HeldGrant | None:
        """Return the grant that decided, if one did."""
        return self.deciding.grants[0] if self.deciding.grants else None


def answer(snapshot: AccessSnapshot, question: Question) -> View | None:
    """Return the view in which the question is granted, or None for refused."""
    if question.record is None:
        return View.FULL if snapshot.holds(question.key) else None
    return snapshot.decide(question.key, question.record)


def explain(standing: Standing, question: Question, now: datetime) -> Explanation:
    """Return the answer to a question with each step tried, up to the first that refuses."""
    steps = tuple(_steps(standing, question, now))
    deciding = next((step for step in steps if not step.passed), steps[-1])
    decided_by = _decider(deciding)
    without = _taken_away(standing, question, decided_by, deciding)
    return Explanation(
        view=answer(compile_snapshot(standing, now), question),
        decided_by=decided_by,
        deciding=deciding,
        without=answer(compile_snapshot(without[0], now), without[1]),
        steps=steps,
    )


def _steps(standing: Standing, question: Question, now: datetime) -> Iterator[Step]:
    yield Step(Rule.STATE, question.key, standing.is_active)
    if standing.is_active:
        yield from _of_record(standing, question, now)


def _of_record(standing: Standing, question: Question, now: datetime) -> Iterator[Step]:
    read = _presupposed(question)
    if read is not None:
        passed = True
        for step in _of_record(standing, replace(question, key=read), now):
            yield step
            passed = passed and step.passed
        yield Step(Rule.READ, question.key, passed)
        if not passed:
            return
    if question.record is not None and question.record.is_private:
        private = _private(standing, question, question.record, now)
        yield private
        if not private.passed:
            return
    grants = _reaching(standing, question, now)
    yield Step(Rule.REACH, question.key, bool(grants), grants)


def _presupposed(question: Question) -> str | None:
    """Return the key without which the one in question is of no use on the record."""
    if question.record is None:
        return None
    named, _, action = question.key.partition(".")
    section = question.record.section or named
    return f"{section}.read" if named != section or action not in WITHOUT_READ else None


def _private(standing: Standing, question: Question, record: RecordFacts, now: datetime) -> Step:
    if record.belongs_to(standing.user_id, standing.ownership):
        return Step(Rule.PRIVATE, question.key, passed=True)
    section = record.section or question.key.partition(".")[0]
    grants = _reaching(standing, Question(f"{section}.private.read", record), now)
    return Step(Rule.PRIVATE, question.key, bool(grants), grants)


def _reaching(standing: Standing, question: Question, now: datetime) -> tuple[HeldGrant, ...]:
    """Return the grants of a key that reach the record, the widest view first."""
    views = [
        (held, _view(standing, held, question.record)) for held in standing.live(now) if held.grant.key == question.key
    ]
    return tuple(held for wanted in (View.FULL, View.PUBLIC) for held, view in views if view is wanted)


def _view(standing: Standing, held: HeldGrant, record: RecordFacts | None) -> View | None:
    scope = reached(held.grant, standing)
    if record is None:
        return None if scope.is_empty else View.FULL
    return scope.view_of(record, standing.user_id, standing.ownership)


def _decider(step: Step) -> Decider:
    match step.rule:
        case Rule.STATE:
            return Decider.STATE
        case Rule.SWITCH:
            return Decider.SWITCH
        case Rule.PRIVATE:
            return Decider.PRIVATE
        case _:
            return Decider(step.grants[0].through.kind) if step.grants else Decider.NOTHING


def _taken_away(standing: Standing, question: Question, decider: Decider, step: Step) -> tuple[Standing, Question]:
    """Return who asks what once the decider is gone: a grant, a state, that the record is private."""
    match decider:
        case Decider.STATE:
            return replace(standing, is_active=True), question
        case Decider.PRIVATE if question.record is not None:
            return standing, replace(question, record=replace(question.record, is_private=False))
        case Decider.NOTHING | Decider.PRIVATE | Decider.SWITCH:
            return standing, question
        case _:
            rest = tuple(held for held in standing.held if held is not step.grants[0])
            return replace(standing, held=rest), question
