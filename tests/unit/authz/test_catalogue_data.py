"""The permission catalogue is data; these promises keep the data true to the manuals and to itself."""

import json
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Final, TypedDict, cast

import pytest

Permission = TypedDict(
    "Permission",
    {
        "key": str,
        "section": str,
        "class": str,
        "scoped": bool,
        "reaches": list[str],
        "switch": str | None,
        "offered": dict[str, int],
        "source": list[str],
        "name": dict[str, str],
        "description": dict[str, str],
    },
)

FILE: Final = Path(__file__).parents[3] / "services" / "authz" / "catalogue" / "permissions.json"
CATALOGUE: Final = cast("list[Permission]", json.loads(FILE.read_text(encoding="utf-8")))
PERMISSIONS: Final[Mapping[str, Permission]] = {each["key"]: each for each in CATALOGUE}
OFFERED: Final[Mapping[tuple[str, str], int]] = {
    (each["key"], scope): number for each in CATALOGUE for scope, number in each["offered"].items()
}

REACHES: Final = ["all", "region", "principal", "secondary", "office", "own", "user", "team"]
LANGUAGES: Final = ["en", "it", "pl", "de", "fr"]
CLASSES: Final = {"read", "write", "identity", "none"}
REACH_OF_SCOPE: Final = {"all": "all", "branch": "principal", "own": "own", "others": "all"}
SWITCH_OF_ENDING: Final = {
    ".print": "print",
    ".email": "email",
    ".publish": "portals",
    ".private.create": "private_cards",
    ".private_note.update": "private_notes",
}

CATEGORIES: Final = (
    (range(1, 34), "all", {"listings"}),
    (range(34, 54), "all", {"inquiries"}),
    (range(54, 56), "all", {"billing", "contacts"}),
    (range(56, 59), "all", {"links"}),
    (range(59, 68), "all", {"locations", "streets", "dictionaries"}),
    (range(68, 80), "all", {"admin", "exchange"}),
    (range(80, 81), "branch", {"exchange"}),
    (range(81, 83), "all", {"admin"}),
    (range(83, 86), "all", {"reports"}),
    (range(86, 90), "all", {"imports"}),
    (range(90, 110), "own", {"listings"}),
    (range(110, 125), "own", {"inquiries"}),
    (range(125, 129), "others", {"calendar"}),
    (range(129, 133), "all", {"documents"}),
    (range(133, 160), "branch", {"listings"}),
    (range(160, 178), "branch", {"inquiries"}),
    (range(178, 180), "branch", {"admin"}),
    (range(180, 183), "branch", {"links"}),
)
"""IMO's numbers by category: which scope and which sections each stretch holds."""

SCOPE_OF_LETTER: Final = {"a": "all", "b": "branch", "o": "own"}
MATRIX: Final = {
    "listings": """
        private.create a, create a, photos.stamp abo, exchange.read a, identity.update abo, identity.fill ab,
        update abo, banner.update ab, no_commission.update abo, investment.update ab, superoffer.update ab,
        publish abo, identity.email abo, bulk.renumber a, bulk.reassign abo, bulk.delete ab, copy abo,
        identity.read abo, documents.read abo, private.read ab, read abo, private_note.read ab,
        archive.schedule abo, restore.schedule abo, exchange.promote a, archive.now abo, restore.now abo,
        delete abo, list abo, identity.print abo, offline.save ao, key_holder.update abo, assignee.update ab
    """,
    "inquiries": """
        create a, private.create a, identity.update abo, no_commission.update abo, update abo,
        bulk.reassign abo, bulk.delete ab, identity.read abo, documents.read abo, read abo, private.read ab,
        archive.schedule abo, restore.schedule abo, archive.now abo, restore.now abo, delete abo, list abo,
        print abo, identity.print abo, assignee.update ab
    """,
    "links": "update ab, create ab, delete ab",
    "admin": "objection.update ab, personal_data.print ab",
    "exchange": "manage ab",
}
"""At which scopes IMO offers the permissions that it scopes: all, branch, own."""


def matrix() -> dict[str, set[str]]:
    """Return the scopes of each key in MATRIX."""
    rows = ((section, *row.split()) for section, text in MATRIX.items() for row in text.split(","))
    return {f"{section}.{rest}": {SCOPE_OF_LETTER[each] for each in letters} for section, rest, letters in rows}


def acts_on(permission: Permission, section: str) -> bool:
    return permission["section"] == section and bool(permission["offered"])


@pytest.mark.catalogue("IMO-1..182")
def test_each_of_the_182_imo_permissions_is_offered_exactly_once() -> None:
    assert sorted(OFFERED.values()) == list(range(1, 183))


def test_the_182_are_96_keys() -> None:
    assert sum(bool(each["offered"]) for each in CATALOGUE) == 96


@pytest.mark.catalogue("IMO-1..182")
@pytest.mark.parametrize(("numbers", "scope", "sections"), CATEGORIES)
def test_a_category_of_imo_keeps_its_numbers(numbers: range, scope: str, sections: set[str]) -> None:
    found = {number: (key, at) for (key, at), number in OFFERED.items() if number in numbers}

    assert set(found) == set(numbers)
    assert {at for _, at in found.values()} == {scope}
    assert {PERMISSIONS[key]["section"] for key, _ in found.values()} == sections


@pytest.mark.catalogue("IMO-1..53", "IMO-56..58", "IMO-71", "IMO-78..80", "IMO-90..124", "IMO-133..182")
def test_scoped_permissions_are_offered_where_the_manual_offers_them() -> None:
    assert {key: set(PERMISSIONS[key]["offered"]) for key in matrix()} == matrix()


