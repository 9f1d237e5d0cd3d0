"""From what a person holds to an access snapshot: the compile step of the rights algebra.

Rights only add: a snapshot is the union of what each grant reaches for this person at this moment.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Final
from uuid import UUID

from services.authz.domain.grant import Grant
from services.authz.domain.holder import Holder
from services.authz.domain.mode import RightsMode, counts
from services.authz.domain.reach import Reach
from services.authz.domain.switch import Switch, is_cut
from services.contracts.access import NOTHING, AccessSnapshot, Scope
from services.contracts.vocabulary import OfficeId, Ownership, TenantId, UserId, View

FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)

_Aim = tuple[Reach, UUID | None, View]


@dataclass(frozen=True, slots=True)
class HeldGrant:
    """A grant as one person holds it, through a holder to which the person belongs until `member_until`."""

    grant: Grant
    through: Holder
    member_until: datetime | None = None
    granted_by: UserId | None = None
    """None: granted at the start of the agency."""
    granted_at: datetime | None = None

    @property
    def until(self) -> datetime | None:
        """Return when it ends for this person: with the grant or the membership, whichever is first."""
        if self.member_until is None or self.grant.expires_at is None:
            return self.member_until or self.grant.expires_at
        return min(self.member_until, self.grant.expires_at)

    def lasts_beyond(self, instant: datetime) -> bool:
        """Say whether it still counts at an instant."""
        until = self.until
        return until is None or instant < until


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything that decides what one person may do.

    `region` are the offices of the regions in which the principal offices lie.
    """

    tenant_id: TenantId
    user_id: UserId
    version: int
    ownership: Ownership
    is_active: bool
    principal: frozenset[OfficeId] = frozenset()
    secondary: frozenset[OfficeId] = frozenset()
    region: frozenset[OfficeId] = frozenset()
    teams: Mapping[UUID, frozenset[UserId]] = field(default_factory=dict[UUID, frozenset[UserId]])
    held: tuple[HeldGrant, ...] = ()
    blocked: frozenset[Switch] = frozenset()
    mode: RightsMode = RightsMode.EXTENDED

    @property
    def keys(self) -> frozenset[str]:
        """Return the keys of which anything is held, counting or not."""
        return frozenset(held.grant.key for held in self.held)

    def live(self, now: datetime) -> Iterable[HeldGrant]:
        """Return what counts at an instant: nothing for a person who is not active, nor what switch or mode cuts."""
        if not self.is_active:
            return ()
        return (
            held
            for held in self.held
            if held.lasts_beyond(now)
            and not (self.blocked and is_cut(held.grant.key, self.blocked))
            and counts(held.grant, self.mode)
        )


def compile_snapshot(standing: Standing, now: datetime) -> AccessSnapshot:
    """Return what the person may do from now until something in it expires."""
    live = tuple(standing.live(now))
    return AccessSnapshot(
        tenant_id=standing.tenant_id,
        user_id=standing.user_id,
        version=standing.version,
        ownership=standing.ownership,
        scopes=scopes_of(standing, live),
        not_after=min((held.until for held in live if held.until is not None), default=None),
        principals=principals_of(standing),
    )


def principals_of(standing: Standing) -> frozenset[UUID]:
    """Return whose record rights count for a person: nobody's for one who is not active, or in simple mode."""
    if not standing.is_active or standing.mode is RightsMode.SIMPLE:
        return frozenset()
    teams = {team for team, members in standing.teams.items() if standing.user_id in members}
    return frozenset({standing.user_id, *standing.principal, *standing.secondary, *teams})


def scopes_of(standing: Standing, held: Iterable[HeldGrant]) -> Mapping[str, Scope]:
    """Return what grants reach for a person, united by key."""
    by_key = defaultdict[str, dict[_Aim, Grant]](dict)
    for each in held:
        grant = each.grant
        by_key[grant.key][grant.reach, grant.reach_id, grant.view] = grant
    united, scopes = dict[frozenset[_Aim], Scope](), dict[str, Scope]()
    for key, aims in by_key.items():
        same = frozenset(aims)  # many keys are granted alike
        if same not in united:
            united[same] = reduce(_union, (reached(grant, standing) for grant in aims.values()), NOTHING)
        if not united[same].is_empty:
            scopes[key] = united[same]
    return scopes


def last_instant(until: datetime | None) -> datetime:
    """Return the last instant at which what ends then still counts; None never ends."""
    return FOR_EVER if until is None else until - timedelta(microseconds=1)


def reached(grant: Grant, standing: Standing) -> Scope:
    """Return whose records one grant reaches for a person.

    An office without a region is a region of its own, so that `region` never reaches less than `principal`.
    """
    match grant.reach:
        case Reach.ALL:
            return Scope(everything=grant.view)
        case Reach.OWN:
            return Scope(own=True)
        case Reach.USER | Reach.TEAM:
            return Scope(owners=_owners(grant, standing))
        case _:
            offices = _offices(grant, standing)
            return Scope(offices=offices) if grant.view is View.FULL else Scope(public_offices=offices)


def _owners(grant: Grant, standing: Standing) -> frozenset[UserId]:
    if grant.reach_id is None:
        return frozenset()
    if grant.reach is Reach.USER:
        return frozenset({UserId(grant.reach_id)})
    return standing.teams.get(grant.reach_id, frozenset())


def _offices(grant: Grant, standing: Standing) -> frozenset[OfficeId]:
    match grant.reach:
        case Reach.REGION:
            return standing.principal | standing.region
        case Reach.PRINCIPAL:
            return standing.principal
        case Reach.SECONDARY:
            return standing.secondary
        case _:
            return frozenset({OfficeId(grant.reach_id)} if grant.reach_id else ())


def _union(one: Scope, other: Scope) -> Scope:
    """Return the scope that reaches what either reaches, without what a wider part of it reaches anyway."""
    if one.unlimited or other.unlimited:
        return Scope(everything=View.FULL)
    everything = one.everything or other.everything
    offices = one.offices | other.offices
    public_offices = frozenset[OfficeId]() if everything else one.public_offices | other.public_offices
    return Scope(
        everything=everything,
        offices=offices,
        public_offices=public_offices - offices,
        owners=one.owners | other.owners,
        own=one.own or other.own,
    )
