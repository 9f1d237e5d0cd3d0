"""Contacts over HTTP: owners, searching clients and everybody else in one list (IMO-55)."""

from datetime import date, datetime
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from services.chassis.answers import Composed
from services.chassis.web import Call, Input, Output, Route
from services.contracts.instants import Instant
from services.contracts.vocabulary import OfficeId
from services.records.deps import Deps
from services.records.domain.contact import ContactFilter
from services.records.domain.kinds import ContactRole, LegalForm, ProcessingBasis
from services.records.domain.sorting import RecordSort
from services.records.handlers import impact, record_life, record_rights, records
from services.records.handlers.edges import Edge, act
from services.records.handlers.fields import OMITTED, Country, Email, Line, Number, Phone, Text
from services.records.handlers.record_models import BasicGiven, BasicShown, RecordShown, RecordsPage
from services.records.handlers.records import PageAsked, RecordsFilter
from services.records.operations import record_life as operations
from services.records.store.contacts import TABLE

Roles = Annotated[tuple[ContactRole, ...], Field(max_length=10)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)]


class ContactBasicGiven(BasicGiven):
    given_name: Line | None = None
    family_name: Line | None = None
    company_name: Line | None = None
    job_title: Line | None = None
    source: Line | None = None
    """Where the data came from."""
    note: Text | None = None
    processing_basis: ProcessingBasis | None = None
    consent_at: Instant | None = None
    consent_source: Line | None = None
    marketing_consent: bool = OMITTED
    marketing_consent_at: Instant | None = None
    retention_until: date | None = None
    """Until when the data may be kept."""


class NewContactBasic(ContactBasicGiven):
    name: Line


class ContactBasicChange(ContactBasicGiven):
    name: Line = OMITTED


class ContactIdentityGiven(Input):
    phones: Annotated[tuple[Phone, ...], Field(max_length=20)] = ()
    emails: Annotated[tuple[Email, ...], Field(max_length=20)] = ()
    street: Line | None = None
    postal_code: Line | None = None
    city: Line | None = None
    country: Country | None = None
    tax_code: Line | None = None
    born_on: date | None = None


class ContactFields(Input):
    legal_form: LegalForm = OMITTED
    roles: Roles = ()
    language: Language | None = None
    """BCP 47."""


class NewContact(ContactFields):
    number: Number = OMITTED
    """The customer number; left out, the agency's next one."""
    office_id: OfficeId = OMITTED
    """Left out, the caller's principal one; one that is not the caller's needs the permission to move it there."""
    basic: NewContactBasic
    """Without an assignee, the caller is it."""
    identity: ContactIdentityGiven = OMITTED


class ContactChange(ContactFields):
    office_id: OfficeId = OMITTED
    basic: ContactBasicChange = OMITTED
    identity: ContactIdentityGiven = OMITTED


class CustomerNumber(Input):
    number: Number


class ContactBasicShown(BasicShown):
    name: str
    given_name: str | None
    family_name: str | None
    company_name: str | None
    job_title: str | None
    source: str | None
    note: str | None
    processing_basis: ProcessingBasis | None
    consent_at: datetime | None
    consent_source: str | None
    marketing_consent: bool
    marketing_consent_at: datetime | None
    retention_until: date | None


class ContactIdentityShown(Output):
    phones: list[str]
    emails: list[str]
    street: str | None
    postal_code: str | None
    city: str | None
    country: str | None
    tax_code: str | None
    born_on: date | None


class ContactShown(RecordShown):
    """A contact as far as the caller may see it. A group that is null is hidden; a field that is null is empty."""

    legal_form: LegalForm
    roles: list[ContactRole]
    language: str | None
    basic: ContactBasicShown | None
    identity: ContactIdentityShown | None


class ContactsPage(RecordsPage):
    items: list[ContactShown]


class ContactsFilter(RecordsFilter):
    legal_form: LegalForm | None = None
    role: ContactRole | None = None

    def filter(self) -> ContactFilter:
        """Return what is asked for, without where the page begins and ends."""
        return ContactFilter(**self.asked(ContactsFilter))


class ContactsQuery(PageAsked, ContactsFilter):
    sort: RecordSort = RecordSort.UPDATED


EDGE: Final = Edge(table=TABLE, noun="contact", shown=ContactShown, page=ContactsPage)


async def renumber_contact(deps: Deps, call: Call, asked: CustomerNumber) -> Composed | None:
    """Give a contact another customer number. Needs contacts.customer_number.update (ON-41)."""
    doing = await act(EDGE, deps, call, call.version)
    changed = await operations.renumber(deps.db, TABLE, doing, asked.number, operations.CUSTOMER_NUMBER)
    return EDGE.opened(changed, doing.snapshot)


ROUTES = (
    *records.routes(EDGE, NewContact, ContactChange, ContactsQuery, ContactsFilter),
    Route("PUT", f"{EDGE.one}/number", renumber_contact, takes=CustomerNumber, gives=ContactShown, edits=True),
    *record_life.routes(EDGE),
    *record_rights.routes(EDGE),
    *impact.routes(EDGE),
)
