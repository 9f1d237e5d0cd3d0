"""Documents of records as rows. No file is read but the one that is asked for."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.chassis.cursor import Cursor
from services.chassis.database import Row, Transaction
from services.contracts.access import AccessSnapshot
from services.records.domain.document import Document, Kind


async def insert(tx: Transaction, section: str, document: Document) -> None:
    """Add a document of which there is no file yet."""
    await tx.execute(
        """
        INSERT INTO record_documents (
            tenant_id, id, section, record_id, kind, name, is_private, created_by, version, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """,
        tx.tenant_id,
        document.id,
        section,
        document.record_id,
        document.kind,
        document.name,
        document.is_private,
        document.created_by,
        document.version,
        document.created_at,
        document.updated_at,
    )


async def page(
    tx: Transaction, snapshot: AccessSnapshot, record_id: UUID, *, private: bool, after: Cursor, limit: int
) -> Sequence[Document]:
    """Return up to `limit` documents of a record, newest first; of the private ones, without `private`, the own."""
    rows = await tx.rows(
        """
        SELECT id, record_id, kind, name, is_private, media_type, size_bytes, sha256, created_by, version, created_at,
               updated_at
          FROM record_documents
         WHERE tenant_id = $1 AND record_id = $2 AND (created_at, id) < ($3, $4)
           AND (NOT is_private OR $5 OR created_by = $6)
         ORDER BY created_at DESC, id DESC
         LIMIT $7
        """,
        tx.tenant_id,
        record_id,
        after.at,
        after.id,
        private,
        snapshot.user_id,
        limit,
    )
    return [_document(row) for row in rows]


async def find(tx: Transaction, record_id: UUID, document_id: UUID) -> Document | None:
    """Return a document of a record, or None. No scope: the rule decides on it."""
    row = await tx.row(
        """
        SELECT id, record_id, kind, name, is_private, media_type, size_bytes, sha256, created_by, version, created_at,
               updated_at
          FROM record_documents
         WHERE tenant_id = $1 AND record_id = $2 AND id = $3
        """,
        tx.tenant_id,
        record_id,
        document_id,
    )
    return None if row is None else _document(row)


async def content(tx: Transaction, document_id: UUID) -> bytes | None:
    """Return the file of a document, if it has come. No scope: whoever asks has decided on the document."""
    return await tx.value(
        "SELECT content FROM record_documents WHERE tenant_id = $1 AND id = $2", tx.tenant_id, document_id
    )


async def save(tx: Transaction, document: Document, before: int) -> bool:
    """Write kind, name and privacy; say whether the version before was still the one that is given."""
    return bool(
        await tx.execute(
            """
            UPDATE record_documents
               SET kind = $3, name = $4, is_private = $5, version = $6, updated_at = $7
             WHERE tenant_id = $1 AND id = $2 AND version = $8
            """,
            tx.tenant_id,
            document.id,
            document.kind,
            document.name,
            document.is_private,
            document.version,
            document.updated_at,
            before,
        )
    )


async def put_content(tx: Transaction, document: Document, file: bytes, before: int) -> bool:
    """Write the file of a document; say whether the version before was still the one that is given."""
    return bool(
        await tx.execute(
            """
            UPDATE record_documents
               SET media_type = $3, size_bytes = $4, sha256 = $5, content = $6, version = $7, updated_at = $8
             WHERE tenant_id = $1 AND id = $2 AND version = $9
            """,
            tx.tenant_id,
            document.id,
            document.media_type,
            document.size_bytes,
            document.sha256,
            file,
            document.version,
            document.updated_at,
            before,
        )
    )


async def remove(tx: Transaction, document_id: UUID, version: int) -> bool:
    """Delete a document and its file; say whether the version was still the one that is given."""
    return bool(
        await tx.execute(
            "DELETE FROM record_documents WHERE tenant_id = $1 AND id = $2 AND version = $3",
            tx.tenant_id,
            document_id,
            version,
        )
    )


async def remove_all(tx: Transaction, record_id: UUID) -> None:
    """Delete the documents of a record and their files."""
    await tx.execute("DELETE FROM record_documents WHERE tenant_id = $1 AND record_id = $2", tx.tenant_id, record_id)


def _document(row: Row) -> Document:
    values: dict[str, Any] = dict(row)
    kind = Kind(values.pop("kind"))
    return Document(**values, kind=kind)
