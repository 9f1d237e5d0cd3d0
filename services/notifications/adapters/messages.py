"""Letters as messages (RFC 5322, MIME), from us or in the name of one of our people."""

from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Final
from uuid import UUID

from services.notifications.adapters.letters import one_line
from services.notifications.domain.calendar import Method
from services.notifications.domain.letter import Author, Letter

_POLICY: Final = policy.SMTP.clone(cte_type="7bit")


class Messages:
    """Puts letters into envelopes of one sender; `domains` are those whose addresses may stand in From."""

    def __init__(self, sender: str, domains: frozenset[str] = frozenset()) -> None:
        self.sender = sender
        self._domain = sender.rpartition("@")[2].lower()
        self._domains = domains | {self._domain}

    def message(self, letter: Letter, delivery_id: UUID, recipient: str, now: datetime) -> bytes:
        """Return a letter ready for the mail server. The Message-ID is the delivery's: however often it is sent."""
        mail = EmailMessage(policy=_POLICY)
        self._sign(mail, letter.author)
        mail["To"] = recipient
        mail["Subject"] = letter.subject
        mail["Date"] = now
        mail["Message-ID"] = f"<{delivery_id}@{self._domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        if letter.leave_url:
            mail["List-Unsubscribe"] = f"<{letter.leave_url}>"
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        mail.set_content(letter.text)
        mail.add_alternative(letter.html, subtype="html")
        if letter.calendar:
            _attach(mail, letter)
        mail["Content-Language"] = letter.locale  # only now: what was there before would have moved to the first part
        return mail.as_bytes()

    def _sign(self, mail: EmailMessage, author: Author | None) -> None:
        """Say from whom the mail is; a foreign address in From would be taken for forged, so it only gets answers."""
        if author is None:
            mail["From"] = self.sender
            return
        address, name = author.address or self.sender, one_line(author.name)
        if address.rpartition("@")[2].lower() in self._domains:
            mail["From"] = Address(name, addr_spec=address)
            if address != self.sender:
                mail["Sender"] = self.sender
        else:
            mail["From"] = Address(name, addr_spec=self.sender)
            mail["Reply-To"] = address


def _attach(mail: EmailMessage, letter: Letter) -> None:
    """Add a calendar: to be kept by whoever likes, and as one more form of what is to be answered (RFC 6047)."""
    said = {"method": letter.calendar_method.value}
    if letter.calendar_method is not Method.PUBLISH:
        mail.add_alternative(letter.calendar, subtype="calendar", params=said)
    mail.add_attachment(
        letter.calendar.encode(),
        maintype="text",
        subtype="calendar",
        filename="appointments.ics",
        params=said | {"charset": "utf-8"},
    )
