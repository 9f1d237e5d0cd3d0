"""Changing what single records say to users, teams and offices: versioned, and each change can be taken back."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.chassis.authz_client import PermissionMissing, require
from services.chassis.database import Database, Transaction
from services.chassis.problems import FieldError, Invalid, NotFound, Stale
from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import OfficeId, TenantId, UserId
from services.records.domain.record import Record
from services.records.domain.record_rights import (
    ADMINISTRATION,
    UPDATE,
    Cause,
    Entries,
    Holder,
    HolderKind,
    Reason,
    check_delegation,
    check_kinds,
    reaches_panel,
    without,
)
from services.records.operations.record_events import events_of, tell
from services.records.store import directory, record_rights, records
from services.records.store.record_rights import Change
from services.records.store.sections import TABLES
from services.records.store.table import Table


class UnknownHolder(Invalid):
    code = "unknown_holder"
    title = "There is no such user, team or office."


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes entries, and when."""

    snapshot: AccessSnapshot
    now: datetime


@dataclass(frozen=True, slots=True)
class Target:
    """Whose entries are changed; without a version, whatever stands there."""

    table: Table[Record]
    record_id: UUID
    version: int | None = None


async def change(
    db: Database, author: Author, target: Target, reason: Reason, make: Callable[[Entries], Entries]
) -> None:
    """Change the entries of a record to what `make` makes of them; nothing happens where it changes nothing.

    Raises PermissionMissing, NotFound, Stale, TwoKinds, UnknownHolder, GivesMoreThanHeld.
    """
    require(author.snapshot, UPDATE)
    async with db.transaction(author.snapshot.tenant_id) as tx:
        record = await _panel(tx, author.snapshot, target)
        await _change(tx, author, record, reason, make, target.version)


async def restore(db: Database, author: Author, target: Target, to: int) -> None:
    """Make the entries of a record what they were at an earlier version. Raises as `change`, NotFound also for it."""
    require(author.snapshot, UPDATE)
    async with db.transaction(author.snapshot.tenant_id) as tx:
        record = await _panel(tx, author.snapshot, target)
        then = await record_rights.entries_at(tx, target.record_id, to)
        if then is None:
            raise NotFound
        await _change(tx, author, record, Reason(Cause.RESTORED), lambda _: then, target.version)


async def _panel(tx: Transaction, snapshot: AccessSnapshot, target: Target) -> Record:
    """Return a record whose entries the caller may change, locked. Raises NotFound."""
    record = await records.get(tx, target.table, snapshot, target.record_id)
    if not reaches_panel(snapshot, record.facts()):
        raise NotFound
    return record


async def forget_user(
    db: Database, tenant_id: TenantId, authors: Callable[[], Awaitable[Author]], user_id: UserId
) -> int:
    """Delete the entries of one user on all records; return on how many (ON-15). Raises PermissionMissing.

    One record after another, each a change of its own: what is interrupted is simply done again. `authors` is asked
    again for each, so that who loses the right gets no further.
    """
    _require_administration(await authors())
    async with db.single_read(tenant_id) as tx:
        found = await record_rights.records_with_entries_of(tx, user_id)
    for section, record_id in found:
        author = await authors()
        _require_administration(author)
        async with db.transaction(tenant_id) as tx:
            with suppress(NotFound):  # deleted in the meantime, and its entries with it
                record = await records.get(tx, TABLES[section], author.snapshot, record_id)
                reason = Reason(Cause.HOLDER_REMOVED)
                await _change(tx, author, record, reason, lambda entries: without(entries, user_id), None)
    return len(found)


def _require_administration(author: Author) -> None:
    for key in (UPDATE, *ADMINISTRATION):
        require(author.snapshot, key)
    if not author.snapshot.scope(UPDATE).unlimited:
        raise PermissionMissing(f"This needs the permission {UPDATE} on every record.")


async def _change(
    tx: Transaction,
    author: Author,
    record: Record,
    reason: Reason,
    make: Callable[[Entries], Entries],
    version: int | None,
) -> None:
    present = await record_rights.version(tx, record.id)
    if version not in {None, present}:
        raise Stale
    before = {slot: given.effect for slot, given in (await record_rights.find(tx, record.id)).items()}
    after = make(before)
    if after == before:
        return
    check_kinds(after)
    check_delegation(author.snapshot, record.facts(), before, after)
    await _check_holders(tx, sorted({slot[0] for slot in after.keys() - before.keys()}))
    made = Change(present + 1, reason, after, author.snapshot.user_id, author.now)
    await record_rights.save(tx, record.section.name, record.id, record.updated_at, made)
    differing = {slot[0].id for slot in before.keys() | after.keys() if before.get(slot) != after.get(slot)}
    await tell(
        tx,
        events_of(record).rights_changed,
        record,
        author.snapshot.user_id,
        rights_version=made.version,
        holder_ids=tuple(sorted(differing)),
    )


async def _check_holders(tx: Transaction, holders: Sequence[Holder]) -> None:
    """Refuse users and offices that the agency does not have, and teams that are one of these.

    Of teams records knows nothing else. The rule of access compares ids only: called a team, a person would have an
    entry of his own that does not count as his.
    """
    for holder in holders:
        is_person = await directory.knows_person(tx, UserId(holder.id))
        is_office = await directory.knows_office(tx, OfficeId(holder.id))
        known = {
            HolderKind.USER: is_person,
            HolderKind.OFFICE: is_office,
            HolderKind.TEAM: not (is_person or is_office),
        }
        if not known[holder.kind]:
            raise UnknownHolder(
                errors=[FieldError("/entries", UnknownHolder.code, f"There is no {holder.kind} {holder.id}.")]
            )
