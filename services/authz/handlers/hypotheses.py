"""What would be: the same questions with proposed changes applied, and who would gain or lose what."""

from datetime import datetime
from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator

from services.authz.deps import Deps
from services.authz.domain.explaining import answer, deciding_snapshot
from services.authz.domain.grant import check_grants, named_in
from services.authz.domain.holder import HolderKind
from services.authz.domain.proposing import (
    Membership,
    Proposal,
    Shift,
    concerned,
    proposed,
    shifts,
    supposing,
)
from services.authz.domain.switch import Switch
from services.authz.handlers.access import ScopeShown, scope_shown
from services.authz.handlers.grants import GrantWanted
from services.authz.handlers.permits import require_sight_of_rights
from services.authz.handlers.questions import DecisionShown, QuestionAsked, check_questions, decided
from services.authz.store import holdings, modules, people, standings, template_links
from services.chassis.database import Transaction
from services.chassis.problems import NotFound
from services.chassis.web import Call, Input, Output, Route
from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import UserId

SHOWN: Final = 1_000
"""People whose gains and losses are shown."""


class GrantsProposed(Input):
    """Everything that a holder would be granted."""

    holder: HolderKind
    holder_id: UUID
    grants: Annotated[list[GrantWanted], Field(max_length=2_000)]


class MembershipProposed(Input):
    group_id: UUID
    user_id: UUID
    member: bool
    expires_at: AwareDatetime | None = None


class LinkProposed(Input):
    user_id: UUID
    template_id: UUID | None


class SwitchesProposed(Input):
    """Everything that would be blocked for a person."""

    user_id: UUID
    blocked: list[Switch]


class AboutSomebody(QuestionAsked):
    user_id: UUID


class HypothesisAsked(Input):
    grants: Annotated[tuple[GrantsProposed, ...], Field(max_length=100)] = ()
    memberships: Annotated[tuple[MembershipProposed, ...], Field(max_length=1_000)] = ()
    template_links: Annotated[tuple[LinkProposed, ...], Field(max_length=1_000)] = ()
    switches: Annotated[tuple[SwitchesProposed, ...], Field(max_length=1_000)] = ()
    questions: Annotated[tuple[AboutSomebody, ...], Field(max_length=1_000)] = ()

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not (self.grants or self.memberships or self.template_links or self.switches):
            raise ValueError("at least one change must be proposed")
        return self

    @model_validator(mode="after")
    def _changes_each_thing_once(self) -> Self:
        for once in (
            [each.holder_id for each in self.grants],
            [(each.group_id, each.user_id) for each in self.memberships],
            [each.user_id for each in self.template_links],
            [each.user_id for each in self.switches],
        ):
            if len(set(once)) < len(once):
                raise ValueError("nothing can be proposed to be changed twice")
        return self

    @property
    def people(self) -> frozenset[UserId]:
        """Return who is named."""
        named = (*self.memberships, *self.template_links, *self.switches, *self.questions)
        return frozenset(UserId(each.user_id) for each in named)

    def proposal(self) -> Proposal:
        """Return the changes."""
        return Proposal(
            grants={each.holder_id: [grant.grant() for grant in each.grants] for each in self.grants},
            memberships=[
                Membership(each.group_id, UserId(each.user_id), each.member, each.expires_at)
                for each in self.memberships
            ],
            links={UserId(each.user_id): each.template_id for each in self.template_links},
            blocked={UserId(each.user_id): frozenset(each.blocked) for each in self.switches},
        )


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
    proposal = asked.proposal()
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        known = await modules.catalogue(tx, deps.catalogue)
        check_questions(asked.questions, known)
        named = await people.known(tx, named_in(grant for grants in proposal.grants.values() for grant in grants))
        for at, each in enumerate(asked.grants):
            check_grants(proposal.grants[each.holder_id], known, named, under=f"/grants/{at}")
        now_held = await holdings.find_all(tx, await _holders(tx, asked))
        then_held = proposed(now_held, proposal)
        touched = concerned((*now_held, *then_held), proposal)
        shown = sorted(touched)[:SHOWN]
        standing = await standings.find_all(tx, {*shown, *asked.people})
    if any(user_id not in standing for user_id in asked.people):
        raise NotFound
    before = {each.user_id: deciding_snapshot(each, known, call.now) for each in standing.values()}
    after = {
        each.user_id: deciding_snapshot(supposing(each, then_held, proposal), known, call.now)
        for each in standing.values()
    }
    moved = {user_id: shifts(before[user_id], after[user_id]) for user_id in shown if user_id in standing}
    return HypothesisShown(
        as_of=call.now,
        items=[_answer(each, before, after) for each in asked.questions],
        concerned=len(touched),
        people=[_person(user_id, found) for user_id, found in moved.items() if found],
    )


async def _holders(tx: Transaction, asked: HypothesisAsked) -> set[tuple[HolderKind, UUID]]:
    """Return the holders that the changes touch: for a template link also the template left and the person."""
    found = {(each.holder, each.holder_id) for each in asked.grants}
    found |= {(HolderKind.GROUP, each.group_id) for each in asked.memberships}
    for each in asked.template_links:
        present = await template_links.template_of(tx, UserId(each.user_id))
        templates = {each.template_id, present} - {None}
        found |= {(HolderKind.TEMPLATE, template) for template in templates if template is not None}
        found.add((HolderKind.USER, each.user_id))
    return found


def _answer(
    asked: AboutSomebody, before: dict[UserId, AccessSnapshot], after: dict[UserId, AccessSnapshot]
) -> AnswerShifted:
    question, user_id = asked.question(), UserId(asked.user_id)
    return AnswerShifted(
        user_id=user_id,
        before=decided(question, answer(before[user_id], question)),
        after=decided(question, answer(after[user_id], question)),
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
