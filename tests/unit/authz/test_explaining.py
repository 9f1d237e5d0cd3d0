"""An explanation gives the answer of the algebra, and names a source that is worth what it claims.

What a source is worth is found by really taking it out of the organisation and asking the slow reference again.
"""

from dataclasses import replace
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given

from services.authz.adapters.catalogue_file import permission_catalogue
from services.authz.domain.compiling import HeldGrant
from services.authz.domain.explaining import Decider, Explanation, Question, Rule, explain
from services.authz.domain.grant import Grant
from services.authz.domain.reach import Reach
from services.contracts.access import RecordFacts
from services.contracts.vocabulary import Ownership, View
from tests.unit.authz.test_compiling import KEYS, NOW, OFFICES, PEOPLE, RECORDS, Reference, World, worlds

CATALOGUE = permission_catalogue()
ORDER = [Rule.STATE, Rule.SWITCH, Rule.READ, Rule.RECORD_RIGHT, Rule.PRIVATE, Rule.REACH]
THEIRS = RecordFacts(OFFICES[0], PEOPLE[1], PEOPLE[1], is_private=False)


def without(world: World, held: HeldGrant) -> World:
    """Return the world in which one holder has one grant less."""
    groups = list(world.groups)
    until, granted = groups[held.through.id.int]
    at = next(at for at, grant in enumerate(granted) if grant is held.grant)
    groups[held.through.id.int] = (until, granted[:at] + granted[at + 1 :])
    return replace(world, groups=tuple(groups))


def really_without(world: World, told: Explanation, key: str, record: RecordFacts) -> str | None:
    """Return what the algebra answers once the named source is gone."""
    match told.decided_by:
        case Decider.STATE:
            world = replace(world, active=True)
        case Decider.PRIVATE:
            record = replace(record, is_private=False)
        case Decider.GROUP:
            assert told.source
            world = without(world, told.source)
        case _:
            pass
    return Reference(world, NOW).decide(key, record)


@given(worlds)
def test_every_explanation_names_a_source_that_is_worth_what_it_claims(world: World) -> None:
    standing, reference = world.standing(), Reference(world, NOW)

    for key, record in product(KEYS, RECORDS[::3]):
        told = explain(standing, Question(key, record), CATALOGUE, NOW)
        assert told.view == reference.decide(key, record), (key, record)
        assert told.without == really_without(world, told, key, record), (key, record, told)
        assert (told.view is not None) == (told.source is not None)


@given(worlds)
def test_where_nothing_reaches_no_single_grant_is_to_blame(world: World) -> None:
    for key, record in product(KEYS, RECORDS[::11]):
        told = explain(world.standing(), Question(key, record), CATALOGUE, NOW)
        if told.decided_by is Decider.NOTHING:
            for held in world.standing().held:
                assert Reference(without(world, held), NOW).decide(key, record) is None


@given(worlds)
def test_the_steps_stand_in_the_order_of_the_rule_and_end_with_the_one_that_decided(world: World) -> None:
    for key, record in product(KEYS, RECORDS[::5]):
        told = explain(world.standing(), Question(key, record), CATALOGUE, NOW)
        own = [step for step in told.steps if step.key == key]
        assert [step.rule for step in own] == sorted({step.rule for step in own}, key=ORDER.index)
        assert all(step.passed for step in told.steps) == (told.view is not None)
        assert told.steps[0].rule is Rule.STATE
        refused = [step for step in told.steps if not step.passed]
        assert told.deciding is (refused[0] if refused else told.steps[-1])


def held(*grants: Grant, active: bool = True) -> World:
    office = frozenset({OFFICES[0]})
    return World(
        active, Ownership.ASSIGNEE, office, frozenset(), dict.fromkeys(OFFICES), {}, tuple((None, (g,)) for g in grants)
    )


@pytest.mark.parametrize(
    ("world", "key", "record", "decided_by", "at", "view", "without_it"),
    [
        (held(Grant("listings.read", Reach.ALL)), "listings.read", THEIRS, Decider.GROUP, 0, "full", None),
        (
            held(Grant("listings.read", Reach.ALL, view=View.PUBLIC), Grant("listings.read", Reach.PRINCIPAL)),
            "listings.read",
            THEIRS,
            Decider.GROUP,
            1,
            "full",
            "public",
        ),
        (
            held(Grant("listings.read", Reach.ALL), Grant("listings.read", Reach.PRINCIPAL)),
            "listings.read",
            THEIRS,
            Decider.GROUP,
            0,
            "full",
            "full",
        ),
        (
            held(Grant("listings.read", Reach.ALL)),
            "listings.read",
            replace(THEIRS, is_private=True),
            Decider.PRIVATE,
            None,
            None,
            "full",
        ),
        (held(Grant("listings.read", Reach.ALL)), "listings.update", THEIRS, Decider.NOTHING, None, None, None),
        (held(Grant("listings.update", Reach.ALL)), "listings.update", THEIRS, Decider.NOTHING, None, None, None),
        (
            held(Grant("listings.read", Reach.ALL), active=False),
            "listings.read",
            THEIRS,
            Decider.STATE,
            None,
            None,
            "full",
        ),
        (held(Grant("listings.create", Reach.ALL)), "listings.create", None, Decider.GROUP, 0, "full", None),
        (held(), "listings.create", None, Decider.NOTHING, None, None, None),
    ],
)
def test_case_by_case(
    world: World,
    key: str,
    record: RecordFacts | None,
    decided_by: Decider,
    at: int | None,
    view: str | None,
    without_it: str | None,
) -> None:
    told = explain(world.standing(), Question(key, record), CATALOGUE, NOW)

    assert (told.decided_by, told.view, told.without) == (decided_by, view, without_it)
    assert (told.source and told.source.through.id) == (None if at is None else UUID(int=at))


def test_who_may_not_read_is_told_which_key_he_lacks() -> None:
    told = explain(held(Grant("listings.update", Reach.ALL)).standing(), Question("listings.update", THEIRS), CATALOGUE, NOW)

    assert (told.deciding.rule, told.deciding.key) == (Rule.REACH, "listings.read")
    assert [(step.rule, step.key, step.passed) for step in told.steps] == [
        (Rule.STATE, "listings.update", True),
        (Rule.REACH, "listings.read", False),
        (Rule.READ, "listings.update", False),
    ]
