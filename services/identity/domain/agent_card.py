"""What the agent card says of a person beyond name and address (MG-6, MG-8, MG-10..12, MG-15, MG-16)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from services.chassis.problems import FieldError, Invalid
from services.contracts.identity_events import AgentCardChanged
from services.contracts.vocabulary import UserId, UserKind, UserState
from services.identity.domain.user import User


class ContactKind(StrEnum):
    """By which means a person is reached."""

    PHONE = "phone"
    MOBILE = "mobile"
    FAX = "fax"
    WEB = "web"
    OTHER = "other"


class Showable(StrEnum):
    """What of a person web sites and apps may show beside single contacts (MG-11); nothing else of the card ever is."""

    NAME = "name"
    TITLE = "title"
    EMAIL = "email"
    DESCRIPTION = "description"
    PHOTO = "photo"


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to reach a person."""

    kind: ContactKind
    value: str
    shown: bool = False
    """Whether web sites and apps may show it."""


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

    def changed(self, user_id: UserId) -> AgentCardChanged:
        """Return what the other services are told of this person's card."""
        return AgentCardChanged(
            user_id=user_id,
            version=self.version,
            title=self.title,
            colour=self.colour,
            sender_address=self.sender_address,
            shown=tuple(sorted(self.shown)),
        )


class TelephoneNeeded(Invalid):
    code = "telephone_needed"
    title = "An external technician must be reachable by telephone."


@dataclass(frozen=True, slots=True)
class PublicCard:
    """What web sites and apps may show of a person; what is not to be shown is not in it."""

    display_name: str | None
    title: str | None
    email: str | None
    contacts: tuple[Contact, ...]
    descriptions: Mapping[str, str]
    photo: bool


def check_telephone(kind: UserKind, card: AgentCard | None, pointer: str) -> None:
    """Refuse a card of an external technician without a telephone (AM-8), naming the field. Raises TelephoneNeeded."""
    reachable = card is not None and any(one.kind in {ContactKind.PHONE, ContactKind.MOBILE} for one in card.contacts)
    if kind is UserKind.EXTERNAL_TECHNICIAN and not reachable:
        raise TelephoneNeeded(errors=[FieldError(pointer, "telephone_needed", "Give the technician's telephone.")])


def public_card(user: User, card: AgentCard, *, has_photo: bool) -> PublicCard | None:
    """Return what may be shown of a person, or None for who does not work here now or shows nothing (MG-11)."""
    shown = card.shown
    contacts = tuple(one for one in card.contacts if one.shown)
    if user.state is not UserState.ACTIVE or user.kind is not UserKind.COLLEAGUE or not (shown or contacts):
        return None
    return PublicCard(
        display_name=user.display_name if Showable.NAME in shown else None,
        title=card.title if Showable.TITLE in shown else None,
        email=(card.sender_address or user.email) if Showable.EMAIL in shown else None,
        contacts=contacts,
        descriptions=card.descriptions if Showable.DESCRIPTION in shown else {},
        photo=has_photo and Showable.PHOTO in shown,
    )
