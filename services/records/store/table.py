"""How a section's records are rows: what completes the statements that all sections share (ADR-0017)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, LiteralString, TypeVar

from services.records.domain.record import Filter, Record, Section


@dataclass(frozen=True, eq=False, slots=True)
class Part:
    """Some of what a filter asks: by which of its fields, in the order of their parameters, and as conditions on `l`.

    `{in_full}` is whether the row is seen in full: a basic field is compared only then.
    """

    names: tuple[str, ...]
    sql: LiteralString


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
    parts: Sequence[Part]
    """What the section's own filter asks of the row `l`, what is asked most first; from $19 on in this order.

    A statement has the first part, and all up to the last of which something is asked.
    """
    orders: Mapping[StrEnum, LiteralString]
    """Each way to sort, and the column with that order; the first is the order of the last change."""
    enums: Mapping[str, type[StrEnum]] = field(default_factory=dict[str, type[StrEnum]])
    """Columns that hold a closed set."""
    archive: LiteralString = "is_archived"
    """Whether a row is in the archive, for tables that have none."""
    privacy: LiteralString = "is_private"
    """Whether a row is private, for tables in which none can be."""

    def asked(self, parts: int) -> LiteralString:
        """Return what the first parts of the section's own filter ask."""
        return "".join([part.sql for part in self.parts[:parts]])
