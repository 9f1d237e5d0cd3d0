"""Three shapes of one set of grants: what is written reads back, and what a shape cannot say is kept."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import chain
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.authz.adapters.catalogue_file import permission_catalogue
from services.authz.domain.boxes import boxes
from services.authz.domain.categories import categories, toggled
from services.authz.domain.grant import Grant, Named, check_grants
from services.authz.domain.levels import extended, levels
from services.authz.domain.reach import NAMING, PERSONAL, Reach
from services.authz.domain.shapes import INDIVIDUAL, Dimension
from services.contracts.vocabulary import View

CATALOGUE = permission_catalogue()
GABI, LETTING, CENTRE = UUID(int=1), UUID(int=2), UUID(int=3)
IDS = {Reach.USER: GABI, Reach.TEAM: LETTING, Reach.OFFICE: CENTRE}
KNOWN = frozenset(Named(reach, each) for reach, each in IDS.items())
SECTIONS = ("listings", "contacts", "calendar", "tasks")
DIMENSIONS: dict[str, Dimension] = {
    **{f"box {s} {name}": each for s, box in boxes(CATALOGUE).items() for name, each in box.items()},
    **{f"level {s} {name}": each for s, rights in levels(CATALOGUE).items() for name, each in rights.items()},
    **{
        f"extended {s} {reach} {name}": each
        for s in SECTIONS
        for reach in (Reach.USER, Reach.TEAM)
        for name, each in extended(CATALOGUE, s, Named(reach, IDS[reach])).items()
    },
}


@st.composite
def sound_grants(draw: st.DrawFn) -> list[Grant]:
    """Return grants that the catalogue offers, no two the same, mostly of keys that the shapes are about."""
    keys = [key for key in CATALOGUE if key.startswith(SECTIONS)]
    found = dict[object, Grant]()
    for key in draw(st.lists(st.sampled_from(keys), max_size=30)):
        reach = draw(st.sampled_from(CATALOGUE[key].reaches))
        public = CATALOGUE[key].scoped and reach not in PERSONAL and draw(st.booleans())
        until = draw(st.sampled_from([None, None, None, datetime(2099, 1, 1, tzinfo=UTC)]))
        grant = Grant(key, reach, IDS[reach] if reach in NAMING else None, View.PUBLIC if public else View.FULL, until)
        found[grant.identity] = grant
    return list(found.values())


each_dimension = st.sampled_from(sorted(DIMENSIONS)).map(DIMENSIONS.__getitem__)


@pytest.mark.catalogue("MG-53", "ON-5", "ON-13")
@given(held=sound_grants(), dimension=each_dimension, draw=st.data())
def test_what_is_written_reads_back_and_leaves_everything_else_alone(
    held: list[Grant], dimension: Dimension, draw: st.DataObject
) -> None:
    value = draw.draw(st.sampled_from(sorted(dimension.values)))

    written = dimension.write(held, value)

    assert dimension.read(written) == value
    check_grants(written, CATALOGUE, KNOWN)
    assert {g for g in written if not dimension.covers(g)} == {g for g in held if not dimension.covers(g)}


@given(held=sound_grants(), dimension=each_dimension)
def test_writing_what_was_read_changes_nothing(held: list[Grant], dimension: Dimension) -> None:
    assert dimension.write(held, dimension.read(held)) == held


@given(held=sound_grants())
def test_a_whole_shape_written_back_changes_nothing(held: list[Grant]) -> None:
    for shape in (boxes(CATALOGUE), levels(CATALOGUE)):
        again: Sequence[Grant] = held
        for dimension in chain.from_iterable(values.values() for values in shape.values()):
            again = dimension.write(again, dimension.read(held))
        assert set(again) == set(held)
    for category in categories(CATALOGUE):
        on = [grant for grant in category.grants.values() if grant in held]
        off = [g for g in category.grants.values() if g.identity not in {each.identity for each in held}]
        assert set(toggled(held, on, off)) == set(held)


@given(held=sound_grants(), numbers=st.sets(st.integers(1, 182)), data=st.data())
def test_a_category_holds_exactly_what_was_switched_on(
    held: list[Grant], numbers: set[int], data: st.DataObject
) -> None:
    category = data.draw(st.sampled_from(list(categories(CATALOGUE))))
    on = {number for number in category.grants if number in numbers}

    written = toggled(
        held,
        [category.grants[number] for number in on],
        [grant for number, grant in category.grants.items() if number not in on],
    )

    assert {number for number, grant in category.grants.items() if grant in written} == on
    touched = {grant.identity for grant in category.grants.values()}
    assert [g for g in written if g.identity not in touched] == [g for g in held if g.identity not in touched]


def test_every_number_of_imo_stands_in_one_category_and_for_one_grant() -> None:
    numbered = [pair for category in categories(CATALOGUE) for pair in category.grants.items()]
    assert [number for number, _ in numbered] == list(range(1, 183))
    assert len({grant for _, grant in numbered}) == 182


@pytest.mark.parametrize(
    ("box", "value", "level", "expected", "numbers"),
    [
        ("edit", "own", "write", "own", {92}),
        ("edit", "principal", "write", "office", {136}),
        ("edit", "all", "write", "all", {7}),
        ("delete", "principal", "delete", "office", {155}),
        ("principal", "own", "read", "own", {100, 106}),
        ("principal", "office", "read", "office", {149, 156}),
        ("principal", "office_public", "read", INDIVIDUAL, set[int]()),
        ("secondary", "office", "read", INDIVIDUAL, set[int]()),
        ("create", "yes", "create", "all", {2}),
        ("print", "yes", "print", "all", set[int]()),
    ],
)
def test_what_a_box_says_the_other_shapes_say_in_their_words(
    box: str, value: str, level: str, expected: str, numbers: set[int]
) -> None:
    written = boxes(CATALOGUE)["listings"][box].write([], value)

    assert levels(CATALOGUE)["listings"][level].read(written) == expected
    held = {n for category in categories(CATALOGUE) for n, grant in category.grants.items() if grant in written}
    assert held == numbers


@pytest.mark.parametrize(("level", "box"), [("region", INDIVIDUAL), ("office", "principal"), ("all", "all")])
def test_what_a_level_says_a_box_says_or_calls_individual(level: str, box: str) -> None:
    written = levels(CATALOGUE)["contacts"]["write"].write([], level)

    assert boxes(CATALOGUE)["contacts"]["edit"].read(written) == box


@pytest.mark.catalogue("MG-32", "MG-36", "MG-39", "MG-41", "MG-45", "MG-49", "MG-51", "MG-58")
def test_a_box_offers_what_the_manual_offers() -> None:
    offered = {name: list(each.values) for name, each in boxes(CATALOGUE)["listings"].items()}
    assert offered == {
        "principal": ["none", "own", "office", "office_public"],
        "secondary": ["none", "office", "office_public"],
        "create": ["no", "yes"],
        "edit": ["none", "own", "principal", "all"],
        "delete": ["none", "own", "principal", "all"],
        "export": ["no", "yes"],
        "print": ["no", "yes"],
    }
