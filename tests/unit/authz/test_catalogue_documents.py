"""Every right that a manual asks for is a permission, a value of a shape, or a behaviour that says why it is neither.

Walks the requirements in docs/catalogue and finds each of them in the permission catalogue.
"""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from services.authz.adapters.catalogue_file import permission_catalogue
from services.authz.domain.boxes import boxes
from services.authz.domain.grant import Grant, check_grants
from services.authz.domain.levels import levels
from services.authz.domain.reach import Reach
from tests.unit.authz.test_catalogue_data import CATALOGUE, OFFERED

DOCUMENTS: Final = Path(__file__).parents[3] / "docs" / "catalogue"
PERMISSIONS: Final = permission_catalogue()
SOURCES: Final = frozenset(source for each in CATALOGUE for source in each["source"])

RECORDS: Final = ("listings", "inquiries", "contacts", "calendar", "tasks", "documents", "criteria")
"""The sections whose records an agency manages: each has a whole box."""

WITHOUT_RECORDS: Final = ("links", "dictionaries", "locations", "streets", "exchange", "imports", "reports", "admin")
"""The other sections that a box could be asked for: they have no records of their own to read."""

CATEGORIES: Final[Sequence[tuple[str, range, frozenset[str]]]] = (
    ("contact management", range(38, 42), frozenset({"contacts"})),
    ("property tracking", range(42, 43), frozenset({"tracking"})),
    ("search criteria", range(43, 48), frozenset({"criteria"})),
    ("task management", range(48, 50), frozenset({"tasks"})),
    ("project management", range(50, 54), frozenset({"projects"})),
    ("reminders", range(54, 55), frozenset({"reminders"})),
    ("appointment management", range(55, 60), frozenset({"calendar"})),
    ("working time", range(60, 66), frozenset({"working_time"})),
    ("record right", range(66, 67), frozenset({"record_rights"})),
    ("internal services", range(67, 69), frozenset({"services"})),
    ("marketplace", range(69, 71), frozenset({"marketplace"})),
    ("employee statistics", range(71, 72), frozenset({"reports"})),
    ("statistics", range(72, 75), frozenset({"statistics"})),
    ("logging", range(75, 78), frozenset({"reports"})),
    ("description of the rights", range(78, 79), frozenset()),
    ("billing", range(79, 87), frozenset({"billing"})),
    ("properties", range(87, 88), frozenset({"listings"})),
    ("history", range(88, 94), frozenset({"activities"})),
    ("templates", range(94, 96), frozenset({"text_templates"})),
    ("further modules", range(96, 99), frozenset({"modules", "messenger", "synchronisation"})),
    ("export and print", range(99, 102), frozenset({*RECORDS})),
    ("process manager", range(102, 109), frozenset({"processes"})),
    ("website modules", range(109, 110), frozenset({"websites"})),
    ("smart site", range(110, 111), frozenset({"smart_site"})),
    ("dashboard", range(111, 117), frozenset({"dashboard"})),
    ("administrative rights", range(117, 122), frozenset({"admin"})),
)
"""onOffice's 26 categories in its order: their requirements, and the sections in which the rights stand."""

NO_PERMISSION: Final = {
    "ON-78": "a text on the card of a person's rights",
    "MG-33": "a value of the box",
    "MG-34": "a value of the box",
    "MG-35": "a value of the box",
    "MG-37": "a value of the box",
    "MG-38": "a value of the box",
    "MG-40": "a value of the box",
    "MG-42": "a value of the box",
    "MG-43": "a value of the box",
    "MG-46": "a value of the box",
    "MG-47": "a value of the box",
    "MG-50": "a value of the box",
    "MG-52": "a value of the box",
    "MG-53": "all boxes",
}
"""What a manual lists among its rights and is no permission of its own, with what it is."""

VALUES: Final = {
    "principal": ["none", "own", "office", "office_public"],
    "secondary": ["none", "office", "office_public"],
    "create": ["no", "yes"],
    "edit": ["none", "own", "principal", "all"],
    "delete": ["none", "own", "principal", "all"],
    "export": ["no", "yes"],
    "print": ["no", "yes"],
}
"""miogest's seven dimensions with all their values."""


def requirements(document: str) -> list[str]:
    found = tomllib.loads((DOCUMENTS / f"{document}.toml").read_text("utf-8"))["requirement"]
    return [each["id"] for each in found]


def listed(document: str, first: str, last: str) -> list[str]:
    """Return the requirements of a document from one to another."""
    ids = requirements(document)
    return ids[ids.index(first) : ids.index(last) + 1]


