"""Mails that nobody's event asks for: the calendar does."""

from uuid import UUID, uuid5

from services.chassis import ids
from services.chassis.database import Database
from services.notifications.domain.delivery import Category, NewDelivery, Template
from services.notifications.store import deliveries
from services.notifications.store.recipients import Ending

_ENDS = UUID("6f1d1f0e-5a0e-4c53-9f0c-0f7b6d1f3a55")
"""Names the ends of accounts, so that each is announced once however many workers find it (RFC 9562, version 5)."""


async def announce_end(db: Database, ending: Ending) -> None:
    """Queue the mail that somebody's account ends soon, once per end."""
    async with db.transaction(ending.tenant_id) as tx:
        await deliveries.insert(
            tx,
            NewDelivery(
                id=ids.uuid7(),
                event_id=uuid5(_ENDS, f"{ending.user_id} {ending.ends_at.isoformat()}"),
                resend_of=None,
                category=Category.SECURITY,
                template=Template.ACCOUNT_EXPIRING,
                recipient_user_id=ending.user_id,
                recipient_address=ending.email,
                locale=ending.locale,
                facts={"display_name": ending.display_name, "expires_at": ending.ends_at.isoformat()},
            ),
        )
