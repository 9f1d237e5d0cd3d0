"""Somebody whom the agency deals with, the tiers of what is known about him, and why it may be kept."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Final

from services.chassis.problems import FieldError, Invalid
from services.contracts.vocabulary import ContactId
from services.records.domain.kinds import ContactRole, LegalForm, ProcessingBasis
from services.records.domain.record import Filter, Record, Section, Tier

_SEARCHING: Final = frozenset({ContactRole.BUYER, ContactRole.TENANT})
"""The roles of who is known to the agency for his search alone."""
_OWED: Final = frozenset({ProcessingBasis.CONTRACT, ProcessingBasis.LEGAL_OBLIGATION})
"""Why data must be kept even if the person objects."""
NAMES: Final = ("name", "given_name", "family_name", "company_name")

CONTACTS: Final = Section(
    name="contacts",
    tiers={
        Tier.PUBLIC: (
            *("id", "number", "office_id", "version", "created_at", "updated_at"),
            *("legal_form", "roles", "language"),
        ),
        Tier.BASIC: (
            *("assignee_id", "created_by", *NAMES, "job_title", "source", "note"),
            *("processing_basis", "consent_at", "consent_source", "marketing_consent", "marketing_consent_at"),
            "retention_until",
        ),
        Tier.IDENTITY: ("phones", "emails", "street", "postal_code", "city", "country", "tax_code", "born_on"),
    },
    actions={
        **dict.fromkeys(("assignee_id", "office_id"), "assignee.update"),
        # Whoever opens a contact sees the name; changing whom the record is about is a change of identity.
        **dict.fromkeys(NAMES, "identity.update"),
    },
    bare={},
    searched=("number", *NAMES, "job_title", "source", "note"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact(Record):
    """A person or company. The number is the customer number."""

    section: ClassVar[Section] = CONTACTS

    id: ContactId
    legal_form: LegalForm = LegalForm.PERSON
    roles: tuple[ContactRole, ...] = ()
    language: str | None = None
    name: str
    given_name: str | None = None
    family_name: str | None = None
    company_name: str | None = None
    job_title: str | None = None
    source: str | None = None
    note: str | None = None
    processing_basis: ProcessingBasis | None = None
    consent_at: datetime | None = None
    consent_source: str | None = None
    marketing_consent: bool = False
    marketing_consent_at: datetime | None = None
    retention_until: date | None = None
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    street: str | None = None
    postal_code: str | None = None
    city: str | None = None
    country: str | None = None
    tax_code: str | None = None
    born_on: date | None = None

    def check(self) -> None:
        """Refuse a consent of which nobody knows when it was given. Raises Invalid."""
        missing = [
            FieldError(f"/basic/{name}", "time_missing", "A consent needs the time at which it was given.")
            for name, given, at in (
                ("consent_at", self.processing_basis is ProcessingBasis.CONSENT, self.consent_at),
                ("marketing_consent_at", self.marketing_consent, self.marketing_consent_at),
            )
            if given and at is None
        ]
        if missing:
            raise Invalid(errors=missing)

    @property
    def is_needed(self) -> bool:
        """Say whether the contact is needed besides the searches of the person, by what it says itself."""
        return self.processing_basis in _OWED or not _SEARCHING.issuperset(self.roles)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactFilter(Filter):
    """Which contacts a list shows; all but the assignee are public fields."""

    legal_form: LegalForm | None = None
    role: ContactRole | None = None
