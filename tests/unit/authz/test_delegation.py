"""Nobody opens a record to anybody that is closed to himself, or for longer than it is open to himself."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.authz.domain.administrator import ADMINISTRATOR_KEYS
from services.authz.domain.compiling import HeldGrant, Standing, compile_snapshot
from services.authz.domain.delegation import GrantsMoreThanHeld, check_delegation
from services.authz.domain.grant import Grant
from services.authz.domain.holder import Holder, HolderKind
from services.authz.domain.reach import Reach
from services.contracts.access import RecordFacts
from services.contracts.vocabulary import Ownership, View
from tests.unit.authz.test_compiling import NOW, OFFICES, PEOPLE, RECORDS, TENANT, World, grants, worlds

GROUP = Holder(HolderKind.GROUP, TENANT, "group")
RANK = {None: 0, View.PUBLIC: 1, View.FULL: 2}


def allowed(giver: Standing, receivers: list[Standing], *given_grants: Grant) -> bool:
    try:
        check_delegation(giver, receivers, [HeldGrant(grant, GROUP) for grant in given_grants], NOW)
    except GrantsMoreThanHeld:
        return False
    return True


def holding(*held: Grant, at: int = 0, office: int = 0) -> Standing:
    """Return a person with these grants, principal in one office."""
    world = World(
        True, Ownership.ASSIGNEE, frozenset({OFFICES[office]}), frozenset(), dict.fromkeys(OFFICES), {}, ((None, held),)
    )
    return replace(world.standing(), user_id=PEOPLE[at])


def sees(standing: Standing, grant: Grant, record: RecordFacts) -> int:
    """Return how much one grant alone would show a person of a record."""
    alone = replace(standing, is_active=True, held=(HeldGrant(grant, GROUP),))
    return RANK[compile_snapshot(alone, NOW).scope(grant.key).view_of(record, alone.user_id, alone.ownership)]


@given(worlds, worlds, st.lists(grants(), max_size=4))
def test_what_may_be_given_shows_nothing_that_the_giver_may_not_see(
    one: World, two: World, given_grants: list[Grant]
) -> None:
    giver = replace(one.standing(), is_active=True)
    receiver = replace(two.standing(), user_id=PEOPLE[1], teams=giver.teams, ownership=giver.ownership)
    if not allowed(giver, [receiver], *given_grants):
        return
    held = compile_snapshot(giver, NOW)
    for grant, record in product(given_grants, RECORDS):
        if grant.reach is not Reach.OWN and (grant.expires_at is None or grant.expires_at > NOW):
            own = RANK[held.scope(grant.key).view_of(record, giver.user_id, giver.ownership)]
            assert sees(receiver, grant, record) <= own


@given(worlds)
def test_what_one_holds_for_ever_may_be_given_to_who_works_in_the_same_offices(world: World) -> None:
    lasting = tuple((None, tuple(replace(grant, expires_at=None) for grant in held)) for _, held in world.groups)
    giver = replace(replace(world, groups=lasting).standing(), is_active=True)
    colleague = replace(giver, user_id=PEOPLE[1])

    assert allowed(giver, [colleague], *(held.grant for held in giver.held))


@pytest.mark.parametrize(
    ("held", "given_grant", "expected"),
    [
        (Grant("listings.read", Reach.PRINCIPAL), Grant("listings.read", Reach.PRINCIPAL), True),
        (Grant("listings.read", Reach.PRINCIPAL), Grant("listings.read", Reach.OFFICE, OFFICES[0]), True),
        (Grant("listings.read", Reach.PRINCIPAL), Grant("listings.read", Reach.OFFICE, OFFICES[1]), False),
        (Grant("listings.read", Reach.PRINCIPAL), Grant("listings.read", Reach.OWN), False),
        (Grant("listings.read", Reach.PRINCIPAL), Grant("listings.read", Reach.ALL, view=View.PUBLIC), False),
        (Grant("listings.read", Reach.PRINCIPAL), Grant("listings.update", Reach.PRINCIPAL), False),
        (Grant("listings.read", Reach.OWN), Grant("listings.read", Reach.OWN), True),
        (Grant("listings.read", Reach.OWN), Grant("listings.read", Reach.USER, PEOPLE[0]), True),
        (Grant("listings.read", Reach.OWN), Grant("listings.read", Reach.USER, PEOPLE[1]), False),
        (Grant("listings.read", Reach.ALL), Grant("listings.read", Reach.USER, PEOPLE[1]), True),
        (
            Grant("listings.read", Reach.ALL, view=View.PUBLIC),
            Grant("listings.read", Reach.PRINCIPAL, view=View.PUBLIC),
            True,
        ),
        (Grant("listings.read", Reach.ALL, view=View.PUBLIC), Grant("listings.read", Reach.PRINCIPAL), False),
        (Grant("listings.create", Reach.ALL), Grant("listings.create", Reach.ALL), True),
    ],
)
def test_reach_by_reach(held: Grant, given_grant: Grant, expected: bool) -> None:
    assert allowed(holding(held), [holding(at=1)], given_grant) is expected


def test_the_same_words_reach_further_for_a_colleague_elsewhere() -> None:
    giver, grant = holding(Grant("listings.read", Reach.PRINCIPAL)), Grant("listings.read", Reach.PRINCIPAL)

    assert allowed(giver, [holding(at=1, office=0)], grant)
    assert not allowed(giver, [holding(at=1, office=1)], grant)


def test_what_ends_can_only_be_given_until_it_ends() -> None:
    week, month = NOW + timedelta(days=7), NOW + timedelta(days=30)
    giver = holding(Grant("listings.read", Reach.ALL, expires_at=week))

    assert allowed(giver, [], Grant("listings.read", Reach.ALL, expires_at=week))
    assert not allowed(giver, [], Grant("listings.read", Reach.ALL, expires_at=month))
    assert not allowed(giver, [], Grant("listings.read", Reach.ALL))


def test_an_administrator_gives_what_he_does_not_hold() -> None:
    administrator = holding(*(Grant(key, Reach.ALL) for key in ADMINISTRATOR_KEYS))
    half = holding(Grant(ADMINISTRATOR_KEYS[0], Reach.ALL))

    assert allowed(administrator, [], Grant("listings.read", Reach.ALL))
    assert not allowed(half, [], Grant("listings.read", Reach.ALL))


def test_a_refusal_names_the_keys() -> None:
    wanted = [
        HeldGrant(Grant(key, Reach.ALL), GROUP) for key in ("listings.update", "listings.create", "listings.read")
    ]

    with pytest.raises(GrantsMoreThanHeld, match=r"listings\.create, listings\.update\.$"):
        check_delegation(holding(Grant("listings.read", Reach.ALL)), [], wanted, NOW)
