"""Messages that could not be carried out are tried again, or given up for good."""

from uuid import UUID

from services.chassis import consuming
from services.chassis.database import Database
from services.chassis.problems import NotFound
from services.contracts.vocabulary import TenantId


async def replay(db: Database, tenant_id: TenantId, message_id: UUID) -> None:
    """Give a message that was given up a fresh set of attempts. Raises NotFound."""
    async with db.transaction(tenant_id) as tx:
        if not await consuming.replay(tx, message_id):
            raise NotFound


async def drop(db: Database, tenant_id: TenantId, message_id: UUID) -> None:
    """Delete a message that was given up. Raises NotFound."""
    async with db.transaction(tenant_id) as tx:
        if not await consuming.drop(tx, message_id):
            raise NotFound
