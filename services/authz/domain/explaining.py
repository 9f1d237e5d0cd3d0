"""Why somebody may do something, or may not: the rule taken apart, step by step, up to the source that decided.

The answer itself is the compiled snapshot's; what a source is worth is found by taking it away and compiling again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.authz.domain.catalogue import Catalogue, record_classes
from services.authz.domain.compiling import HeldGrant, Standing, compile_snapshot, reached
from services.authz.domain.switch import is_cut, switch_of
from services.contracts.access import AccessSnapshot, RecordFacts, RecordRight, presupposed, suffices
from services.contracts.vocabulary import Effect, RecordClass, View


class Rule(StrEnum):
    """The steps of the decision, in their order."""

    STATE = "state"
    SWITCH = "switch"
    READ = "read"
    RECORD_RIGHT = "record_right"
    PRIVATE = "private"
    REACH = "reach"


class Decider(StrEnum):
    """What kind of thing made the answer what it is."""

    GROUP = "group"
    TEMPLATE = "template"
    USER = "user"
    SWITCH = "switch"
    RECORD_RIGHT = "record_right"
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
    """One step that was tried for a key. `grants` let it pass, the widest view first; own records need none.

    `rights` are the record rights that speak about the key, the strongest first.
    """

    rule: Rule
    key: str
    passed: bool
    grants: tuple[HeldGrant, ...] = ()
    rights: tuple[RecordRight, ...] = ()


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


def deciding_snapshot(standing: Standing, catalogue: Catalogue, now: datetime) -> AccessSnapshot:
    """Return the snapshot with what it takes to let record rights decide."""
    snapshot = compile_snapshot(standing, now)
    return replace(snapshot, classes=record_classes(catalogue, snapshot.scopes))


def explain(standing: Standing, question: Question, catalogue: Catalogue, now: datetime) -> Explanation:
    """Return the answer to a question with each step tried, up to the first that decides."""
    snapshot = deciding_snapshot(standing, catalogue, now)
    steps = tuple(_Steps(standing, snapshot, now).of(question))
    deciding = _deciding(steps)
    decided_by = _decider(deciding)
    without = _taken_away(standing, question, decided_by, deciding)
    return Explanation(
        view=answer(snapshot, question),
        decided_by=decided_by,
        deciding=deciding,
        without=answer(deciding_snapshot(without[0], catalogue, now), without[1]),
        steps=steps,
    )


def sources(
    standing: Standing, questions: Iterable[Question], catalogue: Catalogue, now: datetime
) -> Sequence[tuple[Decider, Step]]:
    """Return what decides each of these questions and by which step, at the cost of one compilation."""
    steps = _Steps(standing, deciding_snapshot(standing, catalogue, now), now)
    deciding = [_deciding(tuple(steps.of(question))) for question in questions]
    return [(_decider(step), step) for step in deciding]


def _deciding(steps: Sequence[Step]) -> Step:
    return next((step for step in steps if not step.passed), steps[-1])


@dataclass(frozen=True, slots=True)
class _Steps:
    standing: Standing
    snapshot: AccessSnapshot
    now: datetime

    def of(self, question: Question) -> Iterator[Step]:
        yield Step(Rule.STATE, question.key, self.standing.is_active)
        if not self.standing.is_active:
            return
        if switch_of(question.key) is not None:
            cut = is_cut(question.key, self.standing.blocked)
            yield Step(Rule.SWITCH, question.key, not cut)
            if cut:
                return
        yield from self._about(question)

    def _about(self, question: Question) -> Iterator[Step]:
        if question.record is None:
            yield self._reach(question)
            return
        section, record_class, _ = self.snapshot.about(question.key, question.record)
        read = presupposed(question.key, section)
        if read is not None:
            tried = tuple(self._about(replace(question, key=read)))
            yield from tried
            passed = suffices(self.snapshot.decide(read, question.record), record_class)
            yield Step(Rule.READ, question.key, passed)
            if not passed:
                return
        for step in self._on(question, question.record):
            yield step
            if not step.passed or step.rule is Rule.RECORD_RIGHT:
                return

    def _on(self, question: Question, record: RecordFacts) -> Iterator[Step]:
        right = _record_right(self.snapshot, question.key, record)
        if right is not None:
            yield right
        if record.is_private:
            yield self._private(question, record)
        yield self._reach(question)

    def _private(self, question: Question, record: RecordFacts) -> Step:
        opened = _speaking(self.snapshot, RecordClass.READ, record)
        if opened and opened[0].effect is Effect.ALLOW:
            return Step(Rule.PRIVATE, question.key, passed=True, rights=opened)
        if self.snapshot.is_own(record):
            return Step(Rule.PRIVATE, question.key, passed=True)
        section = record.section or question.key.partition(".")[0]
        grants = self._reaching(Question(f"{section}.private.read", record))
        return Step(Rule.PRIVATE, question.key, bool(grants), grants)

    def _reach(self, question: Question) -> Step:
        grants = self._reaching(question)
        return Step(Rule.REACH, question.key, bool(grants), grants)

    def _reaching(self, question: Question) -> tuple[HeldGrant, ...]:
        """Return the grants of a key that reach the record, the widest view first."""
        record = question.record
        views = [
            (held, _view(self.standing, held, record))
            for held in self.standing.live(self.now)
            if held.grant.key == question.key
        ]
        record_class = self.snapshot.about(question.key, record)[1] if record else RecordClass.NONE
        wanted = (each for each in (View.FULL, View.PUBLIC) if suffices(each, record_class))
        return tuple(held for each in wanted for held, view in views if view is each)


def _record_right(snapshot: AccessSnapshot, key: str, record: RecordFacts) -> Step | None:
    """Return what record rights decide about a key, or None if they leave it to the reaches."""
    _, record_class, is_basic = snapshot.about(key, record)
    rights = _speaking(snapshot, record_class, record)
    if not rights or (rights[0].effect is Effect.ALLOW and not is_basic and not snapshot.holds(key)):
        return None
    return Step(Rule.RECORD_RIGHT, key, rights[0].effect is Effect.ALLOW, rights=rights)


def _speaking(snapshot: AccessSnapshot, record_class: RecordClass, record: RecordFacts) -> tuple[RecordRight, ...]:
    """Return the record rights of a class that count for the user: his own, then denials, then allowances."""
    counted = [
        right
        for right in record.rights
        if right.record_class is record_class and right.holder_id in snapshot.principals
    ]
    return tuple(
        sorted(counted, key=lambda right: (right.holder_id != snapshot.user_id, right.effect is not Effect.DENY))
    )


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
        case Rule.RECORD_RIGHT:
            return Decider.RECORD_RIGHT
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
        case Decider.RECORD_RIGHT if question.record is not None:
            rights = tuple(right for right in question.record.rights if right is not step.rights[0])
            return standing, replace(question, record=replace(question.record, rights=rights))
        case Decider.SWITCH:
            return replace(standing, blocked=standing.blocked - {switch_of(question.key)}), question
        case Decider.RECORD_RIGHT | Decider.NOTHING | Decider.PRIVATE:
            return standing, question
        case _:
            rest = tuple(held for held in standing.held if held is not step.grants[0])
            return replace(standing, held=rest), question
