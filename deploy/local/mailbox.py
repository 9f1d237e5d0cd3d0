"""Caught mails: kept in memory and as .eml files, the newest thousand."""

import email
import email.policy
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail: `id` grows with each mail, `to` are the envelope's recipients, `at` is when it came, in UTC."""

    id: int
    at: str
    sender: str
    to: Sequence[str]
    subject: str
    message_id: str
    text: str
    html: str

    def as_json(self) -> dict[str, object]:
        """Return it as the API shows it."""
        fields = asdict(self)
        fields["from"] = fields.pop("sender")
        return fields


class Mailbox:
    """The mails of one folder, which survive a restart."""

    def __init__(self, folder: Path, kept: int = KEPT) -> None:
        self._folder = folder
        self._kept = kept
        folder.mkdir(exist_ok=True)
        folder.chmod(0o700)
        self._mails = {int(file.stem): _read(file) for file in sorted(folder.glob("*.eml"))}
        self._last = max(self._mails, default=0)

    def keep(self, sender: str, recipients: Sequence[str], content: bytes) -> None:
        """Keep a mail, and let the oldest go once there are too many."""
        self._last += 1
        file = self._file(self._last)
        # The envelope is not part of a message: it is kept in front, as mail servers do.
        envelope = [f"X-Envelope-From: {sender}", f"X-Envelope-To: {', '.join(recipients)}"]
        envelope.append(f"X-Caught-At: {datetime.now(UTC).isoformat(timespec='milliseconds')}")
        partial = file.with_suffix(".partial")
        partial.write_bytes("\r\n".join([*envelope, ""]).encode() + content)
        partial.rename(file)
        self._mails[self._last] = _read(file)
        for number in list(self._mails)[: -self._kept]:
            self._drop(number)

    def newest_first(self, *, to: str | None = None, after: int = 0) -> list[Mail]:
        """Return the mails whose id is above `after`, of one recipient if `to` is given."""
        wanted = to.casefold() if to else None
        return [
            mail
            for mail in reversed(self._mails.values())
            if mail.id > after and (wanted is None or wanted in [one.casefold() for one in mail.to])
        ]

    def find(self, number: int) -> Mail | None:
        """Return one mail, None if it is not or no longer kept."""
        return self._mails.get(number)

    def source(self, number: int) -> bytes:
        """Return a mail as it came, with the envelope in three X- headers in front."""
        return self._file(number).read_bytes()

    def clear(self) -> None:
        """Throw all mails away; their ids are not used again before a restart."""
        for number in list(self._mails):
            self._drop(number)

    def _drop(self, number: int) -> None:
        del self._mails[number]
        self._file(number).unlink(missing_ok=True)

    def _file(self, number: int) -> Path:
        return self._folder / f"{number:010}.eml"


def _read(file: Path) -> Mail:
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    return Mail(
        id=int(file.stem),
        at=str(message["X-Caught-At"]),
        sender=str(message["X-Envelope-From"]),
        to=str(message["X-Envelope-To"]).split(", "),
        subject=str(message["Subject"] or ""),
        message_id=str(message["Message-ID"] or ""),
        text=_body(message, "plain"),
        html=_body(message, "html"),
    )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, UnicodeError):
        return ""
