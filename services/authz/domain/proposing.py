"""What would be if rights were changed: a proposal applied to what decides people's rights, stored nowhere."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from uuid import UUID

from services.authz.domain.compiling import HeldGrant, Standing
from services.authz.domain.grant import Grant
from services.authz.domain.holder import Holder, HolderKind
from services.authz.domain.switch import Switch
from services.contracts.access import NOTHING, AccessSnapshot, Scope
from services.contracts.vocabulary import UserId


@dataclass(frozen=True, slots=True)
class Holding:
    """A holder, what is granted to it, and who holds that through it until when."""

    holder: Holder
    grants: tuple[Grant, ...]
    members: Mapping[UserId, datetime | None]

    def held_by(self, member: UserId) -> Iterable[HeldGrant]:
        """Return what one of its members holds through it."""
        return (HeldGrant(grant, self.holder, self.members[member]) for grant in self.grants)


@dataclass(frozen=True, slots=True)
class Membership:
    """That a person is in a group, until a moment, or is so no longer."""

    group_id: UUID
    user_id: UserId
    belongs: bool
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """Changes to be imagined together: all grants of a holder, memberships, template links, what is blocked."""

    grants: Mapping[UUID, Sequence[Grant]] = field(default_factory=dict[UUID, Sequence[Grant]])
    memberships: Sequence[Membership] = ()
    links: Mapping[UserId, UUID | None] = field(default_factory=dict[UserId, UUID | None])
    blocked: Mapping[UserId, frozenset[Switch]] = field(default_factory=dict[UserId, frozenset[Switch]])


@dataclass(frozen=True, slots=True)
class Shift:
    """What a key reaches for a person before and after."""

    key: str
    before: Scope
    after: Scope


def proposed(holdings: Sequence[Holding], proposal: Proposal) -> Sequence[Holding]:
    """Return the holders as the proposal would leave them. Who leaves a template keeps its grants as his own."""
    left = defaultdict[UUID, list[Grant]](list)
    for holding in holdings:
        for user_id in holding.members:
            if holding.holder.kind is HolderKind.TEMPLATE and not _stays(proposal, user_id, holding.holder.id):
                left[user_id] += holding.grants
    moving, linked = defaultdict[UUID, list[Membership]](list), defaultdict[UUID | None, list[UserId]](list)
    for each in proposal.memberships:
        moving[each.group_id].append(each)
    for user_id, template_id in proposal.links.items():
        linked[template_id].append(user_id)
    return [
        replace(
            holding,
            grants=(*proposal.grants.get(holding.holder.id, holding.grants), *left[holding.holder.id]),
            members=_moved(holding, proposal, moving[holding.holder.id], linked[holding.holder.id]),
        )
        for holding in holdings
    ]


def supposing(standings: Iterable[Standing], holdings: Iterable[Holding], proposal: Proposal) -> Sequence[Standing]:
    """Return what would decide people's rights if these holders were as given."""
    kept, through = set[UUID](), defaultdict[UserId, list[Holding]](list)
    for holding in holdings:
        kept.add(holding.holder.id)
        for user_id in holding.members:
            through[user_id].append(holding)
    return [
        replace(
            standing,
            held=(
                *(held for held in standing.held if held.through.id not in kept),
                *chain.from_iterable(holding.held_by(standing.user_id) for holding in through[standing.user_id]),
            ),
            blocked=proposal.blocked.get(standing.user_id, standing.blocked),
        )
        for standing in standings
    ]


def concerned(holdings: Iterable[Holding], proposal: Proposal) -> frozenset[UserId]:
    """Return who holds anything through these holders, or has something blocked or unblocked."""
    return frozenset(user_id for holding in holdings for user_id in holding.members) | frozenset(proposal.blocked)


def shifts(before: AccessSnapshot, after: AccessSnapshot) -> list[Shift]:
    """Return the keys whose reach differs, by key."""
    keys = sorted(before.scopes.keys() | after.scopes.keys())
    found = [Shift(key, before.scopes.get(key, NOTHING), after.scopes.get(key, NOTHING)) for key in keys]
    return [shift for shift in found if shift.before != shift.after]


def _stays(proposal: Proposal, user_id: UserId, template_id: UUID) -> bool:
    return proposal.links.get(user_id, template_id) == template_id


def _moved(
    holding: Holding, proposal: Proposal, moving: Iterable[Membership], linked: Iterable[UserId]
) -> Mapping[UserId, datetime | None]:
    """Return a holder's members after some came or went and some were linked to it."""
    members = dict(holding.members)
    for each in moving:
        members.pop(each.user_id, None)
        if each.belongs:
            members[each.user_id] = each.expires_at
    if holding.holder.kind is HolderKind.TEMPLATE:
        members = {user_id: until for user_id, until in members.items() if _stays(proposal, user_id, holding.holder.id)}
        members |= dict.fromkeys(linked)
    return members
