"""What a Change-Reason header says, and what it cannot say."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.problems import Invalid
from services.chassis.reasons import LONGEST, reason_of

PRINTABLE = st.text(min_size=1, max_size=LONGEST).filter(lambda text: text.isprintable() and text == text.strip())


@given(PRINTABLE)
def test_every_printable_text_comes_back_as_it_was_encoded(text: str) -> None:
    assert reason_of({"Change-Reason": quote(text)}) == (text or None)


@pytest.mark.parametrize("headers", [{}, {"Change-Reason": ""}, {"Change-Reason": " %20 "}])
def test_without_a_word_there_is_no_reason(headers: dict[str, str]) -> None:
    assert reason_of(headers) is None


@pytest.mark.parametrize("given", ["x" * (LONGEST + 1), "%ff", "%ed%a0%80", "one%0Atwo", "%00"])
def test_what_cannot_be_read_or_kept_is_refused(given: str) -> None:
    with pytest.raises(Invalid) as refused:
        reason_of({"Change-Reason": given})
    assert [error.pointer for error in refused.value.errors] == ["/Change-Reason"]
