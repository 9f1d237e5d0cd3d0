"""Shapes of the fields that records takes."""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
)
from pydantic_core import CoreSchema, core_schema

_PLAIN: Final = re.compile(r"[0-9]{1,10}(\.[0-9]{1,2})?")


def _plainly_written(area: object) -> object:
    """Refuse texts that Python would read as a number, and nobody else: other scripts' digits, 1_000, 1e3."""
    if isinstance(area, str) and not _PLAIN.fullmatch(area):
        raise ValueError("write it in digits, with at most two decimals after a point")
    return area


def _with_two_decimals(area: Decimal) -> Decimal:
    return abs(area.quantize(Decimal("0.01")))  # nothing is 0, never -0


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
Number = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._/-]{0,30}[A-Za-z0-9]$|^[A-Za-z0-9]$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)]
Phone = Annotated[str, StringConstraints(pattern=r"^[0-9+][0-9 ()/.-]{2,38}[0-9]$")]
Money = Annotated[int, Field(ge=0, le=10**15)]
Area = Annotated[
    Decimal,
    Field(ge=0, le=10**9, decimal_places=2),
    AfterValidator(_with_two_decimals),
    BeforeValidator(_plainly_written),
]
Floor = Annotated[int, Field(ge=-10, le=200)]
Year = Annotated[int, Field(ge=1000, le=2200)]
Count = Annotated[int, Field(ge=0, le=10_000)]


@dataclass(frozen=True, slots=True)
class OneOrSeveral:
    """Marks a field that takes members of a closed set as text, with commas between them, and is written so again."""

    kind: type[StrEnum]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(",".join, when_used="json")
        return core_schema.no_info_before_validator_function(self._read, handler(source), serialization=written)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, str]:
        """Return the pattern of such a text."""
        one = "|".join(self.kind)
        return {"type": "string", "pattern": f"^({one})(,({one}))*$"}

    def _read(self, written: object) -> tuple[StrEnum, ...]:
        if not isinstance(written, str):
            raise ValueError("write it as text, with commas between several")  # noqa: TRY004 pydantic's own
        try:
            return tuple(dict.fromkeys(map(self.kind, written.split(","))))
        except ValueError:
            raise ValueError(f"must be of {', '.join(self.kind)}, with commas between several") from None


OMITTED: Final[Any] = Field(default_factory=lambda: None)
"""For a member that may be left out but not be null; what was left out is never read."""
