"""Lines of comma-separated values (RFC 4180) that a spreadsheet shows and never carries out."""

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from services.contracts.csv_text import harmless

Cell = str | int | date | datetime | UUID | None


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
    return harmless(cell)
