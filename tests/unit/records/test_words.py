"""Words are folded alike in every language, and what may not be seen has none."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.problems import Invalid
from services.records.domain.words import fold, words_asked, words_in, words_of
from tests.unit.records.test_listing import LISTING


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Villa sul Lungomare", ["villa", "sul", "lungomare"]),
        ("dell'Arco, l\u2019été", ["dell", "arco", "l", "ete"]),
        ("Łódź, ŻÓŁĆ", ["lodz", "zolc"]),
        ("Straße 12b / STRASSE", ["strasse", "12b", "strasse"]),
        ("Müller-Lüdenscheid_Söhne", ["muller", "ludenscheid", "sohne"]),
        ("Città; perché; œuvre", ["citta", "perche", "oeuvre"]),
        ("㎡ ½ ①", ["m2", "1", "2", "1"]),
        ("— … !", []),
    ],
)
def test_a_text_has_these_words(text: str, words: list[str]) -> None:
    assert list(words_in(text)) == words


@given(st.text())
def test_folding_again_changes_nothing_and_words_are_found_again(text: str) -> None:
    words = list(words_in(text))
    assert [again for word in words for again in words_in(word)] == words
    assert all(word == fold(word) for word in words)


def test_only_public_and_basic_fields_have_words() -> None:
    listing = replace(LISTING, title="Villa", owner_name="Neri", private_note="Ring", street_name="Fillungo")
    assert words_of(listing) == {"1": True, "villa": True}


@pytest.mark.parametrize("text", ["", " — ", "a b c d e f g h i"])
def test_no_words_and_too_many_are_refused(text: str) -> None:
    with pytest.raises(Invalid):
        words_asked(text)
