"""Contacts as rows."""

from typing import Final

from services.records.domain.contact import CONTACTS, Contact, ContactFilter
from services.records.domain.kinds import ContactRole, LegalForm, ProcessingBasis
from services.records.domain.sorting import RecordSort
from services.records.store.table import Part, Table

TABLE: Final = Table(
    kind=Contact,
    section=CONTACTS,
    filter=ContactFilter,
    name="contacts",
    columns="""id, number, office_id, assignee_id, created_by, version, created_at, updated_at, legal_form, roles,
           language, name, given_name, family_name, company_name, job_title, source, note, processing_basis,
           consent_at, consent_source, marketing_consent, marketing_consent_at, retention_until, phones, emails,
           street, postal_code, city, country, tax_code, born_on""",
    filtered="legal_form, roles",
    parts=(
        Part(
            ("legal_form", "role"),
            """AND ($19::text IS NULL OR l.legal_form = $19)
           AND ($20::text IS NULL OR $20 = ANY (l.roles))""",
        ),
    ),
    orders={RecordSort.UPDATED: "updated_at", RecordSort.CREATED: "created_at", RecordSort.NUMBER: "number"},
    enums={"legal_form": LegalForm, "roles": ContactRole, "processing_basis": ProcessingBasis},
    privacy="false",
    archive="false",
)
