"""Which addresses a mail server is told at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.delivery import is_deliverable


@pytest.mark.parametrize("address", ["a@b", "anna.rossi+work@mail.agenzia-rossi.it", "o'neil@example.test", "x_1@b.c"])
def test_a_plain_address_is_deliverable(address: str) -> None:
    assert is_deliverable(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "anna",
        "@b.c",
        "a@",
        "a@b@c",
        "a b@c.d",
        "a@b.c\n",
        "a@b..c",
        "<a@b.c>",
        "ü@b.c",
        "a@é.it",
        f"{'a' * 65}@b.c",
    ],
)
def test_anything_else_is_not(address: str) -> None:
    assert not is_deliverable(address)


@given(st.text(alphabet='ab1@.-+<>,;: \t\r\n"\\é\x00', max_size=12))
def test_no_deliverable_address_holds_what_smtp_or_a_header_would_read_as_its_own(address: str) -> None:
    if is_deliverable(address):
        assert address.isascii()
        assert len(address) <= 254
        assert not set(address) & set(' \t\r\n<>,;:"()[]\\\x00')
