"""Records on paper: one, or a list of them, as PDF in five languages."""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal, cast, get_args

from fpdf import FPDF
from fpdf.enums import MethodReturnValue
from fpdf.fonts import FontFace

from services.records.domain.contact import CONTACTS
from services.records.domain.disclosure import Values, columns
from services.records.domain.inquiry import INQUIRIES
from services.records.domain.listing import LISTINGS
from services.records.domain.record import Section

Language = Literal["en", "it", "pl", "de", "fr"]
_HERE: Final = Path(__file__).parent
_FONT: Final = "Roboto"  # Apache License 2.0, beside the files; has the letters of all five languages
_NOT_PRINTED: Final = frozenset(
    {"id", "version", "office_id", "assignee_id", "created_by", "key_holder_id", "contact_id", "currency"}
)
_MOST_LINES: Final = 16
"""Of a text in a table: no row may be higher than a page."""
_CLIPPED: Final = "\N{HORIZONTAL ELLIPSIS}"
_UNPRINTABLE: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_BY_DIGITS: Final[Mapping[int, str]] = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_DIGITS: Final = {currency: digits for digits, named in _BY_DIGITS.items() for currency in named.split()}
"""How many digits of an amount in minor units stand behind the point, where it is not two (ISO 4217)."""
_SEPARATORS: Final[Mapping[str, tuple[str, str]]] = {
    "en": (",", "."),
    "it": (".", ","),
    "pl": ("\N{NO-BREAK SPACE}", ","),
    "de": (".", ","),
    "fr": ("\N{NO-BREAK SPACE}", ","),
}


@dataclass(frozen=True, slots=True)
class Layout:
    """How records of a section are printed: what heads one of them, which text ends it, and the list of them."""

    section: Section
    noun: str
    title: str | None
    text: str
    in_a_list: Mapping[str, int]
    """Fields, and how wide they are beside each other."""
    with_identity: Mapping[str, int]
    """Those after them in a list with identity data."""


_LAYOUTS: Final = (
    Layout(
        LISTINGS,
        "listing",
        "title",
        "description",
        {
            "number": 16,
            "title": 62,
            "municipality": 34,
            "property_type": 32,
            "living_area_m2": 20,
            "list_price_minor": 26,
        },
        {"street_name": 38, "owner_name": 38},
    ),
    Layout(
        INQUIRIES,
        "inquiry",
        None,
        "note",
        {
            "number": 16,
            "standard_status": 24,
            "transaction_type": 24,
            "property_types": 40,
            "municipalities": 50,
            "rooms_min": 20,
            "list_price_minor_max": 26,
        },
        {"client_name": 38, "client_phone": 32},
    ),
    Layout(
        CONTACTS,
        "contact",
        "name",
        "note",
        {"number": 16, "name": 56, "company_name": 42, "roles": 42, "language": 18, "updated_at": 24},
        {"phones": 38, "emails": 54, "city": 30},
    ),
)
LAYOUTS: Final[Mapping[str, Layout]] = {layout.section.name: layout for layout in _LAYOUTS}


def _wording() -> Mapping[str, Mapping[str, str]]:
    """Return what is printed for a key, by language."""
    with (_HERE / "wording.csv").open(encoding="utf-8", newline="") as file:
        rows = [*csv.DictReader(file)]
    return {language: {row["key"]: row[language] for row in rows} for language in get_args(Language)}


WORDING: Final = _wording()


@dataclass(frozen=True, slots=True)
class Sheet:
    """What every page says: in which language, when it was printed, and whether it holds personal data."""

    language: Language
    now: datetime
    with_identity: bool

    def word(self, key: str) -> str:
        """Return what is printed for a key."""
        return WORDING[self.language][key]

    def text(self, name: str, values: Values) -> str:
        """Return a field as it is printed; nothing for what is hidden or empty."""
        value = values.get(name)
        match value:
            case None:
                return ""
            case StrEnum():
                return WORDING[self.language].get(f"{name}.{value}", value.value)
            case bool():
                return self.word("yes" if value else "no")
            case date():
                return value.strftime("%Y-%m-%d")
            case tuple():
                each = cast("tuple[object, ...]", value)
                return ", ".join(self.text(name.removesuffix("s"), {name.removesuffix("s"): one}) for one in each)
            case int() if "_minor" in name:
                currency = str(values.get("currency") or "")
                digits = _DIGITS.get(currency, 2)
                return f"{self._number(Decimal(value).scaleb(-digits), digits)} {currency}".strip()
            case Decimal():
                return self._number(value)
            case _:
                return _UNPRINTABLE.sub(" ", str(value))

    def _number(self, value: Decimal, digits: int = 2) -> str:
        thousands, point = _SEPARATORS[self.language]
        return f"{value:,.{digits}f}".translate({ord(","): thousands, ord("."): point})


