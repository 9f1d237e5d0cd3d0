"""Lines of comma-separated values (RFC 4180) that a spreadsheet shows and never carries out."""

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

Cell = str | int | date | datetime | UUID | None
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What begins a formula in some spreadsheet (OWASP, CSV injection)."""


def line(cells: Sequence[Cell]) -> bytes:
    """Return a row as UTF-8; text that would begin a formula begins with an apostrophe instead."""
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
    return f"'{cell}" if cell.startswith(_FORMULAS) else cell
