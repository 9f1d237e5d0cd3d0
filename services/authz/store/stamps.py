"""People's stamps. Every function asks for the person whose stamps they are: nobody sees those of another."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from services.authz.domain.grant import Named
from services.authz.domain.reach import Reach
from services.authz.domain.stamp import Stamp, StampEntry, StampNameTaken
from services.chassis.cursor import Cursor
from services.chassis.database import Row, Transaction, UniqueViolation
from services.chassis.problems import NotFound
from services.contracts.vocabulary import Effect, RecordClass, UserId

_FIND: Final = """
SELECT id, user_id, name, version, created_at
  FROM stamps
 WHERE tenant_id = $1 AND id = $2 AND user_id = $3
"""


async def insert(tx: Transaction, stamp: Stamp) -> None:
    """Add a stamp without entries. Raises StampNameTaken."""
    try:
        await tx.execute(
            "INSERT INTO stamps (tenant_id, id, user_id, name, version, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
            tx.tenant_id,
            stamp.id,
            stamp.user_id,
            stamp.name,
            stamp.version,
            stamp.created_at,
        )
    except UniqueViolation:
        raise StampNameTaken from None


async def save(tx: Transaction, stamp: Stamp) -> None:
    """Replace name and version of a stamp. Raises StampNameTaken."""
    try:
        await tx.execute(
            "UPDATE stamps SET name = $3, version = $4 WHERE tenant_id = $1 AND id = $2",
            tx.tenant_id,
            stamp.id,
            stamp.name,
            stamp.version,
        )
    except UniqueViolation:
        raise StampNameTaken from None


async def find(tx: Transaction, user_id: UserId, stamp_id: UUID) -> Stamp:
    """Return one of a person's stamps. Raises NotFound. No scope: his own."""
    return _found(await tx.row(_FIND, tx.tenant_id, stamp_id, user_id))


async def get(tx: Transaction, user_id: UserId, stamp_id: UUID) -> Stamp:
    """Return one of a person's stamps, locked until the transaction ends. Raises NotFound. No scope: his own."""
    return _found(await tx.row(_FIND + " FOR UPDATE", tx.tenant_id, stamp_id, user_id))


async def page(tx: Transaction, user_id: UserId, *, after: Cursor, limit: int) -> Sequence[Stamp]:
    """Return up to `limit` stamps of a person, newest first. No scope: his own."""
    rows = await tx.rows(
        """
        SELECT id, user_id, name, version, created_at
          FROM stamps
         WHERE tenant_id = $1 AND user_id = $2 AND (created_at, id) < ($3, $4)
         ORDER BY created_at DESC, id DESC
         LIMIT $5
        """,
        tx.tenant_id,
        user_id,
        after.at,
        after.id,
        limit,
    )
    return [_stamp(row) for row in rows]


async def delete(tx: Transaction, stamp_id: UUID) -> None:
    """Remove a stamp. What it was set on keeps its record rights."""
    await tx.execute("DELETE FROM stamps WHERE tenant_id = $1 AND id = $2", tx.tenant_id, stamp_id)


async def entries(tx: Transaction, stamp_id: UUID) -> Sequence[StampEntry]:
    """Return what a stamp says, by holder and class. No scope: of a stamp that was found as a person's own."""
    rows = await tx.rows(
        """
        SELECT holder_kind, holder_id, record_class, effect
          FROM stamp_entries
         WHERE tenant_id = $1 AND stamp_id = $2
         ORDER BY holder_kind, holder_id, record_class
        """,
        tx.tenant_id,
        stamp_id,
    )
    return [
        StampEntry(
            Named(Reach(row["holder_kind"]), row["holder_id"]), RecordClass(row["record_class"]), Effect(row["effect"])
        )
        for row in rows
    ]


async def replace_entries(tx: Transaction, stamp_id: UUID, wanted: Sequence[StampEntry]) -> None:
    """Let a stamp say exactly this; what inherits is not kept."""
    await tx.execute("DELETE FROM stamp_entries WHERE tenant_id = $1 AND stamp_id = $2", tx.tenant_id, stamp_id)
    await tx.execute_many(
        """
        INSERT INTO stamp_entries (tenant_id, stamp_id, holder_kind, holder_id, record_class, effect)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        [
            (tx.tenant_id, stamp_id, entry.holder.reach, entry.holder.id, entry.record_class, entry.effect)
            for entry in wanted
            if entry.effect is not None
        ],
    )


def _found(row: Row | None) -> Stamp:
    if row is None:
        raise NotFound
    return _stamp(row)


def _stamp(row: Row) -> Stamp:
    return Stamp(row["id"], row["user_id"], row["name"], row["version"], row["created_at"])
