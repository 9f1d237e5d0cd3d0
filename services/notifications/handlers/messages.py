"""Messages that somebody of the agency writes to users and contacts (SB-17..21)."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from services.chassis import ids
from services.chassis.authz_client import require
from services.chassis.web import Call, Input, Output, Route
from services.notifications.deps import Deps
from services.notifications.domain.delivery import Category
from services.notifications.domain.preference import Ground
from services.notifications.domain.recipient import MANAGE
from services.notifications.operations import messages as operations
from services.notifications.operations.messages import NewMessage


class MessageFields(Input):
    category: Category
    subject: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
    recipients: Annotated[list[UUID], Field(min_length=1, max_length=1000)]


class QueuedShown(Output):
    recipient_id: UUID
    delivery_id: UUID | None
    """Null for a recipient there is not."""
    wanted: bool | None
    """Whether the mail would go out as things are; it is asked again when it does."""
    ground: Ground | None


class MessageQueued(Output):
    items: list[QueuedShown]


async def send_message(deps: Deps, call: Call, asked: MessageFields) -> MessageQueued:
    """Send a message to up to 1,000 recipients; says of each what becomes of it. Needs `admin.agents.manage`."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    message = NewMessage(ids.uuid7(), asked.category, asked.subject, asked.text, asked.recipients, call.idempotency_key)
    queued = await operations.send(deps.db, call.caller.tenant_id, call.caller.user_id, message, call.now)
    return MessageQueued(
        items=[
            QueuedShown(
                recipient_id=one.recipient_id,
                delivery_id=one.delivery_id,
                wanted=one.decision.wanted if one.decision else None,
                ground=one.decision.ground if one.decision else None,
            )
            for one in queued
        ]
    )


ROUTES = (Route("POST", "/v1/messages", send_message, takes=MessageFields, gives=MessageQueued, status=202, once=True),)
