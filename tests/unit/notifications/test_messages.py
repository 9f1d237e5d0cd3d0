"""Our way of writing messages against the standard library's way of reading and writing them."""

import re
import string
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.notifications.adapters.letters import one_line
from services.notifications.adapters.messages import Messages
from services.notifications.domain.calendar import Method
from services.notifications.domain.letter import Author, Letter

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
MESSAGES = Messages("keyholder@agency.test", frozenset({"other.test"}))
HARD = "".join(sorted({*string.printable, *"àżŁÖß€→日本\u202e\u2028\x85\xa0😀=._-"}))
texts = st.text(st.sampled_from(HARD), max_size=400) | st.text(max_size=200)
words = texts.map(one_line).filter(bool)
authors = st.none() | st.builds(
    Author, words, st.none() | st.sampled_from(["me@agency.test", "me@other.test", "me@elsewhere.test"])
)
letters = st.builds(
    Letter,
    locale=st.sampled_from(["it", "pl"]),
    subject=words,
    text=texts,
    html=texts,
    redacted=st.just(""),
    leave_url=st.sampled_from(["", "https://agency.test/unsubscribe/" + "x" * 120]),
    author=authors,
    calendar=st.just("") | texts.map(lambda text: f"BEGIN:VCALENDAR\r\n{text}\r\nEND:VCALENDAR\r\n"),
    calendar_method=st.sampled_from(Method),
)


def read(letter: Letter) -> tuple[bytes, EmailMessage]:
    """Return a message as it is written, and as the standard library reads it."""
    raw = MESSAGES.message(letter, UUID(int=7), "anna@example.test", NOW)
    return raw, message_from_bytes(raw, policy=policy.default)


def lines(text: str) -> list[str]:
    return text.splitlines()


def plain(value: object) -> str:
    """Return a header's words without how they were folded."""
    return " ".join(str(value).split())


@given(letters)
def test_what_is_written_is_read_as_it_was_meant(letter: Letter) -> None:
    raw, mail = read(letter)
    assert [part.defects for part in mail.walk()] == [[]] * len(list(mail.walk()))
    assert plain(mail["Subject"]) == plain(letter.subject)
    assert mail["Date"].datetime == NOW
    assert mail["Message-ID"] == f"<{UUID(int=7)}@agency.test>"
    assert (mail["To"], mail["Content-Language"]) == ("anna@example.test", letter.locale)
    assert (mail["List-Unsubscribe"] or "") == (f"<{letter.leave_url}>" if letter.leave_url else "")
    for kind, wanted in (("plain", letter.text), ("html", letter.html)):
        body = mail.get_body((kind,))
        assert body is not None
        assert lines(body.get_content()) == lines(wanted)
    calendars = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    answered = letter.calendar_method is not Method.PUBLISH
    assert len(calendars) == (0 if not letter.calendar else 2 if answered else 1)
    if calendars:
        assert calendars[-1].get_payload(decode=True) == letter.calendar.encode()
        assert calendars[-1].get_filename() == "appointments.ics"
        assert {part.get_param("method") for part in calendars} == {letter.calendar_method.value}
    assert raw.isascii()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def sender_in(raw: bytes) -> tuple[str, str]:
    """Return name and address of From.

    By the library's older reader: to the newer one, the space between two encoded words of a name is a space of the
    name, which RFC 2047 says it is not.
    """
    name, address = parseaddr(message_from_bytes(raw)["From"])
    return str(make_header(decode_header(name))), address


@given(authors)
@example(Author("0000000000000000000¡¡¡¡¡¡¡¡¡૦நந", None))
def test_the_sender_is_read_as_it_was_meant(author: Author | None) -> None:
    raw, mail = read(Letter("it", "x", "x", "x", "", author=author))
    name, sender = sender_in(raw)
    address = author.address if author and author.address else "keyholder@agency.test"
    foreign = address == "me@elsewhere.test"
    assert sender == ("keyholder@agency.test" if foreign else address)
    assert plain(name) == (plain(one_line(author.name)) if author else "")
    assert (mail["Reply-To"] or "") == (address if foreign else "")
    assert (mail["Sender"] or "") == ("" if foreign or address == "keyholder@agency.test" else "keyholder@agency.test")


@pytest.mark.parametrize("poison", ["x\r\nBcc: eve@example.test", "x\nBcc: eve@example.test", "x\rBcc: e", "x\0"])
def test_no_header_begins_another(poison: str) -> None:
    with pytest.raises(ValueError, match="more than one line"):
        read(Letter("it", poison, "x", "x", ""))
    with pytest.raises(ValueError, match="more than one line"):
        MESSAGES.message(Letter("it", "x", "x", "x", ""), UUID(int=7), poison, NOW)
