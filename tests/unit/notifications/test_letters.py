"""Letters: in five languages, with everything a new colleague needs, and nothing that a name could smuggle in."""

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.identity_api import ActivationLink
from services.notifications.adapters.letters import LEFT_OUT, LOCALES, Letters, Links, moment_in_words
from services.notifications.adapters.messages import Messages
from services.notifications.domain.delivery import Template
from services.notifications.domain.letter import Letter

SECRET = "Zm9vYmFyLXNlY3JldA"
LETTERS = Letters("https://agency.test")
MESSAGES = Messages("keyholder@agency.test")
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def link(**changed: str) -> ActivationLink:
    return ActivationLink.model_validate(
        {
            "url": f"https://agency.test/activate#token={SECRET}&x=1",
            "expires_at": datetime(2026, 11, 25, 9, tzinfo=UTC),
            "licence_code": "LUCCA-1",
            "userid": "anna.rossi",
            "agency": "Casa Bella",
            "display_name": "Anna Rossi",
            "email": "anna@example.test",
            **changed,
        }
    )


def activation(link: ActivationLink, locale: str) -> Letter:
    words = link.model_dump(exclude={"url", "expires_at", "email"})
    words["valid_until"] = moment_in_words(link.expires_at, locale, ZoneInfo("Europe/Rome"))
    return LETTERS.write(Template.ACTIVATION, locale, words, Links(link.url))


def message(locale: str = "it", **changed: str) -> EmailMessage:
    letter = activation(link(**changed), locale)
    raw = MESSAGES.message(letter, UUID(int=7), "anna@example.test", NOW)
    raw.decode("ascii")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    return message_from_bytes(raw, policy=policy.default)


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


@pytest.mark.parametrize(
    ("locale", "date"),
    [
        ("it", "fino al 25/11/2026 alle 10:00"),
        ("pl", "do 25.11.2026, godz. 10:00"),
        ("de", "bis 25.11.2026 um 10:00 Uhr"),
        ("fr", "jusqu'au 25/11/2026 à 10:00"),
        ("en", "until 25 November 2026 at 10:00"),
    ],
)
@pytest.mark.catalogue("AM-16", "MG-24")
def test_a_letter_says_who_what_where_and_until_when(locale: str, date: str) -> None:
    mail = message(locale)
    assert mail["Subject"].endswith(": Casa Bella")
    assert mail["Content-Language"] == locale
    text, html = part(mail, "plain"), part(mail, "html")
    for said in ("Anna Rossi", "Casa Bella", "LUCCA-1", "anna.rossi", date, "https://agency.test"):
        assert said in text
        assert said in html
    assert f"https://agency.test/activate#token={SECRET}&x=1" in text.splitlines()
    assert f'href="https://agency.test/activate#token={SECRET}&amp;x=1"' in html
    assert f'lang="{locale}"' in html
    assert "{" not in text


def test_each_language_has_words_of_its_own() -> None:
    assert len({activation(link(), locale).text for locale in LOCALES}) == len(LOCALES) == 5


@pytest.mark.parametrize(
    ("asked", "given"),
    [("pl-PL", "pl"), ("DE", "de"), ("fr-CA", "fr"), ("es", "en"), ("", "en"), ("../it", "en"), ("en-GB", "en")],
)
def test_a_reader_of_no_known_language_gets_english(asked: str, given: str) -> None:
    assert activation(link(), asked).locale == given


@pytest.mark.parametrize("locale", sorted(LOCALES))
def test_what_is_kept_holds_no_link(locale: str) -> None:
    letter = activation(link(), locale)
    assert SECRET in letter.text
    assert SECRET not in letter.redacted + letter.subject
    assert "#token" not in letter.redacted
    assert letter.redacted.replace(LEFT_OUT, link().url) == letter.text


@pytest.mark.parametrize("locale", sorted(LOCALES))
def test_a_name_is_text_and_never_markup(locale: str) -> None:
    name = "<b>Anna & Co</b>"
    mail = message(locale, display_name=name, agency='"><script>alert(1)</script>')
    assert name in part(mail, "plain")
    html = part(mail, "html")
    assert "&lt;b&gt;Anna &amp; Co&lt;/b&gt;" in html
    assert "<b>" not in html
    assert "<script" not in html


@pytest.mark.parametrize(
    "poison", ["Casa\r\nBcc: eve@example.test", "Casa\n\nBody", "Casa\u2028Bcc: x", "Casa\x00Bella", "Casa\x0bBella"]
)
def test_a_line_break_in_a_name_makes_no_header(poison: str) -> None:
    mail = message(agency=poison, display_name=poison)
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith("Attiva il tuo accesso: Casa ")
    assert mail.keys() == message().keys()


@given(st.text(), st.text(), st.sampled_from(sorted(LOCALES)))
def test_no_name_at_all_changes_the_headers_or_breaks_the_letter(agency: str, name: str, locale: str) -> None:
    mail = message(
        locale, agency=agency.encode("utf-8", "ignore").decode(), display_name=name.encode("utf-8", "ignore").decode()
    )
    assert mail.keys() == message().keys()
    assert SECRET in part(mail, "plain")
    assert SECRET in part(mail, "html")


def test_sent_again_it_is_the_same_message() -> None:
    assert message()["Message-ID"] == message(display_name="Eva")["Message-ID"] == f"<{UUID(int=7)}@agency.test>"


@pytest.mark.parametrize("locale", sorted(LOCALES))
def test_what_people_may_click_is_a_link_in_every_letter_and_no_colon_is_part_of_it(locale: str) -> None:
    words = {"display_name": "Anna", "agency": "Casa Bella", "listing_number": "V-1", "searcher_number": "<R-1>"}
    html = LETTERS.write(Template.MATCH, locale, words, Links(leave_url="https://agency.test/unsubscribe/x")).html
    assert '<a href="https://agency.test">https://agency.test</a>' in html
    assert "&lt;R-1&gt;" in html
    assert not [text for text in re.findall(r">([^<>]+)</a>", html) if text.rstrip().endswith(":")]
