"""When somebody gets the daily summary of his appointments (MG-17)."""

from uuid import UUID

from pydantic import Field

from services.chassis.problems import NotFound
from services.chassis.web import Call, Input, Output, Route
from services.contracts.instants import TimeZone
from services.contracts.vocabulary import UserId
from services.notifications.deps import Deps
from services.notifications.domain.digest import Schedule
from services.notifications.handlers.recipients import managed
from services.notifications.operations import digests as operations
from services.notifications.store import digests


class DigestSet(Input):
    timezone: TimeZone | None
    """IANA zone; null for the agency's."""
    local_hour: int = Field(ge=0, le=23)
    when_empty: bool
    """Whether a day without appointments is told, too."""


class DigestShown(Output):
    user_id: UUID
    timezone: str | None
    local_hour: int
    when_empty: bool
    version: int


async def get_digest(deps: Deps, call: Call) -> DigestShown:
    """Show when somebody gets a digest. Others than oneself need `admin.agents.manage`."""
    recipient_id = await managed(deps, call)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        found = await digests.find(tx, recipient_id)
    if found is None:
        raise NotFound
    return _shown(found)


async def set_digest(deps: Deps, call: Call, asked: DigestSet) -> DigestShown:
    """Set when somebody gets a digest; whether at all is the preference `appointments`."""
    recipient_id = await managed(deps, call)
    wish = Schedule(
        tenant_id=call.caller.tenant_id,
        user_id=UserId(recipient_id),
        timezone=asked.timezone,
        local_hour=asked.local_hour,
        when_empty=asked.when_empty,
        next_date=None,
        version=call.version,
    )
    return _shown(await operations.change(deps.db, call.caller.tenant_id, wish, call.now))


def _shown(schedule: Schedule) -> DigestShown:
    return DigestShown(
        user_id=schedule.user_id,
        timezone=schedule.timezone,
        local_hour=schedule.local_hour,
        when_empty=schedule.when_empty,
        version=schedule.version,
    )


ROUTES = (
    Route("GET", "/v1/recipients/{recipient_id}/digest", get_digest, gives=DigestShown),
    Route("PUT", "/v1/recipients/{recipient_id}/digest", set_digest, takes=DigestSet, gives=DigestShown, edits=True),
)
