"""A compiled snapshot decides as the algebra says, whoever holds what, through whichever groups, until whenever.

The reference below is the algebra read aloud, slow and without a line of the product: it keeps no scopes, unites
nothing and asks every grant about every record.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Final
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.authz.domain.compiling import HeldGrant, Standing, compile_snapshot
from services.authz.domain.grant import Grant
from services.authz.domain.holder import Holder, HolderKind
from services.authz.domain.reach import Reach
from services.contracts.access import RecordFacts
from services.contracts.vocabulary import OfficeId, Ownership, TenantId, UserId, View

NOW: Final = datetime(2026, 3, 3, 12, tzinfo=UTC)
TENANT: Final = TenantId(UUID(int=1))
OFFICES: Final = [OfficeId(UUID(int=100 + number)) for number in range(4)]
PEOPLE: Final = [UserId(UUID(int=200 + number)) for number in range(4)]
TEAMS: Final = [UUID(int=300 + number) for number in range(2)]
ME: Final = PEOPLE[0]
RECORDS: Final = [
    RecordFacts(office, assignee, creator, private, section="listings")
    for office, assignee, creator, private in product(OFFICES, PEOPLE[:3], PEOPLE[1:], (False, True))
] + [
    RecordFacts(office, assignee, ME, private, section="listings")
    for office, assignee, private in product(OFFICES, PEOPLE, (False, True))
]
KEYS: Final = [
    "listings.list",
    "listings.read",
    "listings.update",
    "listings.create",
    "listings.identity.read",
    "listings.private.read",
    "links.update",
    "links.create",
]
"""The last two are keys of another section, asked about listings."""


@dataclass(frozen=True)
class World:
    """One person's organisation and rights. `regions` says in which region an office lies, if in any."""

    active: bool
    ownership: Ownership
    principal: frozenset[OfficeId]
    secondary: frozenset[OfficeId]
    regions: dict[OfficeId, int | None]
    teams: dict[UUID, frozenset[UserId]]
    groups: tuple[tuple[datetime | None, tuple[Grant, ...]], ...]
    """Until when the person is in each group, and what was granted to it."""

    def standing(self) -> Standing:
        mine = {self.regions[office] for office in self.principal} - {None}
        return Standing(
            tenant_id=TENANT,
            user_id=ME,
            version=1,
            ownership=self.ownership,
            is_active=self.active,
            principal=self.principal,
            secondary=self.secondary,
            region=frozenset(office for office in OFFICES if self.regions[office] in mine),
            teams=self.teams,
            held=tuple(
                HeldGrant(grant, Holder(HolderKind.GROUP, UUID(int=at), f"group {at}"), until)
                for at, (until, grants) in enumerate(self.groups)
                for grant in grants
            ),
        )


class Reference:
    """Section 2 of the design, steps 1, 3, 5 and 6, for one person at one moment."""

    def __init__(self, world: World, now: datetime) -> None:
        self.world, self.now = world, now

    def decide(self, key: str, record: RecordFacts) -> str | None:
        if not self.world.active:
            return None
        if key not in {"listings.create", "listings.list", "listings.read"}:
            read = self.decide("listings.read", record)
            if read != "full" and (read is None or key == "listings.identity.read"):
                return None
        if record.is_private and not self.is_own(record, ME) and not list(self.views("listings.private.read", record)):
            return None
        views = list(self.views(key, record))
        public = "public" in views and key != "listings.identity.read"
        return "full" if "full" in views else "public" if public else None

    def views(self, key: str, record: RecordFacts) -> Iterator[str]:
        for until, grants in self.world.groups:
            for grant in grants:
                over = any(end is not None and self.now >= end for end in (until, grant.expires_at))
                shows = grant.view.value == "full" or not record.is_private
                if grant.key == key and not over and shows and self.covers(grant, record):
                    yield grant.view.value

    def covers(self, grant: Grant, record: RecordFacts) -> bool:
        region = self.world.regions[OfficeId(record.office_id)]
        return {
            "all": True,
            "region": record.office_id in self.world.principal
            or (region is not None and any(self.world.regions[mine] == region for mine in self.world.principal)),
            "principal": record.office_id in self.world.principal,
            "secondary": record.office_id in self.world.secondary,
            "office": record.office_id == grant.reach_id,
            "own": self.is_own(record, ME),
            "user": self.is_own(record, grant.reach_id),
            "team": any(self.is_own(record, each) for each in self.world.teams.get(grant.reach_id or UUID(int=0), ())),
        }[grant.reach.value]

    def is_own(self, record: RecordFacts, person: UUID | None) -> bool:
        counted = {
            "assignee": [record.assignee_id],
            "creator": [record.created_by],
            "either": [record.assignee_id, record.created_by],
        }[self.world.ownership.value]
        return person in counted


ends = st.none() | st.integers(-2, 3).map(lambda days: NOW + timedelta(days=days))


@st.composite
def grants(draw: st.DrawFn) -> Grant:
    reach = draw(st.sampled_from(list(Reach)))
    named = {Reach.OFFICE: OFFICES, Reach.USER: PEOPLE, Reach.TEAM: TEAMS}.get(reach)
    personal = reach in {Reach.OWN, Reach.USER, Reach.TEAM}
    return Grant(
        key=draw(st.sampled_from(KEYS)),
        reach=reach,
        reach_id=draw(st.sampled_from(named)) if named else None,
        view=View.FULL if personal else draw(st.sampled_from(View)),
        expires_at=draw(ends),
    )


worlds = st.builds(
    World,
    active=st.integers(0, 9).map(bool),
    ownership=st.sampled_from(Ownership),
    principal=st.frozensets(st.sampled_from(OFFICES[:2])),
    secondary=st.frozensets(st.sampled_from(OFFICES[2:])),
    regions=st.fixed_dictionaries({office: st.none() | st.integers(0, 1) for office in OFFICES}),
    teams=st.fixed_dictionaries({team: st.frozensets(st.sampled_from(PEOPLE)) for team in TEAMS}),
    groups=st.lists(st.tuples(ends, st.lists(grants(), max_size=6).map(tuple)), max_size=4).map(tuple),
)


@pytest.mark.catalogue("IMO-B7", "IMO-B9", "IMO-B10", "IMO-B14")
@given(worlds)
def test_a_compiled_snapshot_decides_as_the_algebra_says(world: World) -> None:
    snapshot, reference = compile_snapshot(world.standing(), NOW), Reference(world, NOW)

    for key, record in product(KEYS, RECORDS):
        assert snapshot.decide(key, record) == reference.decide(key, record), (key, record)


@given(worlds)
def test_until_it_is_over_a_snapshot_says_what_a_new_one_would(world: World) -> None:
    standing = world.standing()
    snapshot = compile_snapshot(standing, NOW)
    last = (snapshot.not_after or NOW + timedelta(days=1000)) - timedelta(microseconds=1)

    assert compile_snapshot(standing, last).scopes == snapshot.scopes
    if snapshot.not_after is not None:
        assert snapshot.not_after > NOW


@given(worlds)
def test_rights_only_add(world: World) -> None:
    """Leaving a group never opens a record."""
    if not world.groups:
        return
    fewer = replace(world, groups=world.groups[1:])
    all_groups, without = (compile_snapshot(each.standing(), NOW) for each in (world, fewer))

    for key, record in product(KEYS, RECORDS[::7]):
        assert without.decide(key, record) in {None, View.PUBLIC, all_groups.decide(key, record)}
        assert not (without.decide(key, record) and not all_groups.decide(key, record))
