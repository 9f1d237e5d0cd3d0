"""Calls of peer services; not reachable through the gateway."""

from pydantic import RootModel

from services.authz.deps import Deps
from services.authz.operations import administrators
from services.authz.operations.snapshots import compiled, nobody
from services.authz.store import administrators as counted
from services.authz.store import people, stamps
from services.chassis.answers import NotModified
from services.chassis.web import Access, Call, Route
from services.contracts.authz_api import (
    Administrators,
    StampEntries,
    StampEntry,
    WireSnapshot,
)
from services.contracts.vocabulary import TenantId, UserId


class SnapshotGiven(RootModel[WireSnapshot]):
    """The snapshot as `contracts.authz_api.SNAPSHOT` reads it."""


async def get_snapshot(deps: Deps, call: Call) -> SnapshotGiven | NotModified:
    """Give a person's snapshot, and as of which rights version of the tenant it is true (Access-Version).

    The versions are read before the rights: whoever keeps the answer may have newer rights than it says, and is
    then told once too often. What expires changes no version; see `not_after`.
    """
    user_id = UserId(call.id_in_path("user_id"))
    async with deps.db.transaction(TenantId(call.id_in_path("tenant_id")), readonly=True) as tx:
        agencys, version = await people.version_of(tx, user_id)
        call.reply_headers["Access-Version"] = str(agencys)
        if call.has(version):
            call.reply_headers["ETag"] = f'"{version}"'
            return NotModified()
        found = await compiled(tx, deps.catalogue, [user_id], call.now)
    snapshot = found.get(user_id) or nobody(tx.tenant_id, user_id)
    call.reply_headers["ETag"] = f'"{snapshot.version}"'
    return SnapshotGiven(snapshot)


async def stand_down(deps: Deps, call: Call) -> None:
    """Stop counting a person as an administrator, before identity takes the account out of service.

    If-Match may name identity's version of the person, so that older events under way do not undo it.
    """
    version = call.version if "If-Match" in call.headers else None
    tenant_id, user_id = TenantId(call.id_in_path("tenant_id")), UserId(call.id_in_path("user_id"))
    await administrators.stand_down(deps.db, tenant_id, user_id, version, call.now)


async def list_administrators(deps: Deps, call: Call) -> Administrators:
    """List the active people who administer an agency, whether or not that ends by itself."""
    async with deps.db.transaction(TenantId(call.id_in_path("tenant_id")), readonly=True) as tx:
        return Administrators(user_ids=tuple(await counted.every(tx, call.now)))


async def get_stamp_entries(deps: Deps, call: Call) -> StampEntries:
    """Give what one of a person's own stamps says, for records to set; those of others are not found (ON-26).

    Whether the person may set record rights (ON-25) is decided where they are set.
    """
    user_id, stamp_id = UserId(call.id_in_path("user_id")), call.id_in_path("stamp_id")
    async with deps.db.transaction(TenantId(call.id_in_path("tenant_id"))) as tx:
        stamp = await stamps.get(tx, user_id, stamp_id)
        found = await stamps.entries(tx, stamp.id)
    return StampEntries(
        entries=tuple(
            StampEntry.model_validate(
                {
                    "holder_kind": each.holder.reach,
                    "holder_id": each.holder.id,
                    "record_class": each.record_class,
                    "effect": each.effect,
                }
            )
            for each in found
        )
    )


_PERSON = "/internal/v1/tenants/{tenant_id}/users/{user_id}"

ROUTES = (
    Route("GET", f"{_PERSON}/snapshot", get_snapshot, gives=SnapshotGiven, access=Access.PEER),
    Route("POST", f"{_PERSON}/stand-down", stand_down, access=Access.PEER),
    Route("GET", f"{_PERSON}/stamps/{{stamp_id}}", get_stamp_entries, gives=StampEntries, access=Access.PEER),
    Route(
        "GET",
        "/internal/v1/tenants/{tenant_id}/administrators",
        list_administrators,
        gives=Administrators,
        access=Access.PEER,
    ),
)
