"""Remembering and telling what happens to attachments of records, in the transaction in which it does."""

from typing import TYPE_CHECKING

from services.chassis import ids, outbox
from services.chassis.database import Transaction
from services.contracts.records_events import AttachmentChanged
from services.records.domain.attachment import Happening, change_of
from services.records.store import attachments

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


async def remember(
    tx: Transaction, happening: Happening, before: "DataclassInstance | None", after: "DataclassInstance | None"
) -> None:
    """Remember and tell what happened; nothing, where nothing did."""
    if before == after:
        return
    attachment, record = happening.attachment, happening.record
    change = change_of(ids.uuid7(), happening, before, after)
    await attachments.add(tx, attachment, change)
    await outbox.add(
        tx,
        AttachmentChanged.model_validate(
            {
                "section": attachment.section,
                "record_id": attachment.record_id,
                "office_id": record.office_id,
                "assignee_id": record.assignee_id,
                "attachment": attachment.kind,
                "attachment_id": attachment.id,
                "action": change.action,
                "by": happening.by,
            }
        ),
    )
