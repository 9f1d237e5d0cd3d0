"""Paper: what it shows is what it was given, with every letter of the five languages."""

import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import get_args

import pypdf
import pytest

from services.records.adapters.prints import WORDING, Language, Sheet, list_pdf, listing_pdf
from services.records.domain.kinds import PropertySubType, PropertyType, StandardStatus, TransactionType
from services.records.domain.listing import LISTINGS

NOW = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
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
    text = read(listing_pdf(one(), Sheet(language, NOW, with_identity=False))).replace("\N{NO-BREAK SPACE}", " ")
    assert "A/1" in text
    for word in words:
        assert word in text


def test_every_letter_of_the_five_languages_has_its_shape(caplog: pytest.LogCaptureFixture) -> None:
    text = read(listing_pdf(one(title=LETTERS, description=LETTERS), Sheet("pl", NOW, with_identity=False)))
    for letter in LETTERS.replace(" ", ""):
        assert text.count(letter) >= 2, letter
    assert caplog.records == [], "no letter is missing from the font"


def test_what_is_hidden_or_empty_has_no_line() -> None:
    text = read(listing_pdf(one(rooms=None), Sheet("en", NOW, with_identity=False)))
    assert "Rooms" not in text
    assert "Owner" not in text
    assert "personal data" not in text


def test_a_list_has_a_line_per_listing_over_as_many_pages_as_it_takes() -> None:
    rows = [one(number=f"N{at}", owner_name="Łucja Żółć", street_name="Via Fillungo") for at in range(120)]
    plain = list_pdf([{**row, "owner_name": None} for row in rows], Sheet("it", NOW, with_identity=False), full=True)
    text = read(plain)
    assert all(f"N{at}" in text for at in range(120))
    assert len(pypdf.PdfReader(io.BytesIO(plain)).pages) > 1
    assert "Non se ne stampano di più" in text
    assert "Żółć" not in text
    named = read(list_pdf(rows, Sheet("it", NOW, with_identity=True), full=False))
    assert named.count("Żółć") == 120
    assert "Contiene dati personali" in named


def test_control_characters_and_foreign_scripts_do_not_stop_a_print() -> None:
    text = read(listing_pdf(one(title="A\x01B\x1b\r\nC", description="線 🏠 ok"), Sheet("en", NOW, with_identity=True)))
    assert "ok" in text


def test_there_are_words_for_every_field_and_kind_in_every_language() -> None:
    kinds = {
        "standard_status": StandardStatus,
        "transaction_type": TransactionType,
        "property_type": PropertyType,
        "property_sub_type": PropertySubType,
    }
    wanted = {f"{name}.{value}" for name, kind in kinds.items() for value in kind}
    unprinted = {"id", "version", "office_id", "assignee_id", "created_by", "key_holder_id", "currency", "private_note"}
    wanted |= LISTINGS.tier_of.keys() - unprinted
    for language in get_args(Language):
        assert wanted <= {key for key, words in WORDING[language].items() if words}
