"""Why somebody may do something, or may not."""

from datetime import datetime
from uuid import UUID

from services.authz.deps import Deps
from services.authz.domain.compiling import HeldGrant
from services.authz.domain.explaining import Decider, Explanation, Rule, Step, explain
from services.authz.domain.holder import HolderKind
from services.authz.domain.reach import Reach
from services.authz.handlers.permits import asked_about, has_sight_of_rights
from services.authz.handlers.questions import QuestionAsked, basis_of, check_key
from services.chassis.web import Call, Output, Route
from services.contracts.access import RecordRight
from services.contracts.instants import Instant
from services.contracts.vocabulary import Effect, RecordClass, View


class ExplanationAsked(QuestionAsked):
    user_id: UUID | None = None
    """Whose right; left out: the caller's."""
    as_of: Instant | None = None
    """An instant of the past; left out: now."""


class GrantNamed(Output):
    """A grant, what it is held through, and who gave it when; nobody: it is from the start of the agency."""

    holder: HolderKind
    holder_id: UUID
    holder_name: str
    key: str
    reach: Reach
    reach_id: UUID | None
    view: View
    until: datetime | None
    granted_by: UUID | None
    granted_at: datetime | None


class RightNamed(Output):
    """A record right as it was given with the record."""

    holder_id: UUID
    record_class: RecordClass
    effect: Effect


class StepShown(Output):
    """One step tried, with what let it pass or, of record rights, what speaks about the key, the strongest first."""

    step: Rule
    key: str
    passed: bool
    grants: list[GrantNamed]
    record_rights: list[RightNamed]


class ReasonShown(Output):
    """What decided, the key in question when it did, and the answer that would be given without it."""

    decided_by: Decider
    key: str
    grant: GrantNamed | None
    record_right: RightNamed | None
    view_without: View | None
    steps: list[StepShown]


class ExplanationShown(Output):
    """`reason` is null for who may not look at rights."""

    user_id: UUID
    key: str
    allowed: bool
    view: View | None
    reason: ReasonShown | None


async def create_explanation(deps: Deps, call: Call, asked: ExplanationAsked) -> ExplanationShown:
    """Say whether somebody may use a permission, and why: every step tried, and the source that decided.

    Reasons, and answers about others, need admin.permissions.manage or admin.agents.manage.
    """
    user_id = await asked_about(deps, call, asked.user_id)
    basis = await basis_of(deps, call, user_id, asked.as_of, {asked.key})
    check_key(asked.key, basis.catalogue)
    told = explain(basis.standing, asked.question(), basis.catalogue, basis.at)
    return ExplanationShown(
        user_id=user_id,
        key=asked.key,
        allowed=told.view is not None,
        view=told.view,
        reason=_reason(told) if await has_sight_of_rights(deps, call) else None,
    )


def _reason(told: Explanation) -> ReasonShown:
    return ReasonShown(
        decided_by=told.decided_by,
        key=told.deciding.key,
        grant=_grant(told.source) if told.view and told.source else None,
        record_right=_right(told.deciding.rights[0]) if told.decided_by is Decider.RECORD_RIGHT else None,
        view_without=told.without,
        steps=[_step(step) for step in told.steps],
    )


def _step(step: Step) -> StepShown:
    return StepShown(
        step=step.rule,
        key=step.key,
        passed=step.passed,
        grants=[_grant(held) for held in step.grants],
        record_rights=[_right(right) for right in step.rights],
    )


def _right(right: RecordRight) -> RightNamed:
    return RightNamed(holder_id=right.holder_id, record_class=right.record_class, effect=right.effect)


def _grant(held: HeldGrant) -> GrantNamed:
    return GrantNamed(
        holder=held.through.kind,
        holder_id=held.through.id,
        holder_name=held.through.name,
        key=held.grant.key,
        reach=held.grant.reach,
        reach_id=held.grant.reach_id,
        view=held.grant.view,
        until=held.until,
        granted_by=held.granted_by,
        granted_at=held.granted_at,
    )


ROUTES = (Route("POST", "/v1/explanations", create_explanation, takes=ExplanationAsked, gives=ExplanationShown),)
