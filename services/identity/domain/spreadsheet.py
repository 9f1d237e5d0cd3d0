"""Lines of comma-separated values (RFC 4180) that a spreadsheet shows and never carries out."""

import csv
import io
import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

Cell = str | int | date | datetime | UUID | None
_LINES: Final = ("\t", "\r", "\n")
_APART: Final = re.compile("([;\t\r\n])")
"""Where a program that separates by something else takes a text apart: quotes hold together only for who finds them."""
_FORMULA: Final = re.compile(
    '[\\s"]*[=+\\-@\u207a\u207c\u208a\u208c\u2a75\u2a76\ufb29\ufe62\ufe63\ufe66\ufe6b\uff1d\uff0b\uff0d\uff20]'
)
"""How a formula begins, in the forms that Unicode has of its characters (NFKC) too (OWASP, CSV injection)."""


def line(cells: Sequence[Cell]) -> bytes:
    """Return a row as UTF-8; before what would begin a formula, for whatever separator, stands an apostrophe."""
    written = io.StringIO()
    csv.writer(written).writerow([_plain(cell) for cell in cells])
    return written.getvalue().encode()


def _plain(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds").replace("+00:00", "Z")
    if not isinstance(cell, str):
        return str(cell)
    guarded = "".join(f"'{piece}" if _FORMULA.match(piece) else piece for piece in _APART.split(cell))
    return f"'{guarded}" if cell.startswith(_LINES) else guarded
