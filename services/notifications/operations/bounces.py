"""Mails that came back are kept until a worker has found out whose they are."""

from uuid import UUID

from services.chassis.database import Database
from services.notifications.adapters.bounces import Bounce
from services.notifications.store import bounces


async def take(db: Database, bounce_id: UUID, bounce: Bounce) -> None:
    """Keep what a mail system said of a mail, whose agency it does not know."""
    async with db.across_tenants() as queries:
        await bounces.insert(queries, bounce_id, bounce.delivery_id, bounce.status)
