"""The password rules of every profile, against a plain reading of them."""

import gzip
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.contracts.vocabulary import UserId, UserState
from services.identity.adapters.common_passwords import common_passwords
from services.identity.domain.password_policy import PasswordRefused, check, normalised
from services.identity.domain.password_rules import (
    PROFILES,
    Kind,
    OwnData,
    PasswordRules,
    Profile,
    Shortfall,
    shortfalls,
)
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


COMMON = common_passwords()
CLASSIC = PROFILES[Profile.CLASSIC]


def broken(password: str, rules: PasswordRules = CLASSIC, user: User = GINA) -> set[str]:
    try:
        check(password, user, rules, COMMON)
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
    assert broken(password) - {"own_data", "common"} == {code for code, wrong in expected.items() if wrong}


@pytest.mark.catalogue("MG-26", "MG-67")
@given(
    st.sampled_from(OWN_WORDS[:7]), st.text("abcXYZ019", max_size=6), st.text("abcXYZ019", max_size=6), st.booleans()
)
def test_own_data_is_found_anywhere_in_any_case_and_without_accents(
    word: str, before: str, after: str, upper: bool
) -> None:
    assert "own_data" in broken(before + (word.upper() if upper else word) + after)


PLAINLY = {
    "Michał": ["michal", "Michał", "lahcim", "M1chal"],
    "Søren": ["soren", "søren"],
    "Đorđević": ["dordevic"],
    "Guðrún Þórs": ["gudrun", "thors", "GudrunThors"],
    "I\u015f\u0131l": ["isil"],
    "Ħamrun": ["hamrun"],
    "Weiß": ["weiss", "WEISS", "Weiß"],
    "Cœur-Æsir": ["coeur", "aesir", "coeuraesir", "Cœur"],
    "D'Amico": ["damico", "Amico", "d'amico", "ocimad", "D4m1c0"],
    "O\u2019Neill": ["oneill", "neill"],
    "Di Re": ["DiRe", "di re", "eriD"],
    "van der Velde": ["vanderVelde", "derVelde"],
    "Bo": ["GinaBo", "BoGina", "Bo Gina"],
    "Jose\u0301": ["jose", "Jos\u00e9", "JOSE\u0301"],
    "rossi+77": ["rossi77", "rossi"],
}


@pytest.mark.catalogue("MG-26", "MG-67")
@pytest.mark.parametrize("name", PLAINLY)
@pytest.mark.parametrize("told", ["family_name", "email"])
def test_own_data_is_found_however_a_keyboard_writes_it_and_whatever_stands_between(name: str, told: str) -> None:
    own = {"family_name": name} if told == "family_name" else {"family_name": "Bo", "email": f"{name}@agency.example"}
    user = replace(GINA, given_name="Gina", userid="u1", code="GR", **own)
    for written in PLAINLY[name]:
        for password in (f"{written}2024!X", f"xY7-{written}", written):
            assert "own_data" in broken(password, CLASSIC, user)
    assert "own_data" in broken(f"{PLAINLY[name][0]} 1985 !!", PROFILES[Profile.NIST], user)


