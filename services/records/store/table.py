"""How a section's records are rows: what completes the statements that all sections share (ADR-0017)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, LiteralString, TypeVar

from services.records.domain.record import Filter, Record, Section

R_co = TypeVar("R_co", bound=Record, covariant=True)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Table(Generic[R_co]):
    """A table of records, in literals: a statement of `records` or `record_pages` with these in place is the section's.

    Where a record has an area in square metres (`plot_area_m2`), its table has square centimetres (`plot_area_cm2`).
    """

    kind: type[R_co]
    section: Section
    filter: type[Filter]
    """What its list may be asked for; made without arguments, it asks for nothing."""
    name: LiteralString
    columns: LiteralString
    """Every column of a record but the tenant's."""
    filtered: LiteralString
    """The columns that `asked` and the orders need."""
    compared: LiteralString
    """What the section's own filter asks of the row `l`; its values are the parameters from $18 on, in its order."""
    answering: LiteralString = ""
    """What the last fields of the filter ask: that `l` and a record of another section answer each other."""
    answered: tuple[str, ...] = ()
    """The names of these fields."""
    orders: Mapping[StrEnum, LiteralString]
    """Each way to sort, and the column with that order; the first is the order of the last change."""
    enums: Mapping[str, type[StrEnum]] = field(default_factory=dict[str, type[StrEnum]])
    """Columns that hold a closed set."""
    privacy: LiteralString = "is_private"
    """Whether a row is private, for tables in which none can be."""

    @property
    def asked(self) -> LiteralString:
        """Return all that the section's own filter can ask."""
        return self.compared + self.answering
