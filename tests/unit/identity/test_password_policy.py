"""The classic password rules (MG-26), against a plain reading of them."""

import unicodedata
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.contracts.vocabulary import UserId, UserState
from services.identity.domain.password_policy import PasswordRefused, check, normalised
from services.identity.domain.user import Assignments, User

GINA = User(
    id=UserId(uuid4()),
    userid="g.rossi",
    code="GR",
    given_name="Gina María",
    family_name="De Rossi-Li",
    email="gina77@agency.example",
    locale="it",
    state=UserState.PROVISIONED,
    assignments=Assignments(),
    version=1,
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)
OWN_WORDS = ["g.rossi", "rossi", "gina", "maria", "gina maria", "de rossi-li", "rossi-li", "gina77", "derossi"]


def broken(password: str) -> set[str]:
    try:
        check(password, GINA)
    except PasswordRefused as refused:
        return {error.code for error in refused.errors}
    return set()


@pytest.mark.catalogue("MG-26")
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40))
@example("Passwort7")
@example("\u0661\u0662\u0663abcDEF")
def test_length_and_classes_are_as_the_manual_says(password: str) -> None:
    text = unicodedata.normalize("NFC", password)
    expected = {
        "too_short": len(text) < 8,
        "no_lower_case": not any(letter.islower() for letter in text),
        "no_upper_case": not any(letter.isupper() for letter in text),
        "no_digit": not any(letter.isdigit() for letter in text),
    }
    assert broken(password) - {"own_data"} == {code for code, wrong in expected.items() if wrong}


@pytest.mark.catalogue("MG-26", "MG-67")
@given(
    st.sampled_from(OWN_WORDS[:7]), st.text("abcXYZ019", max_size=6), st.text("abcXYZ019", max_size=6), st.booleans()
)
def test_own_data_is_found_anywhere_in_any_case_and_without_accents(
    word: str, before: str, after: str, upper: bool
) -> None:
    assert "own_data" in broken(before + (word.upper() if upper else word) + after)


def test_two_letter_names_do_not_forbid_every_word_that_holds_them() -> None:
    assert "own_data" not in broken("Delighted42")
    assert "own_data" not in broken("Grappa1234")
    assert "own_data" in broken("GR")


def test_the_same_password_typed_in_two_unicode_forms_is_one_password() -> None:
    assert normalised("Caffe\u0301Latte1") == normalised("Caff\u00e9Latte1")


def test_64_characters_are_accepted_and_257_are_not() -> None:
    assert broken("Aa1" + "x" * 61) == set()
    assert broken("Aa1" + "x" * 254) == {"too_long"}
