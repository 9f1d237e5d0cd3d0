"""What a directory wants of people, in the words of the domain."""

from hypothesis import given
from hypothesis import strategies as st

from services.identity.domain.directory import free_code

names = st.text(min_size=1, max_size=20)


@given(names, names, st.sets(st.from_regex(r"[A-Z]{1,2}[0-9]{0,2}", fullmatch=True), max_size=30))
def test_a_code_is_free_short_and_plain(given_name: str, family_name: str, taken: set[str]) -> None:
    code = free_code(given_name, family_name, taken)
    assert code not in taken
    assert 1 <= len(code) <= 8
    assert code.isascii()
    assert code.isalnum()
    assert code == code.upper()


def test_codes_are_initials_without_marks() -> None:
    assert free_code("Łukasz", "Żółć", set()) == "LZ"
    assert free_code("élodie", "o'Neil", set()) == "EO"
    assert free_code("Öz", "Øst", {"OO"}) == "OO2"
    assert free_code("武", "山", set()) == "X"
