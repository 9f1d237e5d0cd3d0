"""Letters: templates filled in, in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, cast
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from services.chassis import logging
from services.notifications.adapters import wordings
from services.notifications.domain.delivery import Template
from services.notifications.domain.letter import Letter, Wording

LOCALES: Final = frozenset({"it", "pl", "de", "fr", "en"})
FALLBACK: Final = "en"
LEFT_OUT: Final = "[…]"
"""Stands for a link in the text that is kept."""
LEAVE: Final = {
    "it": "Non vuoi più ricevere messaggi come questo? Disiscriviti:",
    "pl": "Nie chcesz już otrzymywać takich wiadomości? Wypisz się:",
    "de": "Sie möchten solche Nachrichten nicht mehr erhalten? Abmelden:",
    "fr": "Vous ne souhaitez plus recevoir ce genre de message ? Désinscription :",
    "en": "You no longer want messages like this? Unsubscribe:",
}
LEAVE_LABEL: Final = {language: words.rstrip(" :") for language, words in LEAVE.items()}
CONTINUE: Final = {"it": "Continua", "pl": "Dalej", "de": "Weiter", "fr": "Continuer", "en": "Continue"}
DAY: Final = {"it": "%d/%m/%Y", "pl": "%d.%m.%Y", "de": "%d.%m.%Y", "fr": "%d/%m/%Y", "en": "%-d %B %Y"}
TIME: Final = {"it": " alle %H:%M", "pl": ", godz. %H:%M", "de": " um %H:%M Uhr", "fr": " à %H:%M", "en": " at %H:%M"}
_LONGEST_LINE: Final = 200
_LONGEST_TEXT: Final = 20_000
_SEVERAL_LINES: Final = frozenset({"text"})
_log = logging.get(__name__)

Words = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Links:
    """The secrets of a letter: where it leads, and where its reader leaves such mail; empty for none."""

    url: str = ""
    leave_url: str = ""

    @property
    def left_out(self) -> "Links":
        """Return what stands for them in the text that is kept."""
        return Links(self.url and LEFT_OUT, self.leave_url and LEFT_OUT)


class Letters:
    """Writes letters by our own words, or by the agency's."""

    def __init__(self, public_url: str) -> None:
        self.public_url = public_url
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent.parent / "templates"),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
        )
        self._names = frozenset(self._templates.list_templates())

    def write(
        self, template: Template, locale: str, words: Words, links: Links, wording: Wording | None = None
    ) -> Letter:
        """Return a letter; an agency's wording that cannot be filled in gives way to ours."""
        language = language_of(locale)
        clean = {name: _cleaned(name, value) for name, value in words.items()} | {"sign_in_url": self.public_url}
        if wording is not None:
            try:
                return self.by_wording(language, clean, links, wording)
            except wordings.NotAllowed:
                _log.warning("letter.wording_not_usable", template=template.value, language=language)
        return self._by_us(template, language, clean, links)

    def _by_us(self, template: Template, language: str, words: Words, links: Links) -> Letter:
        def filled(kind: str, secrets: Links) -> str:
            source = self._templates.get_template(f"{template.value}.{language}.{kind}")
            return source.render(words, url=secrets.url, leave_url=secrets.leave_url, leave_words=LEAVE_LABEL[language])

        text = filled("txt", links)
        has_html = f"{template.value}.{language}.html" in self._names
        return Letter(
            locale=language,
            subject=one_line(filled("subject", links.left_out)),
            text=_with_way_out(text, language, links),
            html=filled("html", links) if has_html else self._paragraphs(text, language, links),
            redacted=_with_way_out(filled("txt", links.left_out), language, links.left_out),
            leave_url=links.leave_url,
        )

    def by_wording(self, language: str, words: Words, links: Links, wording: Wording) -> Letter:
        """Return a letter by an agency's own words. Raises NotAllowed."""
        words = {**words, "sign_in_url": self.public_url}
        text = wordings.filled(wording.text, words, links.url)
        if wording.html is None:
            html = self._paragraphs(text, language, links)
        else:
            body = wordings.filled(wording.html, words, links.url, escape=True)
            html = self._in_layout("own.html", language, links, body=body)
        return Letter(
            locale=language,
            subject=one_line(wordings.filled(wording.subject, words, links.left_out.url)),
            text=_with_way_out(text, language, links),
            html=html,
            redacted=_with_way_out(wordings.filled(wording.text, words, links.left_out.url), language, links.left_out),
            leave_url=links.leave_url,
        )

    def _paragraphs(self, text: str, language: str, links: Links) -> str:
        paragraphs = [part.strip() for part in text.split("\n\n") if part.strip()]
        return self._in_layout(
            "plain.html",
            language,
            links,
            paragraphs=paragraphs,
            url=links.url,
            label=CONTINUE[language],
            sign_in_url=self.public_url,
        )

    def _in_layout(self, name: str, language: str, links: Links, **words: object) -> str:
        return self._templates.get_template(name).render(
            words, language=language, leave_url=links.leave_url, leave_words=LEAVE_LABEL[language]
        )


def language_of(locale: str) -> str:
    """Return the language of a BCP 47 tag, where there are texts in it."""
    language = locale.partition("-")[0].lower()
    return language if language in LOCALES else FALLBACK


def written_day(moment: datetime, locale: str, zone: ZoneInfo) -> str:
    """Return a date as the reader writes it."""
    return moment.astimezone(zone).strftime(DAY[language_of(locale)])


def day_and_time(moment: datetime, locale: str, zone: ZoneInfo) -> str:
    """Return a date and time as the reader writes them."""
    return moment.astimezone(zone).strftime(f"{DAY[language_of(locale)]} %H:%M")


def moment_in_words(moment: datetime, locale: str, zone: ZoneInfo) -> str:
    """Return a date and time as they stand in a sentence."""
    language = language_of(locale)
    return moment.astimezone(zone).strftime(DAY[language] + TIME[language])


def one_line(text: str) -> str:
    """Return a text as one line of bounded length: no breaks, control or direction characters.

    Nor the beginning of an encoded word (RFC 2047): the standard library decodes one that stands in a header, and
    writes the line break that it may hide as it is, so that a name could add a header.
    """
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split()).replace("=?", "= ?")[:_LONGEST_LINE]


def _cleaned(name: str, value: object) -> object:
    match value:
        case str() if name in _SEVERAL_LINES:
            kept = "".join(c if c.isprintable() or c == "\n" else " " for c in value.replace("\r\n", "\n"))
            return kept[:_LONGEST_TEXT]
        case str():
            return one_line(value)
        case list():
            return [_cleaned(name, one) for one in cast("list[object]", value)]
        case dict():
            return {key: _cleaned(key, one) for key, one in cast("dict[str, object]", value).items()}
        case _:
            return value


def _with_way_out(text: str, language: str, links: Links) -> str:
    return f"{text.rstrip()}\n\n{LEAVE[language]}\n{links.leave_url}\n" if links.leave_url else text
