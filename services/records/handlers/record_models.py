"""Records of any section as JSON: flat public fields, and a group for each further tier."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from services.chassis.web import Input, Output
from services.contracts.vocabulary import OfficeId, UserId, View
from services.records.domain.projection import Projection
from services.records.domain.record import Tier
from services.records.handlers.fields import OMITTED, Text


class PrivateNoteGiven(Input):
    text: Text | None


class PrivateNoteShown(Output):
    text: str | None


class BasicGiven(Input):
    assignee_id: UserId = OMITTED


class BasicShown(Output):
    assignee_id: UserId
    created_by: UserId


class RecordShown(Output):
    """A record as far as the caller may see it. A group that is null is hidden; a field that is null is empty."""

    id: UUID
    number: str
    version: int
    view: View
    office_id: OfficeId
    created_at: datetime
    updated_at: datetime


class RecordsPage(Output):
    """A page of a list."""

    items: list[Any]
    next: str | None


def document_of(projection: Projection) -> dict[str, object]:
    """Return a projection as the section's RecordShown describes it: what is not in it cannot get out."""
    shown = projection.tiers
    document = {**shown[Tier.PUBLIC], "view": projection.view}
    for tier in projection.section.tiers:
        if tier is not Tier.PUBLIC:
            document[tier.value] = shown.get(tier)
    if Tier.PRIVATE_NOTE in shown:
        document[Tier.PRIVATE_NOTE.value] = {"text": shown[Tier.PRIVATE_NOTE]["private_note"]}
    return document


def fields_of(asked: BaseModel) -> dict[str, Any]:
    """Return the record's fields that a document names, by their names in the domain."""
    given = asked.model_dump(exclude_unset=True)
    note: dict[str, object] = given.pop(Tier.PRIVATE_NOTE, {})
    basic, identity = given.pop(Tier.BASIC, {}), given.pop(Tier.IDENTITY, {})
    return {**given, **basic, **identity, **({"private_note": note["text"]} if note else {})}
