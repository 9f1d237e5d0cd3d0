"""The caller's own stamps. Their entries are what records takes to set record rights; all need record_rights.update."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field

from services.authz.deps import Deps
from services.authz.domain.grant import Named
from services.authz.domain.reach import Reach
from services.authz.domain.stamp import Stamp, StampEntry
from services.authz.handlers.grants import Name
from services.authz.operations import stamps as operations
from services.authz.operations.stamps import StampTarget
from services.authz.store import stamps
from services.chassis import ids
from services.chassis.authz_client import require
from services.chassis.cursor import Cursor
from services.chassis.pages import PageQuery
from services.chassis.web import Call, Input, Output, Route
from services.contracts.vocabulary import Effect, RecordClass, UserId

RECORD_RIGHTS: Final = "record_rights.update"
_Kind = Literal[Reach.USER, Reach.TEAM, Reach.OFFICE]
_Class = Literal[RecordClass.READ, RecordClass.WRITE, RecordClass.IDENTITY]


class Said(StrEnum):
    ALLOW = "allow"
    DENY = "deny"
    INHERIT = "inherit"


class EntryWanted(Input):
    holder_kind: _Kind
    holder_id: UUID
    record_class: _Class
    effect: Said

    def entry(self) -> StampEntry:
        """Return the entry that is wanted."""
        effect = None if self.effect is Said.INHERIT else Effect(self.effect.value)
        return StampEntry(Named(self.holder_kind, self.holder_id), self.record_class, effect)


class StampWanted(Input):
    name: Name
    entries: Annotated[list[EntryWanted], Field(max_length=600)]


class EntryShown(Output):
    holder_kind: Reach
    holder_id: UUID
    record_class: RecordClass
    effect: Effect


class StampShown(Output):
    id: UUID
    name: str
    entries: list[EntryShown]
    version: int
    created_at: datetime


class StampListed(Output):
    id: UUID
    name: str
    version: int
    created_at: datetime


class StampsPage(Output):
    items: list[StampListed]
    next: str | None


async def list_stamps(deps: Deps, call: Call, asked: PageQuery) -> StampsPage:
    """List the caller's stamps, newest first."""
    user_id = await _stamper(deps, call)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        found = await stamps.page(tx, user_id, after=asked.cursor, limit=asked.limit + 1)
    shown, following = asked.cut(found, lambda stamp: Cursor(stamp.created_at, stamp.id))
    return StampsPage(
        items=[StampListed(id=s.id, name=s.name, version=s.version, created_at=s.created_at) for s in shown],
        next=following,
    )


async def get_stamp(deps: Deps, call: Call) -> StampShown:
    """Show one of the caller's stamps; records takes its id, or its entries as they are."""
    return await _one(deps, call, await _stamper(deps, call), call.id_in_path("stamp_id"))


async def create_stamp(deps: Deps, call: Call, asked: StampWanted) -> StampShown:
    """Keep a selection of record rights as a stamp of the caller's (ON-27). What inherits is not kept."""
    user_id = await _stamper(deps, call)
    stamp = Stamp(ids.uuid7(), user_id, asked.name, 1, call.now)
    made = await operations.create_stamp(
        deps.db, call.caller, stamp, [each.entry() for each in asked.entries], call.idempotency_key
    )
    call.reply_headers["Location"] = f"/v1/stamps/{made}"
    return await _one(deps, call, user_id, made)


async def replace_stamp(deps: Deps, call: Call, asked: StampWanted) -> StampShown:
    """Replace name and entries of one of the caller's stamps (ON-28)."""
    user_id, target = await _stamper(deps, call), _target(call)
    entries = [each.entry() for each in asked.entries]
    await operations.change_stamp(deps.db, call.caller, target, asked.name, entries)
    return await _one(deps, call, user_id, target.stamp_id)


async def remove_stamp(deps: Deps, call: Call) -> None:
    """Remove one of the caller's stamps; what it was set on keeps its record rights."""
    await _stamper(deps, call)
    await operations.remove_stamp(deps.db, call.caller, _target(call))


async def _stamper(deps: Deps, call: Call) -> UserId:
    """Return the caller, who may set record rights (ON-25). Raises PermissionMissing."""
    require(await deps.access.of(call.caller, call.now, call.access_version), RECORD_RIGHTS)
    return call.caller.user_id


async def _one(deps: Deps, call: Call, user_id: UserId, stamp_id: UUID) -> StampShown:
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        stamp = await stamps.find(tx, user_id, stamp_id)
        entries = await stamps.entries(tx, stamp_id)
    return StampShown(
        id=stamp.id,
        name=stamp.name,
        entries=[
            EntryShown(
                holder_kind=each.holder.reach,
                holder_id=each.holder.id,
                record_class=each.record_class,
                effect=each.effect,
            )
            for each in entries
            if each.effect is not None
        ],
        version=stamp.version,
        created_at=stamp.created_at,
    )


def _target(call: Call) -> StampTarget:
    return StampTarget(call.id_in_path("stamp_id"), call.version)


_STAMP = "/v1/stamps/{stamp_id}"

ROUTES = (
    Route("GET", "/v1/stamps", list_stamps, takes=PageQuery, gives=StampsPage),
    Route("POST", "/v1/stamps", create_stamp, takes=StampWanted, gives=StampShown, status=201, once=True),
    Route("GET", _STAMP, get_stamp, gives=StampShown),
    Route("PUT", _STAMP, replace_stamp, takes=StampWanted, gives=StampShown, edits=True),
    Route("DELETE", _STAMP, remove_stamp, edits=True),
)
