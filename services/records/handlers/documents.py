"""Documents of a record over HTTP: first what it is, then the file."""

from collections.abc import AsyncGenerator
from dataclasses import asdict
from datetime import datetime
from typing import Final
from uuid import UUID

from services.chassis import ids
from services.chassis.answers import NotModified, Streamed
from services.chassis.cursor import Cursor
from services.chassis.pages import PageQuery
from services.chassis.problems import Invalid, NotFound
from services.chassis.web import Call, Input, Output, Route
from services.contracts.vocabulary import UserId
from services.records.deps import Deps
from services.records.domain.document import LARGEST_BYTES, MEDIA_TYPES, Document, Kind, reads_private, shown
from services.records.handlers.edges import Edge, act
from services.records.handlers.fields import OMITTED, Line
from services.records.handlers.inquiries import EDGE as INQUIRY
from services.records.handlers.listing_models import EDGE as LISTING
from services.records.operations import documents as operations
from services.records.operations.documents import Place
from services.records.store import documents

PIECE: Final = 64 * 1024


class NewDocument(Input):
    kind: Kind
    name: Line
    """With its ending, as it is downloaded: `Planimetria.pdf`."""
    is_private: bool = False
    """Seen by who added it, by whose record it is, and by who reads private records there."""


class DocumentChange(Input):
    kind: Kind = OMITTED
    name: Line = OMITTED
    is_private: bool = OMITTED


class DocumentShown(Output):
    id: UUID
    record_id: UUID
    kind: Kind
    name: str
    is_private: bool
    media_type: str | None
    """null until the file has come."""
    size_bytes: int | None
    sha256: str | None
    created_by: UserId
    version: int
    created_at: datetime
    updated_at: datetime


class DocumentsPage(Output):
    items: list[DocumentShown]
    next: str | None


async def add_record_document(edge: Edge, deps: Deps, call: Call, asked: NewDocument) -> DocumentShown:
    """Say that {a_noun} has a document; its file is sent after that. Needs documents.create.

    And {section}.documents.read on the {noun}, as everything with its documents does.
    """
    document = Document(
        id=ids.uuid7(),
        record_id=edge.id_in(call),
        kind=asked.kind,
        name=asked.name,
        is_private=asked.is_private,
        created_by=call.caller.user_id,
        created_at=call.now,
        updated_at=call.now,
    )
    doing = await act(edge, deps, call)
    return _shown(await operations.add(deps.db, edge.table, doing, document, call.idempotency_key))


async def list_record_documents(edge: Edge, deps: Deps, call: Call, asked: PageQuery) -> DocumentsPage:
    """List the documents of {a_noun}, newest first. Needs {section}.documents.read."""
    doing = await act(edge, deps, call)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        facts = await operations.opened(tx, edge.table, doing)
        found = await documents.page(
            tx,
            doing.snapshot,
            doing.record_id,
            private=reads_private(doing.snapshot, facts),
            after=asked.cursor,
            limit=asked.limit + 1,
        )
    page, following = asked.cut(found, lambda one: Cursor(one.created_at, one.id))
    return DocumentsPage(items=[_shown(one) for one in page], next=following)


async def get_record_document(edge: Edge, deps: Deps, call: Call) -> DocumentShown:
    """Show what is known of a document. Needs {section}.documents.read."""
    found, _ = await _found(edge, deps, call, with_content=False)
    return _shown(found)


async def download_record_document(edge: Edge, deps: Deps, call: Call) -> Streamed | NotModified:
    """Download the file of a document. Needs {section}.documents.read."""
    found, content = await _found(edge, deps, call, with_content=True)
    if content is None or found.media_type is None:
        raise NotFound
    call.reply_headers["ETag"] = f'"{found.version}"'
    call.reply_headers["X-Content-Type-Options"] = "nosniff"
    if call.has(found.version):
        return NotModified()

    async def pieces() -> AsyncGenerator[bytes]:
        for start in range(0, len(content), PIECE):
            yield content[start : start + PIECE]

    return Streamed(found.media_type, pieces(), found.name)


async def put_record_document(edge: Edge, deps: Deps, call: Call) -> DocumentShown:
    """Send the file of a document, up to 10 MiB. The first is its adder's, a later one needs documents.update."""
    media_type = call.headers["Content-Type"].partition(";")[0].strip().lower()
    if not call.body:
        raise Invalid("The file is empty.")
    place = await _place(edge, deps, call)
    return _shown(await operations.put_content(deps.db, place, media_type, call.body))


async def change_record_document(edge: Edge, deps: Deps, call: Call, asked: DocumentChange) -> DocumentShown:
    """Change what is said of a document. Needs documents.update on the {noun}."""
    changes = {name: getattr(asked, name) for name in asked.model_fields_set}
    if not changes:
        raise Invalid("Name at least one field to change.")
    return _shown(await operations.change(deps.db, await _place(edge, deps, call), changes))


async def remove_record_document(edge: Edge, deps: Deps, call: Call) -> None:
    """Delete a document and its file for good. Needs documents.delete on the {noun}."""
    await operations.remove(deps.db, await _place(edge, deps, call))


async def _place(edge: Edge, deps: Deps, call: Call) -> Place:
    return Place(edge.table, await act(edge, deps, call, call.version), call.id_in_path("document_id"))


async def _found(edge: Edge, deps: Deps, call: Call, *, with_content: bool) -> tuple[Document, bytes | None]:
    """Return a document that the caller sees, and its file if asked for. Raises NotFound, PermissionMissing."""
    doing, document_id = await act(edge, deps, call), call.id_in_path("document_id")
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        facts = await operations.opened(tx, edge.table, doing)
        found = await documents.find(tx, doing.record_id, document_id)
        if found is None or not shown(found, doing.snapshot, facts):
            raise NotFound
        return found, await documents.content(tx, document_id) if with_content else None


def _shown(document: Document) -> DocumentShown:
    return DocumentShown.model_validate(asdict(document))


def _routes(edge: Edge) -> tuple[Route, ...]:
    every = f"{edge.one}/documents"
    one, content = f"{every}/{{document_id}}", f"{every}/{{document_id}}/content"
    put = edge.handler(put_record_document)
    return (
        Route(
            "POST",
            every,
            edge.handler(add_record_document),
            takes=NewDocument,
            gives=DocumentShown,
            status=201,
            once=True,
        ),
        Route("GET", every, edge.handler(list_record_documents), takes=PageQuery, gives=DocumentsPage),
        Route("GET", one, edge.handler(get_record_document), gives=DocumentShown),
        Route(
            "PATCH", one, edge.handler(change_record_document), takes=DocumentChange, gives=DocumentShown, edits=True
        ),
        Route("DELETE", one, edge.handler(remove_record_document), edits=True),
        Route("GET", content, edge.handler(download_record_document), offers=MEDIA_TYPES),
        Route("PUT", content, put, gives=DocumentShown, edits=True, accepts=MEDIA_TYPES, max_body_bytes=LARGEST_BYTES),
    )


ROUTES = (*_routes(LISTING), *_routes(INQUIRY))
