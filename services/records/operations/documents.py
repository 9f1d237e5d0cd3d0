"""Adding, changing and deleting documents of records."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from services.chassis.authz_client import PermissionMissing, require
from services.chassis.database import Database, Transaction
from services.chassis.idempotency import IdempotencyKey, earlier
from services.chassis.problems import NotFound, Stale
from services.contracts.access import RecordFacts
from services.contracts.vocabulary import View
from services.records.domain import document as domain
from services.records.domain.attachment import Attachment, Happening, Kind
from services.records.domain.document import Document, reads_documents, shown
from services.records.domain.record import Record
from services.records.operations.attachments import remember
from services.records.operations.records import Act
from services.records.store import documents, record_facts, records
from services.records.store.table import Table


@dataclass(frozen=True, slots=True)
class Place:
    """Which document of which record, and who does something with it."""

    table: Table[Record]
    act: Act
    document_id: UUID

    @property
    def version(self) -> int:
        """Return the version of the document that is changed."""
        return self.act.version or 0


async def add(db: Database, table: Table[Record], act: Act, document: Document, key: IdempotencyKey | None) -> Document:
    """Add a document without its file and return it; the same key adds it once.

    Needs documents.create, and that the caller sees the record's documents. Raises NotFound, PermissionMissing.
    """
    require(act.snapshot, domain.CREATE)
    async with db.transaction(act.snapshot.tenant_id) as tx:
        await records.hold(tx, table, [act.record_id])
        facts = await opened(tx, table, act)
        made = await earlier(tx, key, document.id, document.created_at)
        if made is not None:
            return await _get(tx, act.record_id, made)
        await documents.insert(tx, table.section.name, document)
        await _remember(tx, facts, Place(table, act, document.id), None, document)
    return document


async def change(db: Database, place: Place, changes: Mapping[str, object]) -> Document:
    """Change what is said of a document and return it. Raises NotFound, PermissionMissing, Stale."""
    async with db.transaction(place.act.snapshot.tenant_id) as tx:
        facts, before = await _held(tx, place, domain.UPDATE)
        after = replace(before, **changes, version=place.version + 1, updated_at=place.act.now)
        if not await documents.save(tx, after, place.version):
            raise Stale
        await _remember(tx, facts, place, before, after)
    return after


async def put_content(db: Database, place: Place, media_type: str, file: bytes) -> Document:
    """Keep the file of a document, in place of the one before, and return what is known of it.

    The first file is whoever's who added the document; later ones need documents.update. Raises as `change`.
    """
    async with db.transaction(place.act.snapshot.tenant_id) as tx:
        before = await _get(tx, place.act.record_id, place.document_id)
        first = before.sha256 is None and before.created_by == place.act.snapshot.user_id
        facts, before = await _held(tx, place, domain.CREATE if first else domain.UPDATE)
        after = replace(
            before,
            media_type=media_type,
            size_bytes=len(file),
            sha256=hashlib.sha256(file).hexdigest(),
            version=place.version + 1,
            updated_at=place.act.now,
        )
        if not await documents.put_content(tx, after, file, place.version):
            raise Stale
        await _remember(tx, facts, place, before, after)
    return after


async def remove(db: Database, place: Place) -> None:
    """Delete a document and its file for good. Raises as `change`."""
    async with db.transaction(place.act.snapshot.tenant_id) as tx:
        facts, before = await _held(tx, place, domain.DELETE)
        if not await documents.remove(tx, place.document_id, place.version):
            raise Stale
        await _remember(tx, facts, place, before, None)


async def opened(tx: Transaction, table: Table[Record], act: Act) -> RecordFacts:
    """Return the facts of the record if the caller sees its documents. Raises NotFound, PermissionMissing."""
    found = (await record_facts.find(tx, table, [act.snapshot], [act.record_id])).get(act.record_id)
    if found is None or act.snapshot.decide(table.section.key("read"), found) is None:
        raise NotFound
    if not reads_documents(act.snapshot, found):
        raise PermissionMissing(f"This needs the permission {table.section.key('documents.read')}.")
    return found


async def _remember(
    tx: Transaction, facts: RecordFacts, place: Place, before: Document | None, after: Document | None
) -> None:
    private_of = next((one.created_by for one in (after, before) if one and one.is_private), None)
    attachment = Attachment(
        section=place.table.section.name,
        record_id=place.act.record_id,
        kind=Kind.DOCUMENT,
        id=place.document_id,
        private_of=private_of,
    )
    await remember(tx, Happening(attachment, facts, place.act.snapshot.user_id, place.act.now), before, after)


async def _held(tx: Transaction, place: Place, key: str) -> tuple[RecordFacts, Document]:
    """Return what the rule must know of the record, and the document on which the key may be used."""
    snapshot = place.act.snapshot
    facts = await opened(tx, place.table, place.act)
    found = await _get(tx, place.act.record_id, place.document_id)
    if not shown(found, snapshot, facts):
        raise NotFound
    permitted = snapshot.holds(key) if key == domain.CREATE else snapshot.decide(key, facts) is View.FULL
    if not permitted:
        raise PermissionMissing(f"This needs the permission {key}.")
    return facts, found


async def _get(tx: Transaction, record_id: UUID, document_id: UUID) -> Document:
    found = await documents.find(tx, record_id, document_id)
    if found is None:
        raise NotFound
    return found
