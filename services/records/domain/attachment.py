"""What is attached to a record, with a history beside the record's own: documents, search criteria, dates."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from uuid import UUID

from services.contracts.access import RecordFacts
from services.contracts.vocabulary import UserId

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_UNTOLD: Final = frozenset(
    {"id", "record_id", "contact_id", "version", "created_by", "created_at", "updated_at"}
    | {"action", "by", "failed_at", "failure"}
)


class Kind(StrEnum):
    DOCUMENT = "document"
    CRITERIA = "criteria"
    ARCHIVE_SCHEDULE = "archive_schedule"
    RESTORE_SCHEDULE = "restore_schedule"


class Action(StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """What hangs on which record; a date has no id. `private_of` is whose it is where few may know of it."""

    section: str
    record_id: UUID
    kind: Kind
    id: UUID | None = None
    private_of: UserId | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to an attachment: the fields that changed, before and after."""

    id: UUID
    kind: Kind
    attachment_id: UUID | None
    action: Action
    before: Mapping[str, object]
    after: Mapping[str, object]
    by: UserId
    at: datetime


@dataclass(frozen=True, slots=True)
class Happening:
    """To which attachment of which record something happens, by whom and when."""

    attachment: Attachment
    record: RecordFacts
    by: UserId
    at: datetime


def change_of(
    change_id: UUID, happening: Happening, before: "DataclassInstance | None", after: "DataclassInstance | None"
) -> Change:
    """Return what to remember of a change; without `before`, of something new, without `after`, of what is deleted."""
    attachment = happening.attachment
    was, is_ = _told(before), _told(after)
    differing = [name for name in {**was, **is_} if was.get(name) != is_.get(name)]
    action = Action.CREATED if before is None else Action.DELETED if after is None else Action.CHANGED
    return Change(
        change_id,
        attachment.kind,
        attachment.id,
        action,
        {name: was[name] for name in differing if name in was},
        {name: is_[name] for name in differing if name in is_},
        happening.by,
        happening.at,
    )


def _told(of: "DataclassInstance | None") -> Mapping[str, object]:
    return {} if of is None else {name: value for name, value in asdict(of).items() if name not in _UNTOLD}
