"""What the agent card says of a person beyond name and address (MG-6, MG-8, MG-10..12, MG-15, MG-16)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ContactKind(StrEnum):
    """By which means a person is reached."""

    PHONE = "phone"
    MOBILE = "mobile"
    FAX = "fax"
    WEB = "web"
    OTHER = "other"


class Showable(StrEnum):
    """What of a person web sites and apps may show (MG-11); nothing else of the card ever is."""

    NAME = "name"
    TITLE = "title"
    EMAIL = "email"
    CONTACTS = "contacts"
    DESCRIPTION = "description"
    PHOTO = "photo"


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to reach a person."""

    kind: ContactKind
    value: str


@dataclass(frozen=True, slots=True)
class Billing:
    """To whom and how a person's invoices are made out."""

    name: str
    address: str
    tax_code: str
    vat_number: str


@dataclass(frozen=True, slots=True)
class AgentCard:
    """A person's card; version 0 was never written."""

    title: str = ""
    """Such as administrator, consultant, director: a label without rights."""
    colour: str | None = None
    """In calendars and lists, `#rrggbb`."""
    sender_address: str | None = None
    """From which address the program sends this person's mails; None for his own."""
    contacts: tuple[Contact, ...] = ()
    shown: frozenset[Showable] = frozenset()
    billing: Billing | None = None
    descriptions: Mapping[str, str] = field(default_factory=dict[str, str])
    """By language (BCP 47)."""
    version: int = 0
