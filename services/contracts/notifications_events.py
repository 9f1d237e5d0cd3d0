"""What notifications tells: what became of a mail, who wants which."""

from typing import ClassVar
from uuid import UUID

from services.contracts.envelope import Event


class DeliverySent(Event):
    """A mail was accepted by the mail server."""

    topic: ClassVar[str] = "notifications.delivery.sent.v1"

    delivery_id: UUID
    category: str


class DeliveryFailed(Event):
    """A mail was refused for good or given up; `code` is the last SMTP reply code or a word such as `timeout`."""

    topic: ClassVar[str] = "notifications.delivery.failed.v1"

    delivery_id: UUID
    category: str
    code: str


class SubscriptionChanged(Event):
    """Somebody chose to get mail of a category, or not; None for leaving it to the agency again."""

    topic: ClassVar[str] = "notifications.subscription.changed.v1"

    recipient_id: UUID
    category: str
    wanted: bool | None
