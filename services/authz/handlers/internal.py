"""Calls of peer services; not reachable through the gateway."""

from dataclasses import replace
from typing import Annotated, Final

from pydantic import Field, RootModel

from services.authz.deps import Deps
from services.authz.domain.catalogue import Permission
from services.authz.domain.compiling import compile_snapshot
from services.authz.domain.explaining import Decider, Question, Step, sources
from services.authz.domain.switch import Switch
from services.authz.handlers.proposals import SHOWN, ProposalAsked, suppose
from services.authz.handlers.questions import RecordGiven
from services.authz.operations import administrators
from services.authz.operations.snapshots import compiled, nobody
from services.authz.store import administrators as counted
from services.authz.store import blocked_switches, modules, people, stamps, standings
from services.chassis.answers import NotModified
from services.chassis.web import MAX_BODY_BYTES, Access, Call, Input, Route
from services.contracts.authz_api import (
    Administrators,
    DecidingSource,
    DecidingSources,
    SiteAppearance,
    StampEntries,
    StampEntry,
    SupposedAccess,
    SupposedAccesses,
    WireSnapshot,
)
from services.contracts.vocabulary import TenantId, UserId

_ROOMY: Final = 2 * MAX_BODY_BYTES
"""A proposal arrives in a document that is a little larger than the one in which the peer got it."""


class AccessSupposed(Input):
    """A proposal, and the keys about which the peer wants to know whose reach it changes."""

    proposal: ProposalAsked
    keys: Annotated[list[Annotated[str, Field(max_length=100)]], Field(min_length=1, max_length=20)]
    limit: Annotated[int, Field(ge=1, le=200)]


class SourcesAsked(Input):
    """A record, and the section that it is of, whose permissions are asked about."""

    section: Annotated[str, Field(max_length=50, pattern="^[a-z_]+$")]
    record: RecordGiven


class SnapshotGiven(RootModel[WireSnapshot]):
    """The snapshot as `contracts.authz_api.SNAPSHOT` reads it."""


async def get_snapshot(deps: Deps, call: Call) -> SnapshotGiven | NotModified:
    """Give a person's snapshot, and as of which rights version of the tenant it is true (Access-Version).

    The versions are read before the rights: whoever keeps the answer may have newer rights than it says, and is
    then told once too often. What expires changes no version; see `not_after`.
    """
    user_id = UserId(call.id_in_path("user_id"))
    async with deps.db.transaction(TenantId(call.id_in_path("tenant_id")), readonly=True) as tx:
        agencys, versions = await people.versions(tx, [user_id])
        version = versions.get(user_id, 0)
        call.reply_headers["Access-Version"] = str(agencys)
        if call.has(version):
            call.reply_headers["ETag"] = f'"{version}"'
            return NotModified()
        found = await compiled(tx, deps.catalogue, [user_id], call.now)
    snapshot = found.get(user_id) or nobody(tx.tenant_id, user_id)
    call.reply_headers["ETag"] = f'"{snapshot.version}"'
    return SnapshotGiven(snapshot)


async def get_snapshot_once_active(deps: Deps, call: Call) -> SnapshotGiven:
    """Give what a person may do, or might as soon as the account is active: rights wait for who is out of service."""
    user_id = UserId(call.id_in_path("user_id"))
    async with deps.db.single_read(TenantId(call.id_in_path("tenant_id"))) as tx:
        standing = await standings.find_or_nobody(tx, user_id)
    return SnapshotGiven(compile_snapshot(replace(standing, is_active=True), call.now))


async def stand_down(deps: Deps, call: Call) -> None:
    """Stop counting a person as an administrator, before identity takes the account out of service.

    If-Match may name identity's version of the person, so that older events under way do not undo it.
    """
    version = call.version if "If-Match" in call.headers else None
    tenant_id, user_id = TenantId(call.id_in_path("tenant_id")), UserId(call.id_in_path("user_id"))
    await administrators.stand_down(deps.db, tenant_id, user_id, version, call.now)


async def list_administrators(deps: Deps, call: Call) -> Administrators:
    """List the active people who administer an agency, whether or not that ends by itself."""
    async with deps.db.single_read(TenantId(call.id_in_path("tenant_id"))) as tx:
        return Administrators(user_ids=tuple(await counted.every(tx, call.now)))


async def get_site_appearance(deps: Deps, call: Call) -> SiteAppearance:
    """Say whether a person may appear on the agency's web site, which everybody may until it is blocked (MG-23)."""
    async with deps.db.single_read(TenantId(call.id_in_path("tenant_id"))) as tx:
        blocked = await blocked_switches.of(tx, UserId(call.id_in_path("user_id")))
    return SiteAppearance(shown=Switch.SITE not in blocked)


