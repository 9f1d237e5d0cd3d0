"""Every section describes its records completely: no field without a tier, a column and a permission."""

import re
from dataclasses import fields

import pytest

from services.records.domain.record import Filter, Record, Tier
from services.records.domain.sorting import START
from services.records.operations.record_events import EVENTS
from services.records.store.sections import TABLES
from services.records.store.table import Table

each_table = pytest.mark.parametrize("table", TABLES.values(), ids=TABLES.keys())
FIXED = {"id", "number", "created_by", "version", "created_at", "updated_at"}
SHARED_PARAMETERS = 18


def _fields(table: Table[Record]) -> set[str]:
    never = {"rights"} if table.privacy == "is_private" else {"rights", "is_private"}
    return {field.name for field in fields(table.kind)} - never


@each_table
def test_every_field_is_in_exactly_one_tier_and_what_can_change_has_a_permission(table: Table[Record]) -> None:
    section = table.section
    assert table.kind.section is section
    placed = [name for names in section.tiers.values() for name in names]
    assert sorted(placed) == sorted(_fields(table))
    assert section.changed_by.keys() == _fields(table) - FIXED
    assert {*section.actions, *section.bare} <= section.changed_by.keys()
    assert {section.tier_of[name] for name in section.searched} <= {Tier.PUBLIC, Tier.BASIC}


@each_table
def test_every_field_has_a_column_and_the_other_way_round(table: Table[Record]) -> None:
    columns = [name.strip() for name in table.columns.split(",")]
    assert sorted(columns) == sorted(name.replace("_m2", "_cm2") for name in _fields(table))
    assert table.enums.keys() <= set(columns)


@each_table
def test_every_filter_has_its_parameter_and_every_order_its_beginning(table: Table[Record]) -> None:
    own = [field.name for field in fields(table.filter)][len(fields(Filter)) :]
    assert [name for part in table.parts for name in part.names] == own
    first = SHARED_PARAMETERS + 1
    for count, part in enumerate(table.parts, 1):
        asked = table.asked(count)
        last = first + sum(len(each.names) for each in table.parts[:count])
        assert {number for number in range(first, 99) if re.search(rf"\${number}\b", asked)} == set(range(first, last))
        assert part.names
    assert set(table.orders) <= START.keys()
    assert next(iter(table.orders)).value == "-updated_at"


@each_table
def test_every_section_has_its_events(table: Table[Record]) -> None:
    events = EVENTS[table.section.name]
    assert all(events.member in event.model_fields for event in (events.created, events.changed, events.deleted))
