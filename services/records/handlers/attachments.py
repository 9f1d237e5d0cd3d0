"""What happened to documents, search criteria and dates of a record: seen by whoever may see these."""

from collections.abc import Collection
from datetime import datetime
from functools import partial
from uuid import UUID

from services.chassis.cursor import Cursor
from services.chassis.database import Transaction
from services.chassis.pages import PageQuery
from services.chassis.problems import NotFound
from services.chassis.web import Call, Output, Route
from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import UserId
from services.records.deps import Deps
from services.records.domain.attachment import Action, Change, Kind
from services.records.domain.document import reads_private
from services.records.domain.search_criteria import READ, permits
from services.records.handlers.contacts import EDGE as CONTACT
from services.records.handlers.edges import Edge, act
from services.records.handlers.inquiries import EDGE as INQUIRY
from services.records.handlers.listing_models import EDGE as LISTING
from services.records.handlers.record_life import FieldChange, in_full
from services.records.operations import documents
from services.records.store import attachments, records


class AttachmentChangeShown(Output):
    """One change, with the fields that changed; these are gone where a person objected to their being kept."""

    id: UUID
    kind: Kind
    attachment_id: UUID | None
    """null for a date."""
    action: Action
    by: UserId
    at: datetime
    changes: list[FieldChange]

    @classmethod
    def of(cls, change: Change) -> "AttachmentChangeShown":
        """Return the document of a change."""
        names = {**change.before, **change.after}
        fields = [{"field": one, "before": change.before.get(one), "after": change.after.get(one)} for one in names]
        return cls(
            id=change.id,
            kind=change.kind,
            attachment_id=change.attachment_id,
            action=change.action,
            by=change.by,
            at=change.at,
            changes=[FieldChange.model_validate(one) for one in fields],
        )


class AttachmentChanges(Output):
    items: list[AttachmentChangeShown]
    next: str | None


async def list_record_document_changes(edge: Edge, deps: Deps, call: Call, asked: PageQuery) -> AttachmentChanges:
    """List what happened to the documents of {a_noun}, deleted ones too, newest first.

    Needs {section}.documents.read; of private documents it is told to who may see them.
    """
    doing = await act(edge, deps, call)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        facts = await documents.opened(tx, edge.table, doing)
        private = reads_private(doing.snapshot, facts)
        return await _page(tx, doing.snapshot, doing.record_id, asked, {Kind.DOCUMENT}, private=private)


async def list_record_schedule_changes(edge: Edge, deps: Deps, call: Call, asked: PageQuery) -> AttachmentChanges:
    """List who set and took back dates of {a_noun} in the archive, newest first. Needs the {noun} in full view."""
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        record, _ = await in_full(edge, tx, snapshot, edge.id_in(call))
        return await _page(tx, snapshot, record.id, asked, {Kind.ARCHIVE_SCHEDULE, Kind.RESTORE_SCHEDULE})


async def list_criteria_changes(deps: Deps, call: Call, asked: PageQuery) -> AttachmentChanges:
    """List what happened to the search criteria of a contact, newest first. Needs criteria.read on the contact."""
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        contact = await records.find(tx, CONTACT.table, snapshot, CONTACT.id_in(call))
        if contact is None or not permits(snapshot, READ, contact.facts()):
            raise NotFound
        return await _page(tx, snapshot, contact.id, asked, {Kind.CRITERIA})


async def _page(
    tx: Transaction,
    snapshot: AccessSnapshot,
    record_id: UUID,
    asked: PageQuery,
    kinds: Collection[Kind],
    *,
    private: bool = False,
) -> AttachmentChanges:
    found = await attachments.page(
        tx, snapshot, record_id, kinds, private=private, after=asked.cursor, limit=asked.limit + 1
    )
    page, following = asked.cut(found, lambda one: Cursor(one.at, one.id))
    return AttachmentChanges(items=[AttachmentChangeShown.of(change) for change in page], next=following)


_LIST = partial(Route, "GET", takes=PageQuery, gives=AttachmentChanges)

ROUTES = (
    *(
        _LIST(f"{edge.one}/{path}-changes", edge.handler(handler))
        for edge in (LISTING, INQUIRY)
        for path, handler in (("document", list_record_document_changes), ("schedule", list_record_schedule_changes))
    ),
    _LIST(f"{CONTACT.one}/criteria-changes", list_criteria_changes),
)