RIGHTS: Final = [*listed("miogest", "MG-32", "MG-53"), *listed("onoffice", "ON-38", "ON-121")]


@pytest.mark.parametrize("requirement", RIGHTS)
def test_every_right_of_the_manuals_is_called_for_by_a_permission_or_is_told_to_be_none(requirement: str) -> None:
    assert (requirement in SOURCES) != (requirement in NO_PERMISSION), requirement


@pytest.mark.catalogue("IMO-1..182")
def test_every_number_of_imo_is_a_grant_that_the_catalogue_offers() -> None:
    reach = {"all": Reach.ALL, "others": Reach.ALL, "branch": Reach.PRINCIPAL, "own": Reach.OWN}
    for (key, scope), number in OFFERED.items():
        check_grants([Grant(key, reach[scope])], PERMISSIONS, frozenset())
        assert f"IMO-{number}" in SOURCES


@pytest.mark.catalogue("MG-32..53")
@pytest.mark.parametrize("section", RECORDS)
def test_every_section_with_records_has_a_box_of_all_seven_dimensions_with_all_values(section: str) -> None:
    box = boxes(PERMISSIONS)[section]

    assert list(box) == list(VALUES)
    for name, values in VALUES.items():
        offered = [value for value in values if section != "calendar" or value != "own"]
        assert list(box[name].values) == offered, (section, name)


def test_only_the_calendar_lacks_a_value_because_ones_own_entries_need_no_permission() -> None:
    for section in RECORDS:
        lacking = {
            value
            for name, values in VALUES.items()
            for value in set(values) - {*boxes(PERMISSIONS)[section][name].values}
        }
        assert lacking == ({"own"} if section == "calendar" else set()), section


@pytest.mark.parametrize("section", WITHOUT_RECORDS)
def test_a_section_without_records_has_selectors_instead_of_a_box(section: str) -> None:
    assert section not in boxes(PERMISSIONS)
    assert levels(PERMISSIONS)[section]


@pytest.mark.catalogue("ON-122")
def test_the_26_categories_stand_in_their_order_without_a_gap() -> None:
    assert len(CATEGORIES) == 26
    assert [number for _, numbers, _ in CATEGORIES for number in numbers] == list(range(38, 122))


@pytest.mark.catalogue(
    "ON-38..45", "ON-47..57", "ON-59..65", "ON-67", "ON-69..71", "ON-73", "ON-79", "ON-81..85", "ON-87..89"
)
@pytest.mark.catalogue("ON-91", "ON-92", "ON-94..100", "ON-102..107", "ON-109", "ON-110", "ON-115", "ON-118..121")
@pytest.mark.parametrize(("name", "numbers", "sections"), CATEGORIES, ids=[name for name, _, _ in CATEGORIES])
def test_a_category_of_onoffice_has_a_selector_for_each_of_its_rights(
    name: str, numbers: range, sections: frozenset[str]
) -> None:
    asked = {f"ON-{number}" for number in numbers}
    keys = [each["key"] for each in CATALOGUE if asked & {*each["source"]}]

    assert {PERMISSIONS[key].section for key in keys} == sections, name
    for key in keys:
        selectors = [right for right in levels(PERMISSIONS)[PERMISSIONS[key].section].values() if key in right.keys]
        assert len(selectors) == 1, key
        scoped = ["none", "own", "office", "region", "all"] if Reach.OWN in PERMISSIONS[key].reaches else None
        assert list(selectors[0].values) == (
            scoped or ["none", *(["office", "region"] if PERMISSIONS[key].scoped else []), "all"]
        )


def test_what_belongs_to_a_module_is_granted_held_and_decided_like_everything_else() -> None:
    of_modules = [each for each in PERMISSIONS.values() if each.module is not None]

    assert len(of_modules) > 50
    for each in of_modules:
        for reach in (Reach.ALL, *((Reach.OWN, Reach.REGION) if each.scoped else ())):
            check_grants([Grant(each.key, reach)], PERMISSIONS, frozenset())


def test_a_module_has_whole_sections_and_the_core_needs_none() -> None:
    for section in {each.section for each in PERMISSIONS.values()}:
        modules = {each.module for each in PERMISSIONS.values() if each.section == section}
        assert modules in ({None}, {section}), section
    core = {each.section for each in PERMISSIONS.values() if each.module is None}
    assert {*RECORDS, *WITHOUT_RECORDS} <= core
    assert {each.module for each in PERMISSIONS.values() if each.offered} <= {None, "billing"}
