"""Search criteria of contacts: seen and changed by whoever may see and change those of the contact."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.chassis import ids
from services.chassis.problems import Invalid, NotFound
from services.chassis.web import Call, Output, Route
from services.contracts.vocabulary import ContactId, UserId
from services.records.deps import Deps
from services.records.domain.kinds import TransactionType
from services.records.domain.search_criteria import READ, SearchCriteria, permits
from services.records.handlers.contacts import EDGE
from services.records.handlers.fields import OMITTED, Line
from services.records.handlers.wanted_models import WantedGiven, WantedShown
from services.records.operations import search_criteria as operations
from services.records.operations.records import Act
from services.records.store import records, search_criteria


class NewCriteria(WantedGiven):
    name: Line
    transaction_type: TransactionType
    is_active: bool = True


class CriteriaChange(WantedGiven):
    name: Line = OMITTED
    transaction_type: TransactionType = OMITTED
    is_active: bool = OMITTED


class CriteriaShown(WantedShown):
    id: UUID
    contact_id: ContactId
    name: str
    is_active: bool
    version: int
    created_by: UserId
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, criteria: SearchCriteria) -> "CriteriaShown":
        """Return the document of search criteria."""
        return cls.model_validate(criteria, from_attributes=True)


class CriteriaOfContact(Output):
    items: list[CriteriaShown]


async def create_criteria(deps: Deps, call: Call, asked: NewCriteria) -> CriteriaShown | None:
    """Say what a contact searches for. Needs criteria.create and contacts.update, or criteria.foreign.create.

    A contact has up to 200 of them. Answers without a document when the caller may not read the criteria of the
    contact.
    """
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    fields: dict[str, Any] = {
        **asked.model_dump(exclude_unset=True),
        "id": ids.uuid7(),
        "contact_id": EDGE.id_in(call),
        "created_by": call.caller.user_id,
        "created_at": call.now,
        "updated_at": call.now,
    }
    made = await operations.create_criteria(deps.db, snapshot, SearchCriteria(**fields), call.idempotency_key)
    call.reply_headers["Location"] = f"/v1/criteria/{made.id}"
    try:
        return CriteriaShown.of(await opened(deps, call, made.id))
    except NotFound:
        return None


async def list_criteria(deps: Deps, call: Call) -> CriteriaOfContact:
    """List what a contact searches for, the oldest first. Needs criteria.read on the contact."""
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        contact = await records.find(tx, EDGE.table, snapshot, EDGE.id_in(call))
        if contact is None or not permits(snapshot, READ, contact.facts()):
            raise NotFound
        found = await search_criteria.of_contact(tx, contact.id)
    return CriteriaOfContact(items=[CriteriaShown.of(one) for one in found])


async def get_criteria(deps: Deps, call: Call) -> CriteriaShown:
    """Open search criteria. Needs criteria.read on their contact."""
    return CriteriaShown.of(await opened(deps, call, call.id_in_path("criteria_id")))


async def change_criteria(deps: Deps, call: Call, asked: CriteriaChange) -> CriteriaShown:
    """Change what is named; null empties it. Needs criteria.update on the contact."""
    act, changes = await _act(deps, call), asked.model_dump(exclude_unset=True)
    if not changes:
        raise Invalid("Name at least one field to change.")
    return CriteriaShown.of(await operations.change_criteria(deps.db, act, changes))


async def remove_criteria(deps: Deps, call: Call) -> None:
    """Delete search criteria. Needs criteria.delete on the contact."""
    await operations.remove_criteria(deps.db, await _act(deps, call))


async def opened(deps: Deps, call: Call, criteria_id: UUID) -> SearchCriteria:
    """Return search criteria that the caller may read. Raises NotFound."""
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        found = await search_criteria.find(tx, criteria_id)
        contact = await records.find(tx, EDGE.table, snapshot, found.contact_id)
    if contact is None or not permits(snapshot, READ, contact.facts()):
        raise NotFound
    return found


async def _act(deps: Deps, call: Call) -> Act:
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    return Act(snapshot, call.id_in_path("criteria_id"), call.now, call.version)


_CRITERIA: Final = "/v1/criteria/{criteria_id}"

ROUTES = (
    Route(
        "POST", f"{EDGE.one}/criteria", create_criteria, takes=NewCriteria, gives=CriteriaShown, status=201, once=True
    ),
    Route("GET", f"{EDGE.one}/criteria", list_criteria, gives=CriteriaOfContact),
    Route("GET", _CRITERIA, get_criteria, gives=CriteriaShown),
    Route("PATCH", _CRITERIA, change_criteria, takes=CriteriaChange, gives=CriteriaShown, edits=True),
    Route("DELETE", _CRITERIA, remove_criteria, edits=True),
)
