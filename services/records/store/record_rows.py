"""Records as the rows that they are: what a list shows of one without making more of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from services.chassis.database import Row
from services.contracts.access import RecordFacts
from services.records.domain.record import Record, Section, Tier
from services.records.store.records import record_of, rights_of, square_metres
from services.records.store.table import Table

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class RecordRow(Generic[R]):
    """The row of a record, with the record rights that count for whoever asked."""

    table: Table[R]
    row: Row

    def of_section(self) -> Section:
        """Return the section that it is of."""
        return self.table.section

    @property
    def record(self) -> R:
        """Return the whole record."""
        return record_of(self.table, self.row)

    def facts(self) -> RecordFacts:
        """Return what the rule of access must know of the record."""
        row = self.row
        return RecordFacts(
            row["office_id"],
            row["assignee_id"],
            row["created_by"],
            row.get("is_private", False),
            self.table.section.name,
            rights_of(row),
        )

    def values(self, tier: Tier) -> Mapping[str, object]:
        """Return the fields of a tier: closed sets as texts, lists as lists, the rest as the record has it."""
        columns, areas = _columns(self.table, tier)
        found: dict[str, Any] = {name: self.row[column] for name, column in columns}
        for name in areas:
            found[name] = square_metres(found[name])
        return found


@cache
def _columns(table: Table[Record], tier: Tier) -> tuple[Sequence[tuple[str, str]], Sequence[str]]:
    """Return the fields of a tier with their columns, and which of them are areas."""
    columns = [(name, name.replace("_m2", "_cm2")) for name in table.section.tiers[tier]]
    return columns, [name for name, column in columns if name != column]
