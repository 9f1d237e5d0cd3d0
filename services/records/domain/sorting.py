"""In which orders records are listed: closed sets of public fields, an index each. A minus sorts from the top."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, cast
from uuid import UUID

from services.records.domain.record import Record

Key = datetime | int | str
EMPTY: Final = -1
"""Stands for a price or an area that is not there: before every other."""
_CM2_PER_M2: Final = 10_000
_HIGHEST_ID, _LOWEST_ID = UUID(int=2**128 - 1), UUID(int=0)


class Sort(StrEnum):
    """How listings may be sorted."""

    UPDATED = "-updated_at"
    CREATED = "-created_at"
    CHEAPEST = "list_price_minor"
    DEAREST = "-list_price_minor"
    LARGEST = "-living_area_m2"
    NUMBER = "number"


class RecordSort(StrEnum):
    """How records may be sorted that have no order of their own."""

    UPDATED = "-updated_at"
    CREATED = "-created_at"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: after the record of this key and id."""

    key: Key
    id: UUID


_END_OF_TIME: Final = datetime.max.replace(tzinfo=UTC)
START: Final[Mapping[str, Place]] = {
    "-updated_at": Place(_END_OF_TIME, _HIGHEST_ID),
    "-created_at": Place(_END_OF_TIME, _HIGHEST_ID),
    "list_price_minor": Place(EMPTY - 1, _LOWEST_ID),
    "-list_price_minor": Place(2**63 - 1, _HIGHEST_ID),
    "-living_area_m2": Place(2**63 - 1, _HIGHEST_ID),
    "number": Place("", _LOWEST_ID),
}
"""Before the first record of each order of any section."""


def place_of(record: Record, sort: StrEnum) -> Place:
    """Return where a page begins that follows a record."""
    match cast("Key | Decimal | None", getattr(record, sort.removeprefix("-"))):
        case None:
            return Place(EMPTY, record.id)
        case Decimal() as area:
            return Place(int(area * _CM2_PER_M2), record.id)
        case key:
            return Place(key, record.id)
