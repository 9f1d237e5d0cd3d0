"""Letters: templates filled in, and letters as messages (RFC 5322, MIME)."""

from datetime import datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Final
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from services.contracts.identity_api import ActivationLink
from services.notifications.domain.letter import Letter

LOCALES: Final = frozenset({"it", "pl", "de", "fr", "en"})
FALLBACK: Final = "en"
LEFT_OUT: Final = "[…]"
"""Stands for a link in the text that is kept."""
_POLICY: Final = policy.SMTP.clone(cte_type="7bit")
_LONGEST_LINE: Final = 200


class Letters:
    """Writes letters in the reader's language, from one sender."""

    def __init__(self, sender: str, public_url: str) -> None:
        self.sender = sender
        self._public_url = public_url
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent.parent / "templates"),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )

    def activation(self, link: ActivationLink, locale: str) -> Letter:
        """Return the letter with which a person sets a first password."""
        language = _language(locale)
        words = {
            "agency": _line(link.agency),
            "display_name": _line(link.display_name),
            "licence_code": _line(link.licence_code),
            "userid": _line(link.userid),
            "expires_at": link.expires_at,
            "sign_in_url": self._public_url,
        }

        def filled(kind: str, url: str) -> str:
            return self._templates.get_template(f"activation.{language}.{kind}").render(words, url=url)

        return Letter(
            locale=language,
            subject=_line(filled("subject", LEFT_OUT)),
            text=filled("txt", link.url),
            html=filled("html", link.url),
            redacted=filled("txt", LEFT_OUT),
        )

    def message(self, letter: Letter, delivery_id: UUID, recipient: str, now: datetime) -> bytes:
        """Return a letter ready for the mail server. The Message-ID is the delivery's: however often it is sent."""
        mail = EmailMessage(policy=_POLICY)
        mail["From"] = self.sender
        mail["To"] = recipient
        mail["Subject"] = letter.subject
        mail["Date"] = now
        mail["Message-ID"] = f"<{delivery_id}@{self.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(letter.text)
        mail.add_alternative(letter.html, subtype="html")
        mail["Content-Language"] = letter.locale  # only now: what was there before would have moved to the first part
        return mail.as_bytes()


def _language(locale: str) -> str:
    """Return the language of a BCP 47 tag, where there are texts in it."""
    language = locale.partition("-")[0].lower()
    return language if language in LOCALES else FALLBACK


def _line(text: str) -> str:
    """Return a text as one line of bounded length: no breaks, control or direction characters."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:_LONGEST_LINE]
