"""What somebody of the agency writes to many: one delivery each, decided on when it is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.chassis import idempotency, ids
from services.chassis.database import Database
from services.chassis.idempotency import IdempotencyKey
from services.contracts.vocabulary import TenantId, UserId
from services.notifications.domain import preference
from services.notifications.domain.delivery import Category, NewDelivery, Template
from services.notifications.domain.preference import Decision
from services.notifications.domain.recipient import Recipient
from services.notifications.store import deliveries, preferences, recipients


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to be sent; `id` stands for it in the history of each recipient."""

    id: UUID
    category: Category
    subject: str
    text: str
    recipients: Sequence[UUID]
    key: IdempotencyKey | None


@dataclass(frozen=True, slots=True)
class Queued:
    """What becomes of a message for one recipient: None for both where there is no such recipient."""

    recipient_id: UUID
    delivery_id: UUID | None
    decision: Decision | None


async def send(
    db: Database, tenant_id: TenantId, sender: UserId, message: NewMessage, now: datetime
) -> Sequence[Queued]:
    """Queue a message for each recipient; return what becomes of each, in the order given.

    Those who do not get it are queued too, so that the history says so; an Idempotency-Key used again queues nothing.
    """
    preference.require_choosable({message.category: None})
    asked = tuple(dict.fromkeys(message.recipients))
    async with db.transaction(tenant_id) as tx:
        earlier = await idempotency.earlier(tx, message.key, message.id, now)
        event_id = earlier or message.id
        known = await recipients.hold(tx, asked)
        found = [known[each] for each in asked if each in known]
        standings = await preferences.standings(tx, {one.id: one.email for one in found}, message.category, sender)
        if earlier is None:
            await deliveries.insert(tx, *(_delivery(message, event_id, sender, one) for one in found))
        kept = await deliveries.of_event(tx, event_id, Template.MESSAGE)
    return [
        Queued(each, kept[each], preference.decide(message.category, standings[each]))
        if each in known and each in kept
        else Queued(each, None, None)
        for each in asked
    ]


def _delivery(message: NewMessage, event_id: UUID, sender: UserId, recipient: Recipient) -> NewDelivery:
    return NewDelivery(
        id=ids.uuid7(),
        event_id=event_id,
        resend_of=None,
        category=message.category,
        template=Template.MESSAGE,
        recipient_user_id=UserId(recipient.id),
        recipient_address=recipient.email,
        locale=recipient.locale,
        sender_user_id=sender,
        facts={"subject": message.subject, "text": message.text},
    )
