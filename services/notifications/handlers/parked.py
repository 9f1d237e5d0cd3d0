"""Messages that could not be carried out, shown to the agency they are about, tried again or given up for good."""

from datetime import datetime
from uuid import UUID

from services.chassis import consuming
from services.chassis.authz_client import require
from services.chassis.cursor import Cursor
from services.chassis.pages import PageQuery
from services.chassis.web import Call, Output, Route
from services.notifications.deps import Deps
from services.notifications.domain.recipient import SET_DEFAULTS
from services.notifications.operations import parked as operations


class ParkedShown(Output):
    message_id: UUID
    queue: str
    topic: str
    attempts: int
    error: str
    """What kind of failure the last one was, such as `ValidationError`; operators see all of it."""
    first_failed_at: datetime


class ParkedMessages(Output):
    items: list[ParkedShown]
    next: str | None


async def list_parked(deps: Deps, call: Call, asked: PageQuery) -> ParkedMessages:
    """List the agency's messages that were given up, latest first. Needs `admin.settings.update`."""
    require(await deps.access.of(call.caller, call.now, call.access_version), SET_DEFAULTS)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        rows = await consuming.parked(tx, asked.cursor, asked.limit + 1)
    page, following = asked.cut(rows, lambda row: Cursor(row["first_failed_at"], row["message_id"]))
    return ParkedMessages(
        items=[ParkedShown.model_validate({**row, "error": row["last_error"].partition("(")[0]}) for row in page],
        next=following,
    )


async def replay_parked(deps: Deps, call: Call) -> None:
    """Try one of them again, with a fresh set of attempts. Needs `admin.settings.update`."""
    require(await deps.access.of(call.caller, call.now, call.access_version), SET_DEFAULTS)
    await operations.replay(deps.db, call.caller.tenant_id, call.id_in_path("message_id"))


async def drop_parked(deps: Deps, call: Call) -> None:
    """Delete one of them for good: what it tells will never be carried out. Needs `admin.settings.update`."""
    require(await deps.access.of(call.caller, call.now, call.access_version), SET_DEFAULTS)
    await operations.drop(deps.db, call.caller.tenant_id, call.id_in_path("message_id"))


ROUTES = (
    Route("GET", "/v1/parked-messages", list_parked, takes=PageQuery, gives=ParkedMessages),
    Route("POST", "/v1/parked-messages/{message_id}/replay", replay_parked),
    Route("DELETE", "/v1/parked-messages/{message_id}", drop_parked),
)
