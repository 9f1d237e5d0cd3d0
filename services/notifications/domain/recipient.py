"""Recipients: users of the agency, as identity tells of them, and contacts and guests, who only get mail (SB-16)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.chassis.problems import Conflict, Invalid
from services.contracts.vocabulary import UserState
from services.notifications.domain.delivery import Category, is_deliverable

MANAGE: Final = "admin.agents.manage"
SET_DEFAULTS: Final = "admin.settings.update"


class Kind(StrEnum):
    """How we know somebody. All get mail by the same rules (SB-22)."""

    USER = "user"
    CONTACT = "contact"
    GUEST = "guest"
    """Named by an appointment, with nothing but an address; kept as long as there is mail or a choice of his."""


class AddressUnusable(Invalid):
    code = "address_unusable"
    title = "No mail server could be told this address."


class HasMail(Conflict):
    code = "has_mail"
    title = "Mail to this contact is still being sent."


class HasAccount(Conflict):
    code = "has_account"
    title = "This contact signs in: take its account away first."


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who can get mail. `sender_address` is where answers to his own mails go (MG-12)."""

    id: UUID
    kind: Kind
    display_name: str
    email: str
    locale: str
    state: UserState
    receives: bool
    sends: bool
    sender_address: str | None
    card_sender_address: str | None
    version: int
    created_at: datetime

    @property
    def answers_to(self) -> str | None:
        """Return where answers to this person's mails go: as set here, else as the agent card says."""
        return self.sender_address or self.card_sender_address


@dataclass(frozen=True, slots=True)
class Switches:
    """The hard switches above all preferences (MG-18), and the address of one's own mails (MG-12)."""

    receives: bool
    sends: bool
    sender_address: str | None

    def checked(self) -> "Switches":
        """Return them if they can be. Raises AddressUnusable."""
        if self.sender_address is not None and not is_deliverable(self.sender_address):
            raise AddressUnusable
        return self


@dataclass(frozen=True, slots=True)
class ContactCard:
    """What is known of a contact (SB-6..15)."""

    given_name: str
    family_name: str
    company: str
    email: str
    locale: str
    telephone: str
    address_1: str
    address_2: str
    city: str
    province: str
    postcode: str

    @property
    def display_name(self) -> str:
        """Return what the contact is called in a letter."""
        return " ".join(f"{self.given_name} {self.family_name}".split()) or self.company or self.email

    def checked(self) -> "ContactCard":
        """Return it if mail can reach it. Raises AddressUnusable."""
        if not is_deliverable(self.email):
            raise AddressUnusable
        return self


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact: whom mail reaches, what is known of it, and as whom it signs in, None for not at all (SB-16)."""

    recipient: Recipient
    card: ContactCard
    account_user_id: UUID | None


@dataclass(frozen=True, slots=True)
class Agency:
    """The agency as notifications knows it."""

    name: str
    timezone: str
    locale: str
    retention_days: int
    version: int


Choices = Mapping[Category, bool]
"""What somebody chose, by category; a category without a choice follows the agency."""
