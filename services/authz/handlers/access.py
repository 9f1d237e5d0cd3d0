"""What people may do: access snapshots, and single scopes with where they come from."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.authz.deps import Deps
from services.authz.domain.catalogue import Catalogue
from services.authz.domain.compiling import HeldGrant, Standing, compile_snapshot
from services.authz.domain.holder import HolderKind
from services.authz.domain.reach import Reach
from services.authz.handlers.catalogue import catalogue_of
from services.authz.handlers.permits import require_sight_of_rights
from services.authz.store import standings
from services.chassis.problems import FieldError, Invalid, NotFound
from services.chassis.web import Call, Input, Output, Route
from services.contracts.access import AccessSnapshot, Scope
from services.contracts.vocabulary import Ownership, UserId, View


class ScopeQuestion(Input):
    user_id: UUID | None = None
    """Whose scopes; left out: the caller's."""
    keys: Annotated[list[Annotated[str, Field(max_length=100)]], Field(min_length=1, max_length=100)]


class ScopeShown(Output):
    everything: View | None
    offices: list[UUID]
    public_offices: list[UUID]
    owners: list[UUID]
    own: bool


class SourceShown(Output):
    """A grant that counts at the moment, and the holder through which it is held: `user` stands for the person."""

    holder: HolderKind
    holder_id: UUID
    name: str
    reach: Reach
    reach_id: UUID | None
    view: View
    until: datetime | None


class ScopeExplained(Output):
    key: str
    scope: ScopeShown
    sources: list[SourceShown]


class ScopeAnswer(Output):
    user_id: UUID
    version: int
    not_after: datetime | None
    items: list[ScopeExplained]


class AccessShown(Output):
    user_id: UUID
    version: int
    ownership: Ownership
    not_after: datetime | None
    scopes: Mapping[str, ScopeShown]


async def get_own_access(deps: Deps, call: Call) -> AccessShown:
    """Show everything that the caller may do."""
    return _shown(await deps.access.of(call.caller, call.now, call.access_version))


async def get_access(deps: Deps, call: Call) -> AccessShown:
    """Show everything that a colleague may do. Needs admin.permissions.manage or admin.agents.manage."""
    await require_sight_of_rights(deps, call)
    return _shown(compile_snapshot(await _standing(deps, call, UserId(call.id_in_path("user_id"))), call.now))


async def query_scopes(deps: Deps, call: Call, asked: ScopeQuestion) -> ScopeAnswer:
    """Show whose records single permissions reach, and through which groups.

    Asking about somebody else needs admin.permissions.manage or admin.agents.manage.
    """
    _check_keys(asked.keys, await catalogue_of(deps, call))
    user_id = UserId(asked.user_id or call.caller.user_id)
    if user_id != call.caller.user_id:
        await require_sight_of_rights(deps, call)
    standing = await _standing(deps, call, user_id)
    snapshot = compile_snapshot(standing, call.now)
    live = tuple(standing.live(call.now))
    return ScopeAnswer(
        user_id=user_id,
        version=snapshot.version,
        not_after=snapshot.not_after,
        items=[
            ScopeExplained(
                key=key,
                scope=scope_shown(snapshot.scope(key)),
                sources=[_source(held) for held in live if held.grant.key == key],
            )
            for key in asked.keys
        ],
    )


async def _standing(deps: Deps, call: Call, user_id: UserId) -> Standing:
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        standing = await standings.find(tx, user_id)
    if standing is None:
        raise NotFound
    return standing


def _check_keys(keys: list[str], catalogue: Catalogue) -> None:
    unknown = [
        FieldError(f"/keys/{at}", "unknown_permission", f"There is no permission {key}.")
        for at, key in enumerate(keys)
        if key not in catalogue
    ]
    if unknown:
        raise Invalid(errors=unknown)


def _shown(snapshot: AccessSnapshot) -> AccessShown:
    return AccessShown(
        user_id=snapshot.user_id,
        version=snapshot.version,
        ownership=snapshot.ownership,
        not_after=snapshot.not_after,
        scopes={key: scope_shown(scope) for key, scope in sorted(snapshot.scopes.items())},
    )


def scope_shown(scope: Scope) -> ScopeShown:
    """Return a scope as it is shown, ids in order."""
    return ScopeShown(
        everything=scope.everything,
        offices=sorted(scope.offices),
        public_offices=sorted(scope.public_offices),
        owners=sorted(scope.owners),
        own=scope.own,
    )


def _source(held: HeldGrant) -> SourceShown:
    return SourceShown(
        holder=held.through.kind,
        holder_id=held.through.id,
        name=held.through.name,
        reach=held.grant.reach,
        reach_id=held.grant.reach_id,
        view=held.grant.view,
        until=held.until,
    )


ROUTES = (
    Route("GET", "/v1/access", get_own_access, gives=AccessShown),
    Route("GET", "/v1/users/{user_id}/access", get_access, gives=AccessShown),
    Route("POST", "/v1/scope-queries", query_scopes, takes=ScopeQuestion, gives=ScopeAnswer),
)
