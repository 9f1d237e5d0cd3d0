"""Administrators leave only when another one stays."""

from datetime import datetime

from services.authz.operations.rights_changes import keeping_administrators
from services.authz.store import administrators, tenants
from services.chassis.database import Database
from services.contracts.vocabulary import TenantId, UserId


async def stand_down(
    db: Database, tenant_id: TenantId, user_id: UserId, user_version: int | None, now: datetime
) -> None:
    """Stop counting a person as an administrator until identity tells something newer than `user_version`.

    Without a version: until it tells something newer than is known here. Raises LastAdministrator.
    """
    async with db.transaction(tenant_id) as tx:
        await tenants.take_turn(tx, now)
        async with keeping_administrators(tx):
            await administrators.stand_down(tx, user_id, user_version)
