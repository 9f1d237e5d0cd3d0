"""A delivery: one mail to one person, and who may know of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.chassis.problems import Conflict
from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import UserId

READ: Final = "communications.read"
RESEND: Final = "communications.resend"
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS: Final = re.compile(rf"(?=.{{1,64}}@)(?!.*=\?){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
_LONGEST_ADDRESS: Final = 254


class State(StrEnum):
    """Where a delivery is in its life."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    """A worker has it; the mail server knows nothing of it yet."""
    HANDING_OVER = "handing_over"
    """The mail itself may be on its way to the mail server."""
    SENT = "sent"
    """The mail server took it on."""
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    """The connection broke while the mail was handed over: it may have gone out."""
    CANCELLED = "cancelled"
    """There was no longer anything to tell."""
    SUPPRESSED = "suppressed"
    """The recipient does not get such mail; the ground says why."""
    BOUNCED = "bounced"
    """The mail server took it on, and a mail system behind it gave it back."""


class Fate(StrEnum):
    """What became of a mail in the eyes of whoever asks why somebody got it, or did not."""

    UNDER_WAY = "under_way"
    KEPT_BACK = "kept_back"
    """The recipient does not get such mail."""
    NEEDLESS = "needless"
    """There was no longer anything to tell, or no right to know it."""
    FAILED = "failed"
    """No mail server took it, or one gave it back, or nobody knows."""
    SENT = "sent"


class Category(StrEnum):
    """What a mail is about, so that people can choose; nobody can leave `security` (SB-17..21, MG-17)."""

    SECURITY = "security"
    GENERAL = "general"
    SERVICES = "services"
    DOMAIN = "domain"
    ADMINISTRATION = "administration"
    SUPPORT = "support"
    APPOINTMENTS = "appointments"
    MATCHES = "matches"
    INVITATIONS = "invitations"
    """To appointments, and what becomes of them; the daily summary of one's own is `appointments`."""


class Template(StrEnum):
    """Which text a mail has."""

    ACTIVATION = "activation"
    PASSWORD_RESET = "password_reset"  # noqa: S105 the name of a mail
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 as above
    SECOND_FACTOR_CHANGED = "second_factor_changed"
    NEW_DEVICE = "new_device"
    ACCOUNT_EXPIRING = "account_expiring"
    TECHNICIAN_EXPIRING = "technician_expiring"
    DIGEST = "digest"
    APPOINTMENT_INVITED = "appointment_invited"
    APPOINTMENT_CHANGED = "appointment_changed"
    APPOINTMENT_CANCELLED = "appointment_cancelled"
    MATCH = "match"
    WEEKLY_REPORT = "weekly_report"
    MESSAGE = "message"
    """What somebody of the agency wrote."""


_FATES: Final[Mapping[State, Fate]] = {
    State.SENT: Fate.SENT,
    State.SUPPRESSED: Fate.KEPT_BACK,
    State.CANCELLED: Fate.NEEDLESS,
    State.REFUSED: Fate.FAILED,
    State.BOUNCED: Fate.FAILED,
    State.UNCERTAIN: Fate.FAILED,
}
"""Of the states in which a mail can end."""


class StillUnderWay(Conflict):
    code = "still_under_way"
    title = "This mail is still being sent."


class RecipientGone(Conflict):
    code = "recipient_gone"
    title = "Whoever this mail was for is no longer known."


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A mail to be sent, caused by an event or by a person who wants an earlier one sent again."""

    id: UUID
    event_id: UUID | None
    resend_of: UUID | None
    category: Category
    template: Template
    recipient_user_id: UserId
    recipient_address: str
    locale: str
    sender_user_id: UserId | None = None
    """Who has it sent; None for the agency's system."""
    facts: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the text tells besides names; never a secret."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A mail as the communication history keeps it. `next_try_at` is None once nothing more will be tried."""

    id: UUID
    resend_of: UUID | None
    category: Category
    template: Template
    recipient_user_id: UserId
    recipient_address: str
    locale: str
    state: State
    attempts: int
    uncertain_attempts: int
    next_try_at: datetime | None
    subject: str | None
    body_redacted: str | None
    last_error_code: str | None
    created_at: datetime
    sent_at: datetime | None
    ground: str | None
    sender_user_id: UserId | None
    facts: Mapping[str, str]

    @property
    def fate(self) -> Fate:
        """Return what became of it."""
        if self.next_try_at is not None:
            return Fate.UNDER_WAY
        return _FATES[self.state]

    @property
    def decided_by(self) -> str | None:
        """Return which step decided: a ground of the decision, or what stopped the mail after it; None for not yet."""
        if self.fate in {Fate.SENT, Fate.UNDER_WAY}:
            return self.ground
        return self.last_error_code

    def again(self, new_id: UUID, address: str | None) -> NewDelivery:
        """Return the same mail to be sent once more, to where the recipient is reached now; None for one not known.

        Raises StillUnderWay, RecipientGone: with a contact went what it wanted. Mail that nobody can leave may be on
        its way before we know of its recipient.
        """
        if self.next_try_at is not None:
            raise StillUnderWay
        if address is None and self.category is not Category.SECURITY:
            raise RecipientGone
        return NewDelivery(
            id=new_id,
            event_id=None,
            resend_of=self.id,
            category=self.category,
            template=self.template,
            recipient_user_id=self.recipient_user_id,
            recipient_address=address or self.recipient_address,
            locale=self.locale,
            sender_user_id=self.sender_user_id,
            facts=self.facts,
        )


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a delivery's timeline. `code` is an SMTP reply code or a word such as `timeout`."""

    at: datetime
    state: State
    code: str | None


def readable_recipients(snapshot: AccessSnapshot) -> frozenset[UserId] | None:
    """Return whose mail a person may see, None for everybody's. One's own never needs a grant (SB-24).

    A delivery lies in no office and has no public side: only the full reach and reaches by person count.
    """
    scope = snapshot.scope(READ)
    return None if scope.unlimited else scope.owners | {snapshot.user_id}


def is_deliverable(address: str) -> bool:
    """Say whether a mail server could be told this address at all: plain ASCII, nothing quoted (RFC 5321, RFC 1035).

    Nor anything that a mail program would decode into another address (RFC 2047).
    """
    return len(address) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(address) is not None
