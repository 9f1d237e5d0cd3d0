"""What a contact searches for, and who may do what with it: decided on the contact that it belongs to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from services.chassis.problems import Conflict
from services.contracts.access import AccessSnapshot, RecordFacts
from services.contracts.vocabulary import ContactId, UserId, View
from services.records.domain.wanted import Wanted

READ: Final = "criteria.read"
CREATE: Final = "criteria.create"
CREATE_FOREIGN: Final = "criteria.foreign.create"
UPDATE: Final = "criteria.update"
DELETE: Final = "criteria.delete"
_CONTACT_UPDATE: Final = "contacts.update"
MOST: Final = 200
"""Search criteria of one contact, all in one list."""


class TooManyCriteria(Conflict):
    code = "too_many_criteria"
    title = "The contact has 200 search criteria; delete some first."


@dataclass(frozen=True, kw_only=True)
class SearchCriteria(Wanted):
    """What a contact searches for; only what is active is matched with listings."""

    id: UUID
    contact_id: ContactId
    name: str
    is_active: bool = True
    version: int = 1
    created_by: UserId
    created_at: datetime
    updated_at: datetime


def permits(snapshot: AccessSnapshot, key: str, contact: RecordFacts) -> bool:
    """Say whether the key may be used on the criteria of a contact; each presupposes that they may be read (ON-43)."""
    return all(snapshot.decide(each, contact) is View.FULL for each in {READ, key})


def missing_at_creation(snapshot: AccessSnapshot, contact: RecordFacts) -> str | None:
    """Return the permission that is missing to give criteria to a contact that may be opened, or None.

    `criteria.create` takes a contact that may be edited, `criteria.foreign.create` any that may be opened (ON-47).
    """
    if snapshot.holds(CREATE_FOREIGN):
        return None
    if not snapshot.holds(CREATE):
        return CREATE
    return None if snapshot.decide(_CONTACT_UPDATE, contact) is View.FULL else CREATE_FOREIGN
