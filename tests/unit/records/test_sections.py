"""Every section describes its records completely: no field without a tier, a column and a permission."""

from dataclasses import fields
from typing import Any

import pytest

from services.records.domain.record import Filter, Record, Tier
from services.records.domain.sorting import START
from services.records.operations.record_events import EVENTS
from services.records.store.sections import TABLES
from services.records.store.table import Table

each_table = pytest.mark.parametrize("table", TABLES.values(), ids=TABLES.keys())
FIXED = {"id", "number", "created_by", "version", "created_at", "updated_at"}
SHARED_PARAMETERS = 17


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
    filters: dict[str, Any] = {each.__name__: each for each in Filter.__subclasses__()}
    own = fields(filters[f"{table.kind.__name__}Filter"])[len(fields(Filter)) :]
    numbers = {SHARED_PARAMETERS + 1 + at for at in range(len(own))}
    assert {number for number in range(1, 60) if f"${number}" in table.asked.replace("$1 ", "")} >= numbers
    assert f"${SHARED_PARAMETERS + len(own) + 1}" not in table.asked
    assert set(table.orders) <= START.keys()
    assert next(iter(table.orders)).value == "-updated_at"


@each_table
def test_every_section_has_its_events(table: Table[Record]) -> None:
    events = EVENTS[table.section.name]
    assert all(events.member in event.model_fields for event in (events.created, events.changed, events.deleted))
