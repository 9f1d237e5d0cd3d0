"""What may be written for an area."""

import pytest
from pydantic import TypeAdapter, ValidationError

from services.records.handlers.fields import Area

AREA: TypeAdapter[Area] = TypeAdapter(Area)


@pytest.mark.parametrize(("written", "stored"), [("81.5", "81.50"), (81.5, "81.50"), (0, "0.00"), (-0.0, "0.00")])
def test_an_area_is_kept_with_two_decimals(written: str | float, stored: str) -> None:
    assert str(AREA.validate_python(written)) == stored


@pytest.mark.parametrize(
    "written", ["٣", "1_0", " 3 ", "1e3", "+3", "-0", "3.", ".5", "1.005", "NaN", "9999999999", True, -1, 1.005]
)
def test_nothing_is_guessed(written: object) -> None:
    with pytest.raises(ValidationError):
        AREA.validate_python(written)
