"""What notifications tells: what became of a mail."""

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
