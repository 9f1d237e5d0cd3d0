"""Tables of records as csv, xlsx and xml, written piece by piece: memory holds a page of rows, never the table."""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from tempfile import TemporaryDirectory
from typing import Final, cast
from xml.sax.saxutils import escape

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from services.contracts.csv_text import SEPARATORS, harmless
from services.records.domain.disclosure import Form, Values

Pages = AsyncGenerator[Sequence[Values]]
MEDIA_TYPES: Final[Mapping[Form, str]] = {
    Form.CSV: "text/csv; charset=utf-8",
    Form.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Form.XML: "application/xml; charset=utf-8",
}
BOM: Final = "\ufeff".encode()
_PIECE: Final = 64 * 1024
_QUOTED: Final = re.compile('[,;"\t\r\n]')
_NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
MOST_ROWS: Final = 1_048_576
"""Rows that a sheet of a workbook holds, the heading included."""
_LONGEST_CELL: Final = 32_767
"""Characters that a cell of a spreadsheet holds."""


class TooManyRows(Exception):
    """There are more records than a workbook holds; the other forms hold any number."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What a table holds: `listing` each, `listings` all, in these columns."""

    noun: str
    section: str
    columns: Sequence[str]


async def written(
    form: Form, heading: Heading, pages: Pages, *, bom: bool = False, separator: str = SEPARATORS["comma"]
) -> AsyncGenerator[bytes]:
    """Yield a table in a form. Pages are read as the table is written; an empty piece says that work goes on."""
    match form:
        case Form.XLSX:
            made = _xlsx(heading, pages)
        case Form.XML:
            made = _xml(heading, pages)
        case _:
            made = _csv(heading.columns, pages, bom=bom, separator=separator)
    async with aclosing(pages), aclosing(made) as pieces:
        async for piece in pieces:
            yield piece


async def _csv(columns: Sequence[str], pages: Pages, *, bom: bool, separator: str) -> AsyncGenerator[bytes]:
    """Yield RFC 4180, in UTF-8: CRLF, quotes where needed. Excel reads UTF-8 only behind a byte order mark."""
    yield (BOM if bom else b"") + f"{separator.join(columns)}\r\n".encode()
    async for page in pages:
        rows = ((_cell(_plain(values.get(name)), separator) for name in columns) for values in page)
        yield "".join(f"{separator.join(row)}\r\n" for row in rows).encode()


def _cell(value: str | int | Decimal | None, separator: str) -> str:
    if not isinstance(value, str):
        return "" if value is None else str(value)
    text = harmless(value, separator)
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text


async def _xml(heading: Heading, pages: Pages) -> AsyncGenerator[bytes]:
    """Yield XML 1.0: an element per row, in it one per field that is not hidden; an empty field is an empty element."""
    noun, section = heading.noun, heading.section
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<{section} xmlns="urn:keyholder:{section}:1">\n'.encode()
    async for page in pages:
        yield "".join(f"<{noun}>{_elements(heading.columns, values)}</{noun}>\n" for values in page).encode()
    yield f"</{section}>\n".encode()


def _elements(columns: Sequence[str], values: Values) -> str:
    return "".join(f"<{name}>{_escaped(_plain(values[name]))}</{name}>" for name in columns if name in values)


def _escaped(value: str | int | Decimal | None) -> str:
    text = "" if value is None else str(value)
    return escape(_NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text), {"\r": "&#13;"})


async def _xlsx(heading: Heading, pages: Pages) -> AsyncGenerator[bytes]:
    """Yield an Excel workbook. It is put together in a temporary folder and read from there.

    No text becomes a formula or a link. Closing packs the workbook, which takes seconds: off the loop.
    """
    with TemporaryDirectory(prefix="keyholder-export-") as folder:
        path = f"{folder}/table.xlsx"
        workbook = xlsxwriter.Workbook(path, {"constant_memory": True, "tmpdir": folder})
        try:
            async for _ in _sheet(workbook, heading, pages):
                yield b""
        finally:
            await asyncio.to_thread(workbook.close)
        with open(path, "rb") as packed:  # noqa: ASYNC230, PTH123 a local file, a piece at a time
            while piece := packed.read(_PIECE):
                yield piece


async def _sheet(workbook: xlsxwriter.Workbook, heading: Heading, pages: Pages) -> AsyncGenerator[None]:
    """Fill the sheet, yielding after each page. Raises TooManyRows: what is written beyond the last is left out."""
    sheet = workbook.add_worksheet(heading.section)  # pyright: ignore[reportUnknownMemberType] half typed
    bold = workbook.add_format({"bold": True})  # pyright: ignore[reportUnknownMemberType]
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(heading.columns):
        sheet.write_string(0, column, name, bold)
    row = 0
    async for page in pages:
        for values in page:
            row += 1
            if row == MOST_ROWS:
                raise TooManyRows
            for column, name in enumerate(heading.columns):
                _put(sheet, row, column, _plain(values.get(name)))
        yield


def _put(sheet: Worksheet, row: int, column: int, value: str | int | Decimal | None) -> None:
    match value:
        case None:
            return
        case str():
            sheet.write_string(row, column, value[:_LONGEST_CELL])
        case _:
            sheet.write_number(row, column, float(value))


def _plain(value: object) -> str | int | Decimal | None:
    """Return a value as cells hold it: whether something is so as `yes` or `no`, times in UTC as ISO 8601."""
    match value:
        case None | Decimal():
            return value
        case bool():
            return "yes" if value else "no"
        case int():
            return value
        case tuple():
            return "; ".join(map(str, cast("tuple[object, ...]", value)))
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case _:
            return str(value)