@given(
    st.lists(st.text("łøđæßéabcde", min_size=1, max_size=4), min_size=1, max_size=4),
    st.lists(st.sampled_from(" '-.\u2019"), min_size=3, max_size=3),
)
def test_a_name_is_found_by_its_words_that_are_long_enough_and_by_all_together(
    words: list[str], between: list[str]
) -> None:
    plain = [
        "".join({"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "ß": "ss", "é": "e"}.get(letter, letter) for letter in word)
        for word in words
    ]
    name = words[0] + "".join(f"{at}{word}" for at, word in zip(between, words[1:], strict=False))
    user = replace(GINA, given_name="Zyx", userid="u1", code="GR", email="u2@agency.example", family_name=name)
    for word in [*plain, "".join(plain)]:
        assert ("own_data" in broken(f"9#{word}#9", CLASSIC, user)) == any(
            long in form for long in [*plain, "".join(plain)] if len(long) >= 3 for form in (word, word[::-1])
        )


def test_letters_between_the_digits_of_a_sign_are_no_word() -> None:
    user = replace(GINA, userid="t-1c2e345678", email="t-1c2e345678@agency.example", code="1C2E3")
    assert broken("Correct7horse", CLASSIC, user) == set()
    assert broken("T1c2e345678", CLASSIC, user) == {"own_data"}


def test_two_letter_names_do_not_forbid_every_word_that_holds_them() -> None:
    assert "own_data" not in broken("Delighted42")
    assert "own_data" not in broken("Grappa1234")
    assert "own_data" in broken("GR")


def test_the_same_password_typed_in_two_unicode_forms_is_one_password() -> None:
    assert normalised("Caffe\u0301Latte1") == normalised("Caff\u00e9Latte1")


def test_64_characters_are_accepted_and_257_are_not() -> None:
    assert broken("Aa1" + "x" * 61) == set()
    assert broken("Aa1" + "x" * 254) == {"too_long"}


def test_a_common_password_is_refused_in_every_profile_however_it_is_capitalised() -> None:
    with gzip.open("services/identity/adapters/common_passwords.txt.gz", "rt", encoding="utf-8") as lines:
        listed = [line.strip() for line in lines]
    assert len(listed) == 19_640
    for password in listed:
        for written in (password, password.upper(), password.capitalize()):
            for rules in PROFILES.values():
                assert "common" in broken(written, rules)
    assert "common" not in broken("correct horse battery staple")
    assert broken("Password1") == {"common"}
    assert broken("Qwerty123") == {"common"}


@pytest.mark.parametrize("password", ["R0ss1-1985x", "xx1ss0R-1985", "G1n477-agenzia", "Gin@Casa2026", "Issor2026xx"])
def test_own_data_in_disguise_is_found(password: str) -> None:
    assert "own_data" in broken(password)


def test_nist_asks_for_length_alone_and_compares_the_whole_password() -> None:
    nist = PROFILES[Profile.NIST]
    assert broken("alllowercaseisfine", nist) == set()
    assert broken("my rossi is a horse", nist) == set()
    assert broken("Gina María 1985 !!", nist) == {"own_data"}
    assert broken("short but nice", nist) == {"too_short"}
    assert broken("ein schöner Sätze", nist) == set()


@given(
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40),
    st.integers(8, 30),
    st.frozensets(st.sampled_from(Kind)),
    st.sampled_from(OwnData),
)
def test_custom_rules_ask_for_what_they_say(
    password: str, shortest: int, kinds: frozenset[Kind], own_data: OwnData
) -> None:
    text = unicodedata.normalize("NFC", password)
    expected = {
        "too_short": len(text) < shortest,
        "no_lower_case": Kind.LOWER in kinds and not any(letter.islower() for letter in text),
        "no_upper_case": Kind.UPPER in kinds and not any(letter.isupper() for letter in text),
        "no_digit": Kind.DIGIT in kinds and not any(letter.isdigit() for letter in text),
    }
    found = broken(password, PasswordRules(shortest, kinds, own_data, 0))
    assert found - {"own_data", "common"} == {code for code, wrong in expected.items() if wrong}


def requirements(profile: Profile, *, second_factor: bool) -> Mapping[str, list[str]]:
    failed = shortfalls(PROFILES[profile], second_factor=second_factor)
    return {standard: [one.requirement for one in fails] for standard, fails in failed.items()}


def test_each_profile_says_which_standards_it_fails() -> None:
    assert requirements(Profile.CLASSIC, second_factor=False) == {
        "miogest": [],
        "asvs-5.0-l1": ["6.2.5"],
        "asvs-5.0-l2": ["6.2.5", "6.3.3"],
        "nist-800-63b-4": ["3.1.1.2"] * 3,
    }
    assert requirements(Profile.NIST, second_factor=False) == {
        "miogest": ["MG-26", "MG-26"],
        "asvs-5.0-l1": [],
        "asvs-5.0-l2": ["6.3.3"],
        "nist-800-63b-4": [],
    }
    assert requirements(Profile.ASVS_L2, second_factor=True)["asvs-5.0-l2"] == []
    short = PasswordRules(8, frozenset(), OwnData.AS_A_WHOLE, 0)
    assert shortfalls(short, second_factor=True)["nist-800-63b-4"] == []
    assert shortfalls(short, second_factor=False)["nist-800-63b-4"] == [
        Shortfall("3.1.1.2", "Accepts fewer than 15 characters.")
    ]
