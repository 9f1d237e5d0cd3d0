"""Search criteria of contacts as rows. Who may see them is decided on their contact."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Final, LiteralString
from uuid import UUID

from services.chassis.database import Row, Transaction
from services.chassis.problems import NotFound
from services.records.domain.search_criteria import SearchCriteria
from services.records.store.inquiries import WANTED, WANTED_ENUMS
from services.records.store.records import document_of, values_of

_COLUMNS: Final[LiteralString] = (
    "id, contact_id, name, is_active, version, created_by, created_at, updated_at, " + WANTED
)
_FIND: Final[LiteralString] = "SELECT {columns} FROM search_criteria WHERE tenant_id = $1 AND id = $2".replace(
    "{columns}", _COLUMNS
)
_OF_CONTACT: Final[LiteralString] = """
SELECT {columns}
  FROM search_criteria
 WHERE tenant_id = $1 AND contact_id = $2
 ORDER BY created_at, id
""".replace("{columns}", _COLUMNS)
_INSERT: Final[LiteralString] = """
INSERT INTO search_criteria (tenant_id, {columns})
SELECT $1, {columns}
  FROM jsonb_populate_record(NULL::search_criteria, $2::text::jsonb)
""".replace("{columns}", _COLUMNS)
_SAVE: Final[LiteralString] = """
UPDATE search_criteria AS kept
   SET ({columns}) = (SELECT {columns} FROM jsonb_populate_record(kept, $3::text::jsonb))
 WHERE tenant_id = $1 AND id = $2
""".replace("{columns}", _COLUMNS)
_NAMES: Final = tuple(field.name for field in fields(SearchCriteria))


async def find(tx: Transaction, criteria_id: UUID) -> SearchCriteria:
    """Return search criteria. Raises NotFound. No scope: whoever asks decides on the contact."""
    return _found(await tx.row(_FIND, tx.tenant_id, criteria_id))


async def get(tx: Transaction, criteria_id: UUID) -> SearchCriteria:
    """Return search criteria as `find` does, locked until the transaction ends. No scope: as `find`."""
    return _found(await tx.row(_FIND + " FOR UPDATE", tx.tenant_id, criteria_id))


async def of_contact(tx: Transaction, contact_id: UUID) -> Sequence[SearchCriteria]:
    """Return all search criteria of a contact, the oldest first. No scope: as `find`."""
    rows = await tx.rows(_OF_CONTACT, tx.tenant_id, contact_id)
    return [_criteria(row) for row in rows]


async def count(tx: Transaction, contact_id: UUID) -> int:
    """Return how many search criteria a contact has. No scope: as `find`."""
    return await tx.value(
        "SELECT count(*) FROM search_criteria WHERE tenant_id = $1 AND contact_id = $2", tx.tenant_id, contact_id
    )


async def insert(tx: Transaction, criteria: SearchCriteria) -> None:
    """Add search criteria to a contact."""
    await tx.execute(_INSERT, tx.tenant_id, document_of(criteria, _NAMES))


async def save(tx: Transaction, criteria: SearchCriteria) -> None:
    """Write search criteria."""
    await tx.execute(_SAVE, tx.tenant_id, criteria.id, document_of(criteria, _NAMES))


async def remove(tx: Transaction, criteria_id: UUID) -> None:
    """Delete search criteria."""
    await tx.execute("DELETE FROM search_criteria WHERE tenant_id = $1 AND id = $2", tx.tenant_id, criteria_id)


def _found(row: Row | None) -> SearchCriteria:
    if row is None:
        raise NotFound
    return _criteria(row)


def _criteria(row: Row) -> SearchCriteria:
    return SearchCriteria(**values_of(row, WANTED_ENUMS))
