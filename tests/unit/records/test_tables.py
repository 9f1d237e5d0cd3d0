"""Tables that leave: nothing in them runs, everything comes back as it was, in every form."""

import csv
import io
import sys
import unicodedata
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.records.adapters.tables import MOST_ROWS, Heading, TooManyRows, written
from services.records.domain.disclosure import Form, Values

pytestmark = pytest.mark.asyncio(loop_scope="session")

NAMES = ("number", "title", "rooms", "floor", "living_area_m2", "is_private", "created_at")
HEADING = Heading("listing", "listings", NAMES)
DANGEROUS = (
    "=1+1",
    "+39 0583",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "  =HYPERLINK(1)",
    "\N{FULLWIDTH EQUALS SIGN}1",
    "\N{FULLWIDTH COMMERCIAL AT}1",
    "x;=cmd|' /C calc'!A0;y",
    "x,=1,y",
    'x; "=1"',
    "x\t@SUM(A1)",
    "x\n+1",
    "x\r\n \N{SUPERSCRIPT PLUS SIGN}1",
)
FORMS = (Form.CSV, Form.XLSX, Form.XML)


async def _pages(*pages: Sequence[Values]) -> AsyncGenerator[Sequence[Values]]:
    for page in pages:
        yield page


async def _whole(form: Form, *pages: Sequence[Values], bom: bool = False, separator: str = ",") -> bytes:
    made = written(form, HEADING, _pages(*pages), bom=bom, separator=separator)
    return b"".join([piece async for piece in made])


def _cells(text: bytes, separator: str, *, strict: bool = False) -> list[list[str]]:
    """Return csv as somebody reads it who separates by something, whatever the file does."""
    return list(csv.reader(io.StringIO(text.decode(), newline=""), delimiter=separator, strict=strict))


def _begins_formula(text: str) -> bool:
    first = text
    while first[:1] == '"' or first[:1].isspace():
        first = first[1:]
    return unicodedata.normalize("NFKC", first[:1])[:1] in {"=", "+", "-", "@"}


def _guarded(text: str, separator: str) -> str:
    """Return a text with an apostrophe wherever a cell with a formula could begin, read by whatever separator."""
    splitting = {",", ";", "\t", "\r", "\n"} - {separator}
    ends = [0, *(at + 1 for at, character in enumerate(text) if character in splitting)]
    pieces = [text[begin : end - 1] for begin, end in zip(ends, [*ends[1:], len(text) + 1], strict=True)]
    between = [text[end - 1] for end in ends[1:]] + [""]
    said = "".join(
        ("'" if _begins_formula(piece) else "") + piece + after for piece, after in zip(pieces, between, strict=True)
    )
    return ("'" if text[:1] in {"\t", "\r", "\n"} else "") + said


def _row(**fields: object) -> Values:
    return {
        "number": "1",
        "title": None,
        "rooms": 3,
        "floor": -1,
        "living_area_m2": Decimal("81.50"),
        "is_private": True,
        "created_at": datetime(2026, 3, 1, 8, tzinfo=UTC),
        **fields,
    }


def _sheet(packed: bytes) -> list[tuple[object, ...]]:
    book = openpyxl.load_workbook(io.BytesIO(packed))
    return [tuple(cell.value for cell in row) for row in book.worksheets[0].iter_rows()]


@pytest.mark.catalogue("MG-49", "MG-50")
async def test_csv_is_rfc_4180_with_an_optional_byte_order_mark() -> None:
    text = await _whole(Form.CSV, [_row(title='Villa "Neri", con\nvista\r\n')], [_row(number="2", title="Łódź")])
    assert (
        text
        == (
            ",".join(NAMES)
            + "\r\n"
            + '1,"Villa ""Neri"", con\nvista\r\n",3,-1,81.50,yes,2026-03-01T08:00:00Z\r\n'
            + "2,Łódź,3,-1,81.50,yes,2026-03-01T08:00:00Z\r\n"
        ).encode()
    )
    assert await _whole(Form.CSV, bom=True) == b"\xef\xbb\xbf" + (",".join(NAMES) + "\r\n").encode()


@pytest.mark.parametrize("text", DANGEROUS)
async def test_text_that_a_spreadsheet_would_run_stays_text(text: str) -> None:
    for separator in (",", ";"):
        rows = _cells(await _whole(Form.CSV, [_row(title=text)], separator=separator), separator, strict=True)
        assert rows[1][1] == _guarded(text, separator)
        assert rows[1][3] == "-1", "a number is no text"
    packed = await _whole(Form.XLSX, [_row(title=text)])
    book = openpyxl.load_workbook(io.BytesIO(packed))
    cell = book.worksheets[0].cell(2, 2)
    assert cell.data_type == "s" or cell.value is None
    assert cell.hyperlink is None