def record_pdf(layout: Layout, values: Values, sheet: Sheet) -> bytes:
    """Return one record on paper: every field that is there and not empty."""
    page = _paper(sheet, f"{sheet.word(layout.noun)} {sheet.text('number', values)}")
    if layout.title and (title := sheet.text(layout.title, values)):
        page.set_font(_FONT, size=12)
        page.multi_cell(0, 6, title, new_x="LMARGIN", new_y="NEXT")
    long = dict[str, str]()
    page.set_font(_FONT, size=10)
    with page.table(col_widths=(60, 130), first_row_as_headings=False, borders_layout="HORIZONTAL_LINES") as table:
        for name in columns(layout.section, with_identity=True):
            text = "" if name in {*_NOT_PRINTED, layout.title, layout.text} else sheet.text(name, values)
            lines = _lines(page, page.epw * 130 / 190, text)
            if len(lines) > _MOST_LINES:
                long[name] = text
            elif text:
                row = table.row()
                row.cell(sheet.word(name), style=FontFace(emphasis="BOLD"))
                row.cell("\n".join(lines))
    for name, text in long.items():
        page.ln(4)
        page.set_font(_FONT, style="B", size=10)
        page.multi_cell(0, 5, sheet.word(name), new_x="LMARGIN", new_y="NEXT")
        page.set_font(_FONT, size=10)
        page.multi_cell(0, 5, text, new_x="LMARGIN", new_y="NEXT")
    if text := sheet.text(layout.text, values):
        page.ln(4)
        page.multi_cell(0, 5, text, new_x="LMARGIN", new_y="NEXT")
    return bytes(page.output())


def list_pdf(layout: Layout, rows: Sequence[Values], sheet: Sheet, *, full: bool) -> bytes:
    """Return a list on paper, a row per record; `full` says that no more are printed at once.

    Of a long text the beginning is printed, and below the list what stands for the rest.
    """
    widths = {**layout.in_a_list, **(layout.with_identity if sheet.with_identity else {})}
    page = _paper(sheet, sheet.word(layout.section.name), landscape=sheet.with_identity)
    page.set_font(_FONT, size=8)
    clipped = False
    with page.table(col_widths=tuple(widths.values()), borders_layout="HORIZONTAL_LINES", text_align="LEFT") as table:
        table.row([sheet.word(name) for name in widths])
        for values in rows:
            row = table.row()
            for name, width in widths.items():
                lines = _lines(page, width * page.epw / sum(widths.values()), sheet.text(name, values))
                row.cell("\n".join(lines[:_MOST_LINES]) + _CLIPPED * (len(lines) > _MOST_LINES))
                clipped = clipped or len(lines) > _MOST_LINES
    for note in [*(["clipped"] if clipped else []), *(["at_most"] if full else [])]:
        page.ln(4)
        page.cell(0, 6, sheet.word(note), new_x="LMARGIN", new_y="NEXT")
    return bytes(page.output())


def _lines(page: FPDF, width: float, text: str) -> Sequence[str]:
    """Return the lines that a text takes in a cell of a table."""
    flat = text.replace("\n", " ")
    if len(flat) <= _MOST_LINES:  # measuring costs as much as printing, and a line has a character at least
        return [flat]
    return cast("list[str]", page.multi_cell(width, text=flat, dry_run=True, output=MethodReturnValue.LINES))


class _Paper(FPDF):
    """Pages with a foot that says when they were printed, and the number of each."""

    foot = ""

    def footer(self) -> None:
        """Print the foot of a page."""
        self.set_y(-12)
        self.set_font(_FONT, size=8)
        self.cell(0, 5, f"{self.foot}   {self.page_no()}/{{nb}}", align="R")


def _paper(sheet: Sheet, heading: str, *, landscape: bool = False) -> FPDF:
    paper = _Paper(orientation="landscape" if landscape else "portrait", format="A4")
    paper.add_font(_FONT, fname=_HERE / "fonts" / "Roboto-Regular.ttf")
    paper.add_font(_FONT, style="B", fname=_HERE / "fonts" / "Roboto-Bold.ttf")
    paper.set_creation_date(sheet.now)
    paper.set_title(heading)
    paper.set_lang(sheet.language)
    paper.foot = f"{sheet.word('printed')} {sheet.now.strftime('%Y-%m-%d %H:%M')} UTC"
    if sheet.with_identity:
        paper.foot = f"{sheet.word('confidential')} - {paper.foot}"
    paper.add_page()
    paper.set_font(_FONT, style="B", size=16)
    paper.multi_cell(0, 10, heading, new_x="LMARGIN", new_y="NEXT")
    return paper
