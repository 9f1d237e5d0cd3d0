"""Proposed changes of rights as they are written, and what people could do if they were carried out."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import Field, model_validator

from services.authz.domain.catalogue import Catalogue
from services.authz.domain.compiling import Standing
from services.authz.domain.explaining import deciding_snapshot
from services.authz.domain.grant import check_grants, named_in
from services.authz.domain.holder import HolderKind
from services.authz.domain.proposing import Membership, Proposal, concerned, proposed, supposing
from services.authz.domain.switch import Switch
from services.authz.handlers.grants import GrantWanted
from services.authz.store import holdings, people, standings, template_links
from services.chassis.database import Transaction
from services.chassis.problems import NotFound
from services.chassis.web import Input
from services.contracts.access import AccessSnapshot
from services.contracts.instants import Instant
from services.contracts.vocabulary import UserId

SHOWN: Final = 1_000
"""People whose gains and losses are looked at."""


class GrantsProposed(Input):
    """Everything that a holder would be granted."""

    holder: HolderKind
    holder_id: UUID
    grants: Annotated[list[GrantWanted], Field(max_length=2_000)]


class MembershipProposed(Input):
    group_id: UUID
    user_id: UUID
    member: bool
    expires_at: Instant | None = None


class LinkProposed(Input):
    user_id: UUID
    template_id: UUID | None


class SwitchesProposed(Input):
    """Everything that would be blocked for a person."""

    user_id: UUID
    blocked: list[Switch]


class ProposalAsked(Input):
    """Changes to be imagined together."""

    grants: Annotated[tuple[GrantsProposed, ...], Field(max_length=100)] = ()
    memberships: Annotated[tuple[MembershipProposed, ...], Field(max_length=1_000)] = ()
    template_links: Annotated[tuple[LinkProposed, ...], Field(max_length=1_000)] = ()
    switches: Annotated[tuple[SwitchesProposed, ...], Field(max_length=1_000)] = ()

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
        named = (*self.memberships, *self.template_links, *self.switches)
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


@dataclass(frozen=True, slots=True)
class Supposed:
    """Who is touched by a proposal, and what the first of them by id, and who is named, may do before and after."""

    touched: frozenset[UserId]
    before: Mapping[UserId, AccessSnapshot]
    after: Mapping[UserId, AccessSnapshot]

    @property
    def shown(self) -> list[UserId]:
        """Return who of those touched is looked at, by id."""
        return [user_id for user_id in sorted(self.touched)[:SHOWN] if user_id in self.before]


async def suppose(tx: Transaction, known: Catalogue, asked: ProposalAsked, now: datetime, under: str = "") -> Supposed:
    """Return what a proposal would make of people's rights. Raises Invalid with pointers `under` one, NotFound."""
    proposal = asked.proposal()
    named = await people.known(tx, named_in(grant for grants in proposal.grants.values() for grant in grants))
    for at, each in enumerate(asked.grants):
        check_grants(proposal.grants[each.holder_id], known, named, under=f"{under}/grants/{at}")
    now_held = await holdings.find_all(tx, await _holders(tx, asked))
    then_held = proposed(now_held, proposal)
    touched = concerned((*now_held, *then_held), proposal)
    standing = await standings.find_all(tx, {*sorted(touched)[:SHOWN], *asked.people})
    if any(user_id not in standing for user_id in asked.people):
        raise NotFound
    then = supposing(standing.values(), then_held, proposal)
    # To compile the rights of thousands of people twice takes a second, in which others shall be answered too.
    before = await asyncio.to_thread(_snapshots, standing.values(), known, now)
    return Supposed(touched, before, await asyncio.to_thread(_snapshots, then, known, now))


def _snapshots(standing: Iterable[Standing], known: Catalogue, now: datetime) -> Mapping[UserId, AccessSnapshot]:
    return {each.user_id: deciding_snapshot(each, known, now) for each in standing}


async def _holders(tx: Transaction, asked: ProposalAsked) -> set[tuple[HolderKind, UUID]]:
    """Return the holders that the changes touch: for a template link also the template left and the person."""
    found = {(each.holder, each.holder_id) for each in asked.grants}
    found |= {(HolderKind.GROUP, each.group_id) for each in asked.memberships}
    found |= {(HolderKind.USER, each.user_id) for each in asked.template_links}
    left = await template_links.templates_of(tx, [UserId(each.user_id) for each in asked.template_links])
    templates = {*left.values(), *(each.template_id for each in asked.template_links)}
    return found | {(HolderKind.TEMPLATE, template) for template in templates if template is not None}
