"""Paper: what it shows is what it was given, with every letter of the five languages."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, get_args

import pypdf
import pytest
from fontTools.ttLib import TTFont

from services.records.adapters import prints
from services.records.adapters.prints import LAYOUTS, WORDING, Language, Sheet, list_pdf, record_pdf
from services.records.domain.kinds import (
    ContactRole,
    Feature,
    Financing,
    Heating,
    InquiryStatus,
    LegalForm,
    ListingAgreement,
    OccupantType,
    ProcessingBasis,
    PropertyCondition,
    PropertySubType,
    PropertyType,
    StandardStatus,
    TransactionType,
    Urgency,
)

NOW = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
LISTING, INQUIRY, CONTACT = (LAYOUTS[section] for section in ("listings", "inquiries", "contacts"))
LETTERS = "ĄĆĘŁŃÓŚŹŻąćęłńóśźż ÀÈÉÌÒÙàèéìòù ÄÖÜßäöü ÂÇÊËÎÏÔŒÛŸâçêëîïôœûÿ €²"


def read(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def one(**fields: object) -> dict[str, object]:
    return {
        "number": "A/1",
        "title": "Villa con vista",
        "standard_status": StandardStatus.UNDER_OFFER,
        "property_type": PropertyType.RESIDENTIAL,
        "list_price_minor": 1_250_000_00,
        "currency": "EUR",
        "living_area_m2": Decimal("81.50"),
        "superoffer": True,
        "created_at": NOW,
        **fields,
    }


@pytest.mark.catalogue("MG-51", "MG-52")
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("under offer", "1,250,000.00 EUR", "Living area", "yes")),
        ("it", ("in trattativa", "1.250.000,00 EUR", "Superficie abitabile", "sì")),
        ("pl", ("w negocjacjach", "1 250 000,00 EUR", "Powierzchnia", "tak")),
        ("de", ("in Verhandlung", "1.250.000,00 EUR", "Wohnfläche", "ja")),
        ("fr", ("sous offre", "1 250 000,00 EUR", "Surface habitable", "oui")),
    ],
)
def test_a_listing_is_printed_in_the_words_and_numbers_of_the_language(language: Language, words: list[str]) -> None:
    text = read(record_pdf(LISTING, one(), Sheet(language, NOW, with_identity=False))).replace(
        "\N{NO-BREAK SPACE}", " "
    )
    assert "A/1" in text
    for word in words:
        assert word in text


def test_every_letter_of_the_five_languages_has_its_shape(caplog: pytest.LogCaptureFixture) -> None:
    text = read(record_pdf(LISTING, one(title=LETTERS, description=LETTERS), Sheet("pl", NOW, with_identity=False)))
    for letter in LETTERS.replace(" ", ""):
        assert text.count(letter) >= 2, letter
    assert caplog.records == [], "no letter is missing from the font"


def test_what_is_hidden_or_empty_has_no_line() -> None:
    text = read(record_pdf(LISTING, one(rooms=None), Sheet("en", NOW, with_identity=False)))
    assert "Rooms" not in text
    assert "Owner" not in text
    assert "personal data" not in text


def test_a_list_has_a_line_per_listing_over_as_many_pages_as_it_takes() -> None:
    rows = [one(number=f"N{at}", owner_name="Łucja Żółć", street_name="Via Fillungo") for at in range(120)]
    plain = list_pdf(
        LISTING, [{**row, "owner_name": None} for row in rows], Sheet("it", NOW, with_identity=False), full=True
    )
    text = read(plain)
    assert all(f"N{at}" in text for at in range(120))
    assert len(pypdf.PdfReader(io.BytesIO(plain)).pages) > 1
    assert "Non se ne stampano di più" in text
    assert "Żółć" not in text
    named = read(list_pdf(LISTING, rows, Sheet("it", NOW, with_identity=True), full=False))
    assert named.count("Żółć") == 120
    assert "Contiene dati personali" in named


def test_control_characters_and_foreign_scripts_do_not_stop_a_print() -> None:
    text = read(
        record_pdf(LISTING, one(title="A\x01B\x1b\r\nC", description="線 🏠 ok"), Sheet("en", NOW, with_identity=True))
    )
    assert "ok" in text


def test_an_inquiry_and_a_contact_are_printed_in_their_own_fields() -> None:
    wanted = {
        "number": "7",
        "standard_status": InquiryStatus.PAUSED,
        "property_types": (PropertyType.RESIDENTIAL, PropertyType.LAND),
        "municipalities": ("Lucca", "Viareggio"),
        "list_price_minor_max": 300_000_00,
        "currency": "EUR",
        "move_in_by": date(2026, 9, 1),
        "note": "Con giardino.",
    }
    text = read(record_pdf(INQUIRY, wanted, Sheet("it", NOW, with_identity=False)))
    for word in (
        "Richiesta 7",
        "residenziale, terreno",
        "Lucca, Viareggio",
        "300.000,00 EUR",
        "2026-09-01",
        "giardino",
    ):
        assert word in text
    known = {"number": "K-1", "name": "Łucja Żółć", "roles": (ContactRole.OWNER,), "phones": ("+48 22 1", "+48 22 2")}
    assert "właściciel" in read(record_pdf(CONTACT, known, Sheet("pl", NOW, with_identity=True)))
    for layout, values, word in ((INQUIRY, wanted, "Lucca"), (CONTACT, known, "Żółć")):
        assert word in read(list_pdf(layout, [values], Sheet("de", NOW, with_identity=True), full=False))


def _widest() -> str:
    """Return the widest character of the font on paper."""
    with TTFont(Path(prints.__file__).parent / "fonts" / "Roboto-Regular.ttf") as font:
        widths: Any = font["hmtx"]
        shapes: Any = font.getBestCmap()
        return chr(max(shapes, key=lambda code: widths[shapes[code]][0]))


LONG: Final[tuple[str, ...]] = (
    "x" * 198,
    "W" * 198,
    ("W" * 9 + " ") * 19,
    "\n".join("x" * 99),
    ", ".join("x" * 66),
    _widest() * 198,
    (_widest() * 9 + " ") * 19,
)


@pytest.mark.parametrize("text", LONG)
def test_the_longest_texts_that_records_hold_stop_no_print(text: str) -> None:
    lines = {"title", "municipality", "street_name", "owner_name", "name", "company_name", "city", "client_name"}
    lists = {"municipalities": 100, "districts": 9, "phones": 9, "emails": 20}
    for layout in LAYOUTS.values():
        names = layout.section.tier_of
        values = {"number": "N" * 32, **dict.fromkeys(lines & names.keys(), f"{text}Z.")}
        values |= {name: tuple(f"{text}{at}." for at in range(many)) for name, many in lists.items() if name in names}
        values |= {layout.text: f"{text} " * 20, "property_types": tuple(PropertyType), "roles": tuple(ContactRole)}
        sheet = Sheet("de", NOW, with_identity=True)
        alone = "".join(read(record_pdf(layout, values, sheet)).split())
        for name, many in lists.items():
            for at in range(many) if name in names else ():
                assert f"{at}." in alone, (name, "of one record everything is printed")
        several = read(list_pdf(layout, [values, one(), values], sheet, full=True))
        assert "A/1" in several
        assert ("steht für den Rest" in several) is (several.count("\N{HORIZONTAL ELLIPSIS}") > 1)
        assert "steht für den Rest" in several or layout is LISTING, "of long lists the beginning is printed"
        assert "Mehr werden nicht" in several


def test_a_title_of_any_length_that_records_takes_is_whole_in_a_list() -> None:
    title = "Ampia villa con vista " * 9
    shown = read(list_pdf(LISTING, [one(title=title)], Sheet("it", NOW, with_identity=True), full=False))
    assert " ".join(shown.split()).count("villa con vista") == 9
    assert "testo lungo" not in shown


def test_there_are_words_for_every_field_and_kind_in_every_language() -> None:
    kinds = {
        "standard_status": StandardStatus,
        "transaction_type": TransactionType,
        "property_type": PropertyType,
        "property_sub_type": PropertySubType,
        "financing": Financing,
        "urgency": Urgency,
        "legal_form": LegalForm,
        "role": ContactRole,
        "processing_basis": ProcessingBasis,
        "condition": PropertyCondition,
        "occupant_type": OccupantType,
        "listing_agreement": ListingAgreement,
        "heating": Heating,
        "feature": Feature,
    }
    wanted = {f"{name}.{value}" for name, kind in kinds.items() for value in kind}
    wanted |= {f"standard_status.{value}" for value in InquiryStatus}
    unprinted = {"id", "version", "office_id", "assignee_id", "created_by", "key_holder_id", "currency", "private_note"}
    for layout in LAYOUTS.values():
        wanted |= {layout.noun, layout.section.name, *layout.section.tier_of} - unprinted - {"contact_id"}
    for language in get_args(Language):
        assert wanted <= {key for key, words in WORDING[language].items() if words}


@pytest.mark.parametrize(
    ("minor", "currency", "printed"),
    [
        (125_000_00, "EUR", "125,000.00 EUR"),
        (45_000_000, "JPY", "45,000,000 JPY"),
        (85_500_500, "KWD", "85,500.500 KWD"),
        (1_0000, "CLF", "1.0000 CLF"),
        (7, "EUR", "0.07 EUR"),
    ],
)
def test_a_price_has_as_many_decimals_as_its_currency(minor: int, currency: str, printed: str) -> None:
    text = read(record_pdf(LISTING, one(list_price_minor=minor, currency=currency), Sheet("en", NOW, False)))
    assert printed in text.splitlines() or any(line.endswith(f" {printed}") for line in text.splitlines())
