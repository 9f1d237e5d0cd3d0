"""Shapes of the fields that records takes."""

from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, StringConstraints


def _with_two_decimals(area: Decimal) -> Decimal:
    return area.quantize(Decimal("0.01"))


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
Number = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._/-]{0,30}[A-Za-z0-9]$|^[A-Za-z0-9]$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)]
Phone = Annotated[str, StringConstraints(pattern=r"^[0-9+][0-9 ()/.-]{2,38}[0-9]$")]
Money = Annotated[int, Field(ge=0, le=10**15)]
Area = Annotated[Decimal, Field(ge=0, le=10**9, decimal_places=2), AfterValidator(_with_two_decimals)]
Floor = Annotated[int, Field(ge=-10, le=200)]
Year = Annotated[int, Field(ge=1000, le=2200)]
Count = Annotated[int, Field(ge=0, le=10_000)]

OMITTED: Final[Any] = Field(default_factory=lambda: None)
"""For a member that may be left out but not be null; what was left out is never read."""
