"""Documents of a record: whoever may read a record's documents sees them, but for the private ones (IMO-19, MG-39)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.contracts.access import AccessSnapshot, RecordFacts
from services.contracts.vocabulary import UserId, View

CREATE: Final = "documents.create"
UPDATE: Final = "documents.update"
DELETE: Final = "documents.delete"
LARGEST_BYTES: Final = 10 * 1024 * 1024
MEDIA_TYPES: Final = (
    "application/pdf",
    "image/jpeg",
    "image/png",
    "image/webp",
    "text/plain",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.oasis.opendocument.text",
    "application/zip",
)
"""What is kept and given back as a download; nothing that a browser would run."""


class Kind(StrEnum):
    CONTRACT = "contract"
    MANDATE = "mandate"
    DEED = "deed"
    PLAN = "plan"
    LAND_REGISTER = "land_register"
    ENERGY_CERTIFICATE = "energy_certificate"
    IDENTITY = "identity"
    INVOICE = "invoice"
    CORRESPONDENCE = "correspondence"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What is known of a document; media type, size and digest only once its file has come."""

    id: UUID
    record_id: UUID
    kind: Kind
    name: str
    is_private: bool
    media_type: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    created_by: UserId
    version: int = 1
    created_at: datetime
    updated_at: datetime


def reads_documents(snapshot: AccessSnapshot, facts: RecordFacts) -> bool:
    """Say whether somebody sees a record's documents."""
    return snapshot.decide(f"{facts.section}.documents.read", facts) is View.FULL


def reads_private(snapshot: AccessSnapshot, facts: RecordFacts) -> bool:
    """Say whether somebody who sees a record's documents sees the private ones of others too.

    The same people as with private records: to whom the record belongs, and who reads private records there.
    """
    scope = snapshot.scope(f"{facts.section}.private.read")
    opened = scope.view_of(facts, snapshot.user_id, snapshot.ownership)
    return snapshot.is_own(facts) or opened is View.FULL


def shown(document: Document, snapshot: AccessSnapshot, facts: RecordFacts) -> bool:
    """Say whether somebody sees a document of a record."""
    if not reads_documents(snapshot, facts):
        return False
    return not document.is_private or document.created_by == snapshot.user_id or reads_private(snapshot, facts)
