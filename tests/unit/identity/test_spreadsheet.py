"""Files for spreadsheets: read back as they were written, and never carried out."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from services.identity.domain.spreadsheet import line

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)


@given(st.lists(TEXT, min_size=2, max_size=5))
def test_a_row_is_read_as_it_was_written_and_no_cell_begins_a_formula(cells: list[str]) -> None:
    (read,) = csv.reader(io.StringIO(line(cells).decode(), newline=""))
    for was, got in zip(cells, read, strict=True):
        assert got in {was, f"'{was}"}
        assert not got.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
        assert (got != was) == was.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
