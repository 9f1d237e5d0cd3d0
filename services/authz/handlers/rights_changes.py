"""The journal of rights: who changed which right of whom, when, before and after, and why."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, JsonValue

from services.authz.deps import Deps
from services.authz.domain.holder import HolderKind
from services.authz.handlers.permits import require_sight_of_rights
from services.authz.store import rights_changes
from services.authz.store.rights_changes import Entry, Filter
from services.chassis.pages import PageQuery
from services.chassis.web import Call, Output, Route
from services.contracts.instants import Instant


class RightsChangesQuery(PageQuery):
    user_id: UUID | None = None
    """Whose own right it is; what befell his groups is found by `holder_id`."""
    holder_id: UUID | None = None
    key: Annotated[str, Field(max_length=100)] | None = None
    author_id: UUID | None = None
    since: Instant | None = None
    until: Instant | None = None


class RightsChangeShown(Output):
    """A right that began (`before` null), ended (`after` null), or lasts otherwise than before.

    `rights_mode` has no holder: it is the agency's.
    """

    at: datetime
    access_version: int
    author_id: UUID | None
    reason: str | None
    kind: str
    holder: HolderKind | None
    holder_id: UUID | None
    user_id: UUID | None
    key: str | None
    before: dict[str, JsonValue] | None
    after: dict[str, JsonValue] | None


class RightsChangesPage(Output):
    items: list[RightsChangeShown]
    next: str | None


async def list_rights_changes(deps: Deps, call: Call, asked: RightsChangesQuery) -> RightsChangesPage:
    """List changes of rights, newest first. Needs admin.permissions.manage or admin.agents.manage.

    A change says why as `reason` in its input, or in a Change-Reason header: up to 500 characters, percent-encoded
    where they are not ASCII.
    """
    await require_sight_of_rights(deps, call)
    wanted = Filter(asked.user_id, asked.holder_id, asked.author_id, asked.key, asked.since, asked.until)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        found = await rights_changes.page(tx, wanted, after=asked.cursor, limit=asked.limit + 1)
    shown, following = asked.cut(found, lambda entry: entry.cursor)
    return RightsChangesPage(items=[_shown(entry) for entry in shown], next=following)


def _shown(entry: Entry) -> RightsChangeShown:
    return RightsChangeShown(
        at=entry.at,
        access_version=entry.version,
        author_id=entry.author_id,
        reason=entry.reason,
        kind=entry.kind,
        holder=entry.holder_kind,
        holder_id=entry.holder_id,
        user_id=entry.user_id,
        key=entry.key,
        before=entry.before,
        after=entry.after,
    )


ROUTES = (Route("GET", "/v1/rights-changes", list_rights_changes, takes=RightsChangesQuery, gives=RightsChangesPage),)