async def get_stamp_entries(deps: Deps, call: Call) -> StampEntries:
    """Give what one of a person's own stamps says, for records to set; those of others are not found (ON-26).

    Whether the person may set record rights (ON-25) is decided where they are set.
    """
    user_id, stamp_id = UserId(call.id_in_path("user_id")), call.id_in_path("stamp_id")
    async with deps.db.transaction(TenantId(call.id_in_path("tenant_id")), readonly=True) as tx:
        stamp = await stamps.find(tx, user_id, stamp_id)
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


async def suppose_access(deps: Deps, call: Call, asked: AccessSupposed) -> SupposedAccesses:
    """Give what people may do before and after a proposal, of those for whom a key's reach differs; nothing is stored.

    Whether whoever asks may see people's rights is decided where they ask.
    """
    async with deps.db.transaction(TenantId(call.id_in_path("tenant_id")), readonly=True) as tx:
        known = await modules.catalogue(tx, deps.catalogue)
        found = await suppose(tx, known, asked.proposal, call.now, under="/proposal")
    pairs = [SupposedAccess(before=found.before[each], after=found.after[each]) for each in found.shown]
    differing = [pair for pair in pairs if any(pair.before.scope(key) != pair.after.scope(key) for key in asked.keys)]
    return SupposedAccesses(
        concerned=len(differing), complete=len(found.touched) <= SHOWN, people=tuple(differing[: asked.limit])
    )


async def list_deciding_sources(deps: Deps, call: Call, asked: SourcesAsked) -> DecidingSources:
    """Say what decides about each permission of a record's section, for one person.

    Whether whoever asks may see people's rights is decided where they ask.
    """
    async with deps.db.transaction(TenantId(call.id_in_path("tenant_id")), readonly=True) as tx:
        standing = await standings.find_or_nobody(tx, UserId(call.id_in_path("user_id")))
        known = await modules.catalogue(tx, deps.catalogue)
    facts = replace(asked.record.facts(), section=asked.section)
    questions = [Question(key, facts) for key in known if key.startswith(f"{asked.section}.")]
    found = zip(questions, sources(standing, questions, known, call.now), strict=True)
    return DecidingSources(sources=tuple(_source(known[asked.key], *decided) for asked, decided in found))


def _source(permission: Permission, decided_by: Decider, step: Step) -> DecidingSource:
    held = step.grants[0] if step.grants and step.passed else None
    return DecidingSource.model_validate(
        {
            "key": permission.key,
            "record_class": permission.record_class,
            "decided_by": decided_by,
            "grant": held
            and {
                "holder": held.through.kind,
                "holder_id": held.through.id,
                "holder_name": held.through.name,
                "key": held.grant.key,
                "reach": held.grant.reach,
                "reach_id": held.grant.reach_id,
                "view": held.grant.view,
                "until": held.until,
                "granted_by": held.granted_by,
                "granted_at": held.granted_at,
            },
        }
    )


_PERSON = "/internal/v1/tenants/{tenant_id}/users/{user_id}"

ROUTES = (
    Route("GET", f"{_PERSON}/snapshot", get_snapshot, gives=SnapshotGiven, access=Access.PEER),
    Route(
        "GET",
        f"{_PERSON}/snapshot-once-active",
        get_snapshot_once_active,
        gives=SnapshotGiven,
        access=Access.PEER,
    ),
    Route("POST", f"{_PERSON}/stand-down", stand_down, access=Access.PEER),
    Route("GET", f"{_PERSON}/site-appearance", get_site_appearance, gives=SiteAppearance, access=Access.PEER),
    Route("GET", f"{_PERSON}/stamps/{{stamp_id}}", get_stamp_entries, gives=StampEntries, access=Access.PEER),
    Route(
        "POST",
        f"{_PERSON}/deciding-sources",
        list_deciding_sources,
        takes=SourcesAsked,
        gives=DecidingSources,
        access=Access.PEER,
        max_body_bytes=_ROOMY,
    ),
    Route(
        "POST",
        "/internal/v1/tenants/{tenant_id}/hypotheses",
        suppose_access,
        takes=AccessSupposed,
        gives=SupposedAccesses,
        access=Access.PEER,
        max_body_bytes=_ROOMY,
    ),
    Route(
        "GET",
        "/internal/v1/tenants/{tenant_id}/administrators",
        list_administrators,
        gives=Administrators,
        access=Access.PEER,
    ),
)
