"""An explanation gives the answer of the algebra, and names a source that is worth what it claims.

What a source is worth is found by really taking it out of the organisation and asking the slow reference again.
"""

from collections import Counter
from dataclasses import replace
from itertools import product
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings

from services.authz.adapters.catalogue_file import permission_catalogue
from services.authz.domain.compiling import HeldGrant
from services.authz.domain.explaining import Decider, Explanation, Question, Rule, explain
from services.authz.domain.grant import Grant
from services.authz.domain.reach import Reach
from services.contracts.access import RecordFacts, RecordRight
from services.contracts.vocabulary import Ownership, View
from tests.unit.authz.algebra import CUTS, KEYS, RECORDS, RIGHTS, WholeReference, WholeWorld, whole_worlds
from tests.unit.authz.test_compiling import NOW, OFFICES, PEOPLE

QUICK = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
CATALOGUE = permission_catalogue()
ORDER = [Rule.STATE, Rule.SWITCH, Rule.READ, Rule.RECORD_RIGHT, Rule.PRIVATE, Rule.REACH]
THEIRS = RecordFacts(OFFICES[0], PEOPLE[1], PEOPLE[1], is_private=False)


seen = Counter[Decider]()


def without(world: WholeWorld, held: HeldGrant) -> WholeWorld:
    """Return the world in which one holder has one grant less."""
    groups = list(world.groups)
    until, granted = groups[held.through.id.int]
    at = next(at for at, grant in enumerate(granted) if grant is held.grant)
    groups[held.through.id.int] = (until, granted[:at] + granted[at + 1 :])
    return replace(world, groups=tuple(groups))


def really_without(world: WholeWorld, told: Explanation, key: str, record: RecordFacts) -> str | None:
    """Return what the algebra answers once the named source is gone."""
    match told.decided_by:
        case Decider.STATE:
            world = replace(world, active=True)
        case Decider.PRIVATE:
            record = replace(record, is_private=False)
        case Decider.SWITCH:
            world = replace(world, blocked=frozenset(each for each in world.blocked if not key.endswith(CUTS[each])))
        case Decider.RECORD_RIGHT:
            record = replace(record, rights=tuple(r for r in record.rights if r is not told.deciding.rights[0]))
        case Decider.GROUP | Decider.TEMPLATE | Decider.USER:
            assert told.source
            assert told.source.through.kind == told.decided_by.value
            world = without(world, told.source)
        case _:
            pass
    return WholeReference(world, NOW).decide(key, record)


@pytest.mark.catalogue("ON-78")
@QUICK
@given(whole_worlds(), RIGHTS)
def test_every_explanation_names_a_source_that_is_worth_what_it_claims(
    world: WholeWorld, rights: tuple[RecordRight, ...]
) -> None:
    standing, reference = world.standing(), WholeReference(world, NOW)

    for key, plain in product(KEYS, RECORDS[::3]):
        record = replace(plain, rights=rights)
        told = explain(standing, Question(key, record), CATALOGUE, NOW)
        assert told.view == reference.decide(key, record), (key, record)
        assert told.without == really_without(world, told, key, record), (key, record, told)
        seen[told.decided_by] += 1


def test_every_kind_of_source_has_decided() -> None:
    for _ in range(10):
        if seen.keys() != set(Decider):
            test_every_explanation_names_a_source_that_is_worth_what_it_claims()

    assert seen.keys() == set(Decider)


@QUICK
@given(whole_worlds())
def test_where_nothing_reaches_no_single_grant_is_to_blame(world: WholeWorld) -> None:
    for key, record in product(KEYS, RECORDS[::11]):
        told = explain(world.standing(), Question(key, record), CATALOGUE, NOW)
        if told.decided_by is Decider.NOTHING:
            for held in world.standing().held[::3]:
                assert WholeReference(without(world, held), NOW).decide(key, record) is None


@QUICK
@given(whole_worlds())
def test_the_steps_stand_in_the_order_of_the_rule_and_end_with_the_one_that_decided(world: WholeWorld) -> None:
    for key, record in product(KEYS, RECORDS[::5]):
        told = explain(world.standing(), Question(key, record), CATALOGUE, NOW)
        own = [step for step in told.steps if step.key == key]
        assert [step.rule for step in own] == sorted({step.rule for step in own}, key=ORDER.index)
        assert all(step.passed for step in told.steps) == (told.view is not None)
        assert told.steps[0].rule is Rule.STATE
        refused = [step for step in told.steps if not step.passed]
        assert told.deciding is (refused[0] if refused else told.steps[-1])


def held(*grants: Grant, active: bool = True) -> WholeWorld:
    office = frozenset({OFFICES[0]})
    return WholeWorld(
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
    world: WholeWorld,
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
    told = explain(
        held(Grant("listings.update", Reach.ALL)).standing(), Question("listings.update", THEIRS), CATALOGUE, NOW
    )

    assert (told.deciding.rule, told.deciding.key) == (Rule.REACH, "listings.read")
    assert [(step.rule, step.key, step.passed) for step in told.steps] == [
        (Rule.STATE, "listings.update", True),
        (Rule.REACH, "listings.read", False),
        (Rule.READ, "listings.update", False),
    ]