@pytest.mark.catalogue("IMO-54", "IMO-55", "IMO-59..70", "IMO-72..77", "IMO-81..89", "IMO-125..132")
def test_what_the_matrix_leaves_out_has_a_single_scope() -> None:
    rest = [each for each in CATALOGUE if each["offered"] and each["key"] not in matrix()]

    assert len(rest) == 37
    for each in rest:
        scope = "others" if each["section"] == "calendar" else "all"
        assert list(each["offered"]) == [scope], each["key"]


@pytest.mark.parametrize("scope", ["own", "branch"])
@pytest.mark.parametrize("section", ["listings", "inquiries"])
def test_own_and_branch_list_their_permissions_in_the_order_of_all(section: str, scope: str) -> None:
    both = [each["offered"] for each in CATALOGUE if acts_on(each, section) and scope in each["offered"]]
    narrow = [offered[scope] for offered in sorted(both, key=lambda offered: offered["all"])]

    assert all(earlier < later for earlier, later in pairwise(narrow))


def test_a_permission_offers_no_scope_that_its_reaches_cannot_express() -> None:
    for each in CATALOGUE:
        assert {REACH_OF_SCOPE[scope] for scope in each["offered"]} <= set(each["reaches"]), each["key"]


def test_entries_are_unique_and_sorted_by_section_and_key() -> None:
    order = [(each["section"], each["key"]) for each in CATALOGUE]

    assert order == sorted(order)
    assert len(PERMISSIONS) == len(CATALOGUE)


def test_the_section_is_the_first_word_of_the_key() -> None:
    for each in CATALOGUE:
        assert each["key"].startswith(f"{each['section']}."), each["key"]


def test_every_entry_has_the_same_fields() -> None:
    fields = tuple(Permission.__annotations__)
    assert {tuple(each) for each in CATALOGUE} == {fields, (*fields, "module")}


def test_classes_are_those_of_record_rights() -> None:
    assert {each["class"] for each in CATALOGUE} == CLASSES


def test_identity_data_and_private_notes_are_of_class_identity() -> None:
    for each in CATALOGUE:
        if ".identity." in each["key"] or ".private_note." in each["key"]:
            assert each["class"] == "identity", each["key"]


def test_creating_has_no_record_yet_and_so_no_class() -> None:
    for each in CATALOGUE:
        if each["key"].endswith(".create") and each["section"] != "links":
            assert each["class"] == "none", each["key"]


def test_a_permission_without_reach_is_beyond_record_rights() -> None:
    assert {each["class"] for each in CATALOGUE if not each["scoped"]} == {"none"}


def test_reaches_are_known_and_in_the_order_of_the_lattice() -> None:
    for each in CATALOGUE:
        assert each["reaches"], each["key"]
        assert each["reaches"] == [reach for reach in REACHES if reach in each["reaches"]], each["key"]


def test_scoped_means_more_than_one_reach_and_unscoped_means_all() -> None:
    for each in CATALOGUE:
        assert each["reaches"][0] == "all", each["key"]
        assert each["scoped"] == (len(each["reaches"]) > 1), each["key"]


def test_own_is_not_offered_where_nothing_of_ones_own_needs_a_permission() -> None:
    for each in CATALOGUE:
        if each["section"] == "calendar" or each["key"].endswith(".private.read"):
            assert "own" not in each["reaches"], each["key"]


def test_switches_cut_exactly_the_keys_with_their_endings() -> None:
    for each in CATALOGUE:
        expected = [switch for ending, switch in SWITCH_OF_ENDING.items() if each["key"].endswith(ending)]
        assert [each["switch"]] == (expected or [None]), each["key"]


def test_every_switch_cuts_something() -> None:
    assert {each["switch"] for each in CATALOGUE} == {*SWITCH_OF_ENDING.values(), None}


@pytest.mark.parametrize("section", ["listings", "inquiries", "contacts", "calendar", "tasks", "documents"])
@pytest.mark.parametrize("action", ["read", "create", "update", "delete", "export", "print"])
def test_every_section_with_records_has_the_actions_of_a_box(section: str, action: str) -> None:
    assert f"{section}.{action}" in PERMISSIONS


@pytest.mark.parametrize("section", ["listings", "inquiries", "contacts"])
@pytest.mark.parametrize("way_out", ["print", "email", "export"])
def test_identity_data_leaves_only_by_a_permission_of_its_own(section: str, way_out: str) -> None:
    assert (f"{section}.{way_out}" in PERMISSIONS) == (f"{section}.identity.{way_out}" in PERMISSIONS)


def test_every_entry_names_where_it_comes_from() -> None:
    for each in CATALOGUE:
        numbers = [f"IMO-{number}" for number in each["offered"].values()]
        assert each["source"][: len(numbers)] == numbers, each["key"]
        assert each["source"], each["key"]
        assert len(set(each["source"])) == len(each["source"]), each["key"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_entry_speaks_every_language(language: str) -> None:
    for each in CATALOGUE:
        assert list(each["name"]) == LANGUAGES
        assert list(each["description"]) == LANGUAGES
        assert each["name"][language].strip() == each["name"][language] != "", each["key"]
        assert each["description"][language].endswith("."), each["key"]
        assert len(each["description"][language]) <= 160, each["key"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_permissions_share_a_name(language: str) -> None:
    names = Counter(each["name"][language] for each in CATALOGUE)

    assert [name for name, count in names.items() if count > 1] == []
