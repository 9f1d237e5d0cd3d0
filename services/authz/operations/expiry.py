"""What expires becomes past, and whoever held it is told of."""

from datetime import datetime
from typing import Final

from services.authz.operations.rights_changes import announce
from services.authz.store import expiry, tenants
from services.chassis.database import Database
from services.contracts.vocabulary import TenantId

ENDED_AT_ONCE: Final = 5_000
"""Grants, and memberships, that one change ends: a fraction of a statement's five seconds. The next takes the rest."""


async def expire(db: Database, tenant_id: TenantId, now: datetime) -> int:
    """End what has expired in an agency, or some of it where it is much, and return how many people held it.

    Snapshots never outlive it anyway (`not_after`); this lets caches drop them and the current rows stay few.
    """
    async with db.transaction(tenant_id) as tx:
        turn = await tenants.take_turn(tx, now)
        held = await expiry.end_expired(tx, now, ENDED_AT_ONCE)
        await announce(tx, turn.version, held)
        return len(held)
