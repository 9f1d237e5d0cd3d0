"""The audit trail: who changed what of whom, when, before and after, from where and why (MG-2)."""

from datetime import datetime
from uuid import UUID

from pydantic import JsonValue

from services.chassis.cursor import Cursor
from services.chassis.pages import PageQuery
from services.chassis.web import Call, Output, Route
from services.contracts.instants import Instant
from services.contracts.vocabulary import UserId
from services.identity.deps import Deps
from services.identity.domain.audit import AuditKind, AuthorKind
from services.identity.domain.user import MANAGE
from services.identity.handlers.colleagues import require_among_colleagues
from services.identity.store import audit_trail
from services.identity.store.audit_trail import Entry, Filter


class AuditEntriesQuery(PageQuery):
    subject_id: UUID | None = None
    """What was changed: a person, an office, a template; the agency's own policy and settings by its tenant id."""
    actor_id: UserId | None = None
    kind: AuditKind | None = None
    since: Instant | None = None
    until: Instant | None = None
    """Not included."""


class AuditEntryShown(Output):
    id: UUID
    at: datetime
    kind: str
    subject_id: UUID
    author: AuthorKind
    actor_id: UUID | None
    """Null for the operator and the system."""
    session_id: UUID | None
    before: dict[str, JsonValue] | None
    """What differs, as it was; null where something began or nothing is compared, as with passwords."""
    after: dict[str, JsonValue] | None
    reason: str | None
    """What the change's Change-Reason header said."""
    address: str | None
    request_id: str | None


class AuditEntriesPage(Output):
    items: list[AuditEntryShown]
    next: str | None


async def list_audit_entries(deps: Deps, call: Call, asked: AuditEntriesQuery) -> AuditEntriesPage:
    """List changes, newest first. For colleagues with admin.agents.manage.

    Every call that changes something may say why in a Change-Reason header: up to 500 characters, percent-encoded
    where they are not ASCII. Entries can be neither changed nor removed.
    """
    await require_among_colleagues(deps, call, MANAGE)
    wanted = Filter(asked.subject_id, asked.actor_id, asked.kind, asked.since, asked.until)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        found = await audit_trail.page(tx, wanted, after=asked.cursor, limit=asked.limit + 1)
    shown, following = asked.cut(found, lambda entry: Cursor(entry.at, entry.id))
    return AuditEntriesPage(items=[_shown(entry) for entry in shown], next=following)


def _shown(entry: Entry) -> AuditEntryShown:
    return AuditEntryShown(
        id=entry.id,
        at=entry.at,
        kind=entry.kind,
        subject_id=entry.subject_id,
        author=entry.author,
        actor_id=entry.actor_id,
        session_id=entry.session_id,
        before=None if entry.before is None else dict(entry.before),
        after=None if entry.after is None else dict(entry.after),
        reason=entry.reason,
        address=entry.address,
        request_id=entry.request_id,
    )


ROUTES = (Route("GET", "/v1/audit-entries", list_audit_entries, takes=AuditEntriesQuery, gives=AuditEntriesPage),)
