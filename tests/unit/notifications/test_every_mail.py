"""Every kind of mail in every language: what machines read in it, and that no word of it reaches its headers."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from services.contracts.vocabulary import TenantId
from services.notifications.adapters.leave_links import LeaveLinks, Leaving
from services.notifications.adapters.letters import LOCALES, Letters, Links
from services.notifications.adapters.messages import Messages
from services.notifications.domain.calendar import Method, Parties, Party, calendar
from services.notifications.domain.delivery import Category, Template, is_deliverable
from services.notifications.domain.digest import Appointment
from services.notifications.domain.letter import Author, Letter, Wording
from services.notifications.domain.wording import EXAMPLES, WORDS

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
TENANT, READER, DELIVERY = TenantId(UUID(int=1)), UUID(int=2), UUID(int=7)
LETTERS = Letters("https://agency.test")
LEAVE = LeaveLinks(SecretStr("secret"), "https://agency.test")
MESSAGES = Messages("keyholder@agency.test", frozenset({"rossi.test"}))
ONCE = ("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language", "MIME-Version")
each_kind = pytest.mark.parametrize("template", Template, ids=lambda template: template.value)
POISONS = (
    "Casa\r\nBcc: eve@example.test",
    "Casa\n\n<script>alert(1)</script>",
    "Casa\u2028Bcc: eve@example.test",
    "Casa\x85Bcc: eve@example.test",
    "=?utf-8?q?Casa=0D=0ABcc:_eve@example.test?=",
    '"><img src=x>, "Eve" <eve@example.test>',
    "{{ 7 * 7 }}{% for a in b %}",
    "\u202egnp.exe",
    "Żółć ąęß 屋",
)


def words_of(template: Template, text: str | None = None) -> dict[str, object]:
    """Return the example words of a mail; with `text`, in place of each that is text."""

    def put(value: object) -> object:
        if isinstance(value, list):
            return [dict.fromkeys(cast("dict[str, str]", one), text) for one in cast("list[object]", value)]
        return text if isinstance(value, str) else value

    words = {name: EXAMPLES[name] for name in WORDS[template] & EXAMPLES.keys() if name != "url"}
    if text is not None:
        words = {name: put(value) for name, value in words.items()}
    return words


def links_of(template: Template, category: Category) -> Links:
    return Links(
        "https://agency.test/#token=Zm9v" if "url" in WORDS[template] else "",
        LEAVE.url(Leaving(TENANT, READER, category)),
    )


def letter_of(
    template: Template, locale: str, category: Category, text: str | None = None, wording: Wording | None = None
) -> Letter:
    return LETTERS.write(template, locale, words_of(template, text), links_of(template, category), wording)


def sent(letter: Letter, recipient: str = "anna@example.test") -> EmailMessage:
    raw = MESSAGES.message(letter, DELIVERY, recipient, NOW)
    raw.decode("ascii")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    return message_from_bytes(raw, policy=policy.default)


@each_kind
@pytest.mark.parametrize("category", [Category.SECURITY, Category.SUPPORT])
@pytest.mark.catalogue("SB-17", "SB-18", "SB-19", "SB-20", "SB-21")
def test_machines_can_tell_what_it_is_and_how_to_leave_it(template: Template, category: Category) -> None:
    for locale in LOCALES:
        letter = letter_of(template, locale, category)
        mail = sent(letter)
        for name in ONCE:
            assert len(mail.get_all(name, [])) == 1, name
        assert mail["Message-ID"] == f"<{DELIVERY}@agency.test>"
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["Content-Language"] == locale
        for kind in ("plain", "html"):
            body = mail.get_body((kind,))
            assert body is not None
            assert letter.leave_url in body.get_content()
        assert ("List-Unsubscribe" in mail) == ("List-Unsubscribe-Post" in mail) == (category is Category.SUPPORT)
        assert "token" not in letter.redacted + letter.subject
        assert not letter.leave_url or letter.leave_url not in letter.redacted


@pytest.mark.parametrize("category", Category)
def test_a_mail_that_can_be_left_says_where_and_means_its_own_category(category: Category) -> None:
    mail = sent(letter_of(Template.MESSAGE, "it", category))
    if category is Category.SECURITY:
        assert mail["List-Unsubscribe"] is mail["List-Unsubscribe-Post"] is None
        return
    link = str(mail["List-Unsubscribe"]).strip("<>")
    assert link.startswith("https://")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert LEAVE.read(link.rpartition("/")[2]) == Leaving(TENANT, READER, category)


@each_kind
@pytest.mark.parametrize("own", [False, True], ids=["our words", "the agency's"])
def test_no_word_becomes_a_header_a_part_or_markup(template: Template, *, own: bool) -> None:
    named = " ".join(f"{{{{ {name} }}}}" for name in sorted(WORDS[template] - {"appointments", "accounts"}))
    wording = Wording(named.replace("{{ url }}", ""), named, f"<p>{named}</p>") if own else None
    clean = sent(letter_of(template, "it", Category.GENERAL, wording=wording))
    for poison in POISONS:
        mail = sent(letter_of(template, "it", Category.GENERAL, poison, wording))
        assert mail.keys() == clean.keys()
        assert [part.get_content_type() for part in mail.walk()] == [part.get_content_type() for part in clean.walk()]
        assert [address.addr_spec for address in mail["To"].addresses] == ["anna@example.test"]
        html = mail.get_body(("html",))
        assert html is not None
        assert "<script" not in html.get_content()
        assert "<img" not in html.get_content()
        assert "49{%" not in html.get_content(), "words are no templates"


TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=300),
    st.text(st.sampled_from('=?utf-8qQbB_0DA:c, @<>"\\()\r\n\t\0\u2028é屋'), max_size=80),
    st.builds("{}=?{}?{}?{}?={}".format, *(st.text(max_size=9),) * 5),
).filter(lambda text: text.isascii() or text.encode("utf-8", "ignore").decode() == text)


@given(st.sampled_from(Template), TEXTS, st.sampled_from(sorted(LOCALES)))
def test_nor_does_any_text_at_all(template: Template, text: str, locale: str) -> None:
    mail = sent(letter_of(template, locale, Category.SUPPORT, text))
    assert mail.keys() == sent(letter_of(template, locale, Category.SUPPORT)).keys()
    assert str(mail["Subject"]).isprintable()
    assert not mail["Subject"].defects


ADDRESSES = st.one_of(
    st.text(st.sampled_from("ab.@-_=?\"'<>(),;:\\[] \r\n\0é屋%+"), max_size=24),
    st.builds(
        "{}@{}".format,
        st.text(st.sampled_from("aZ0.!#$%&'*+/=?^_`{|}~-é\r\n"), max_size=12),
        st.text(st.sampled_from("aZ0.-é屋\r\n"), max_size=12),
    ),
    st.emails(),
)


@given(ADDRESSES, TEXTS)
def test_an_address_is_either_refused_or_stands_in_the_headers_as_it_is(address: str, name: str) -> None:
    if not is_deliverable(address):
        return
    local = address.rpartition("@")[0]
    ours = address.rpartition("@")[2].lower() in {"agency.test", "rossi.test"}
    cases = (
        (None, "To"),
        (Author(name, f"{local}@rossi.test"), "From"),
        (Author(name, address), "From" if ours else "Reply-To"),
    )
    for author, header in cases:
        letter = Letter(locale="it", subject="s", text="t", html="<p>t</p>", redacted="t", author=author)
        mail = sent(letter, address if header == "To" else "anna@example.test")
        (found,) = mail[header].addresses
        assert found.addr_spec == (f"{local}@rossi.test" if author and header == "From" else address)
        assert not mail[header].defects
        assert len(mail["From"].addresses) == 1
        assert mail["Bcc"] is None


@pytest.mark.parametrize(
    "address",
    [
        *("a..b@x.test", ".a@x.test", "a.@x.test", "@x.test", "a@", "a@-x.test", "a@x-.test", "a@x..test", "a@.x.test"),
        *("müller@x.test", "a@müller.test", "a@x.test\r\nBcc: e@x.test", "a@x.test\n", '"a b"@x.test', "a@[1.2.3.4]"),
        *("a,b@x.test", "a@x.test,e@x.test", "<a@x.test>", "=?utf-8?q?x?=@x.test", "a" * 65 + "@x.test"),
        *("a@" + "b" * 64 + ".test", "a@" + "bcd." * 70 + "test", "a@x_y.test", ""),
    ],
)
def test_what_is_no_plain_address_is_refused(address: str) -> None:
    assert not is_deliverable(address)


@pytest.mark.parametrize(
    "address", ["a@x.test", "a.b+c@x-y.test", "O'Neil_1@X.TEST", "a" * 64 + "@xn--mller-kva.test", "a@b"]
)
def test_what_is_one_is_taken(address: str) -> None:
    assert is_deliverable(address)


@given(TEXTS, TEXTS)
def test_an_invitation_in_anybodys_name_keeps_its_headers(name: str, summary: str) -> None:
    one = Appointment(UUID(int=9), 1, NOW, NOW, summary)
    ics = calendar([one], NOW, Method.REQUEST, Parties(Party(name, "b@agency.test"), Party(name, "c@client.test")))
    words: Mapping[str, object] = words_of(Template.APPOINTMENT_INVITED) | {"summary": summary, "organizer": name}
    links = links_of(Template.APPOINTMENT_INVITED, Category.INVITATIONS)
    written = LETTERS.write(Template.APPOINTMENT_INVITED, "it", words, links)
    letter = Letter(
        locale="it",
        subject=written.subject,
        text=written.text,
        html=written.html,
        redacted=written.redacted,
        leave_url=written.leave_url,
        author=Author(name, "bruno@elsewhere.test"),
        calendar=ics,
        calendar_method=Method.REQUEST,
    )
    mail = sent(letter)
    assert [address.addr_spec for address in mail["From"].addresses] == ["keyholder@agency.test"]
    assert [address.addr_spec for address in mail["Reply-To"].addresses] == ["bruno@elsewhere.test"]
    assert mail["Bcc"] is None
