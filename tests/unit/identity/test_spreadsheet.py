"""Files for spreadsheets: read back as they were written, and never carried out."""

import csv
import io
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from services.identity.domain.spreadsheet import line

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)


BEGINNINGS = ("=", "+", "-", "@")
TRICKY = st.lists(
    st.sampled_from([*BEGINNINGS, ";", ",", "\t", "\r\n", '"', "'", " ", "a", "1", "\uff1d"]), max_size=8
).map("".join)


@given(st.lists(TEXT, min_size=2, max_size=5))
def test_a_row_is_read_as_it_was_written_but_for_what_keeps_it_from_being_carried_out(cells: list[str]) -> None:
    (read,) = csv.reader(io.StringIO(line(cells).decode(), newline=""))
    for was, got in zip(cells, read, strict=True):
        kept = iter(was)
        assert [letter for letter in got if letter != "'"] == [letter for letter in kept if letter != "'"]
        if not set(was) & set("=+-@\t\r\n;") and unicodedata.normalize("NFKC", was) == was:
            assert got == was


@given(st.lists(TRICKY, min_size=1, max_size=3), st.sampled_from([",", ";", "\t"]))
def test_no_cell_begins_a_formula_whatever_the_reader_separates_by(cells: list[str], separator: str) -> None:
    for row in csv.reader(io.StringIO(line(cells).decode(), newline=""), delimiter=separator):
        for cell in row:
            begins = unicodedata.normalize("NFKC", cell).lstrip(' "\t\r\n')
            assert not begins.startswith(BEGINNINGS), (cells, row)