@pytest.mark.catalogue("MG-49", "MG-50")
async def test_a_workbook_has_numbers_as_numbers_and_hidden_fields_empty() -> None:
    hidden = {name: value for name, value in _row(number="2").items() if name not in {"is_private", "floor"}}
    packed = await _whole(Form.XLSX, [_row(title="https://example.test")], [hidden])
    assert _sheet(packed) == [
        NAMES,
        ("1", "https://example.test", 3, -1, 81.5, "yes", "2026-03-01T08:00:00Z"),
        ("2", None, 3, None, 81.5, None, "2026-03-01T08:00:00Z"),
    ]


async def test_xml_leaves_hidden_fields_out_and_keeps_empty_ones() -> None:
    text = await _whole(Form.XML, [_row(title="<&>\r\n\x01\ufffe")], [{"number": "2", "title": None}])
    root = ET.fromstring(text)  # noqa: S314 our own
    space = "{urn:keyholder:listings:1}"
    assert [[(field.tag.removeprefix(space), field.text) for field in one] for one in root] == [
        [
            ("number", "1"),
            ("title", "<&>\r\n\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"),
            ("rooms", "3"),
            ("floor", "-1"),
            ("living_area_m2", "81.50"),
            ("is_private", "yes"),
            ("created_at", "2026-03-01T08:00:00Z"),
        ],
        [("number", "2"), ("title", None)],
    ]


anything = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)


@settings(max_examples=60, deadline=None)
@given(st.lists(anything, max_size=4))
async def test_any_text_comes_back_from_every_form(texts: list[str]) -> None:
    page = [_row(title=text) for text in texts]
    for separator in (",", ";"):
        read = _cells(await _whole(Form.CSV, page, separator=separator), separator, strict=True)
        assert [row[1] for row in read][1:] == [_guarded(text, separator) for text in texts]
    root = ET.fromstring(await _whole(Form.XML, page))  # noqa: S314 our own
    legible = [
        "".join(c if c in "\t\n\r" or "\x20" <= c <= "\ufffd" or c > "\uffff" else "\ufffd" for c in text)
        for text in texts
    ]
    assert [one[1].text or "" for one in root] == legible
    rows = _sheet(await _whole(Form.XLSX, page))[1:]
    assert len(rows) == len(texts)


hostile = st.text(st.sampled_from("=+-@;,\t\r\n\"' ax1"), max_size=12)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(hostile, hostile), max_size=4))
async def test_no_cell_begins_a_formula_whatever_the_reader_separates_by(texts: list[tuple[str, str]]) -> None:
    page = [_row(number=number, title=title, floor=2) for number, title in texts]
    for separator in (",", ";"):
        written_by = await _whole(Form.CSV, page, separator=separator)
        for read_by in (",", ";", "\t"):
            cells = {cell for row in _cells(written_by, read_by) for cell in row}
            assert [cell for cell in cells if cell.lstrip()[:1] in {"=", "+", "-", "@"}] == [], (separator, read_by)


async def test_every_form_of_a_formulas_first_character_is_guarded() -> None:
    forms = [
        chr(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.normalize("NFKC", chr(code))[:1] in {"=", "+", "-", "@"}
    ]
    read = _cells(await _whole(Form.CSV, [_row(title=f"{each}1") for each in forms]), ",")
    assert [row[1] for row in read[1:]] == [f"'{each}1" for each in forms]


async def test_what_any_spreadsheet_would_take_apart_is_quoted() -> None:
    for text in ("a;b", "a,b", "a\tb", 'a"b', "a\nb"):
        for separator in (",", ";"):
            line = (await _whole(Form.CSV, [_row(title=text)], separator=separator)).decode().partition("\r\n")[2]
            quoted = text.replace('"', '""')
            assert line.startswith(f'1{separator}"{quoted}"{separator}3')


@pytest.mark.parametrize("form", FORMS)
async def test_who_stops_reading_stops_the_reading_of_pages(form: Form) -> None:
    ended = list[str]()

    async def endless() -> AsyncGenerator[Sequence[Values]]:
        try:
            while True:
                yield [_row()]
        finally:
            ended.append("pages")

    pieces = written(form, HEADING, endless())
    for _ in range(3):
        await anext(pieces)
    await pieces.aclose()
    assert ended == ["pages"]


async def test_a_workbook_that_cannot_hold_all_rows_breaks_off_instead_of_leaving_some_out() -> None:
    row: Values = {}
    with pytest.raises(TooManyRows):
        await _whole(Form.XLSX, [row] * (MOST_ROWS - 1), [row])
