"""Stamps come, change and go; no record changes with them (ON-29)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from services.authz.domain.stamp import Stamp, StampEntry, check_entries
from services.authz.store import people, stamps
from services.chassis.database import Database, Transaction
from services.chassis.idempotency import IdempotencyKey, earlier
from services.chassis.problems import Stale
from services.chassis.tokens import Caller


@dataclass(frozen=True, slots=True)
class StampTarget:
    """The stamp to be changed, at the version that its owner saw."""

    stamp_id: UUID
    version: int


async def create_stamp(
    db: Database, caller: Caller, stamp: Stamp, entries: Sequence[StampEntry], key: IdempotencyKey | None
) -> UUID:
    """Add a stamp, or return that of an earlier request with the key. Raises Invalid, StampNameTaken."""
    async with db.transaction(caller.tenant_id) as tx:
        made = await earlier(tx, key, stamp.id, stamp.created_at)
        if made is None:
            await _check(tx, entries)
            await stamps.insert(tx, stamp)
            await stamps.replace_entries(tx, stamp.id, entries)
        return made or stamp.id


async def change_stamp(
    db: Database, caller: Caller, target: StampTarget, name: str, entries: Sequence[StampEntry]
) -> None:
    """Replace name and entries of a stamp. Raises NotFound, Stale, Invalid, StampNameTaken."""
    async with db.transaction(caller.tenant_id) as tx:
        stamp = await _at(tx, caller, target)
        await _check(tx, entries)
        await stamps.save(tx, replace(stamp, name=name, version=stamp.version + 1))
        await stamps.replace_entries(tx, stamp.id, entries)


async def remove_stamp(db: Database, caller: Caller, target: StampTarget) -> None:
    """Remove a stamp; what it was set on stays as it is. Raises NotFound, Stale."""
    async with db.transaction(caller.tenant_id) as tx:
        stamp = await _at(tx, caller, target)
        await stamps.delete(tx, stamp.id)


async def _at(tx: Transaction, caller: Caller, target: StampTarget) -> Stamp:
    """Return one of the caller's stamps at the version that he saw. Raises NotFound, Stale."""
    stamp = await stamps.get(tx, caller.user_id, target.stamp_id)
    if stamp.version != target.version:
        raise Stale
    return stamp


async def _check(tx: Transaction, entries: Sequence[StampEntry]) -> None:
    check_entries(entries, await people.known(tx, [entry.holder for entry in entries]))
