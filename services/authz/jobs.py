"""What authz does by itself."""

import asyncio
from typing import Final, Never

from services.authz.deps import Deps
from services.authz.operations.expiry import expire
from services.authz.operations.releases import offer_permissions
from services.authz.store.expiry import tenants_with_expired
from services.authz.store.offers import tenants_without
from services.chassis import clock, logging
from services.chassis.database import Database
from services.chassis.outages import Outage

EXPIRE_SECONDS: Final = 5.0
OFFER_SECONDS: Final = 60.0
_log = logging.get(__name__)


async def expire_rights(deps: Deps, worker_db: Database) -> Never:
    """End every five seconds what has expired, agency by agency, and announce it; of much, some each time."""
    outage = Outage("expire_rights")
    while True:
        with outage.bridged():
            now = clock.now()
            async with worker_db.across_tenants() as queries:
                due = await tenants_with_expired(queries, now)
            for tenant_id in due:
                _log.info("rights.expired", tenant_id=str(tenant_id), count=await expire(deps.db, tenant_id, now))
        await asyncio.sleep(EXPIRE_SECONDS)


async def offer_new_permissions(deps: Deps, worker_db: Database) -> Never:
    """Offer agencies the permissions that this release brought, at the start and every minute.

    Again and again, since processes of the release before may still take on agencies.
    """
    outage = Outage("offer_new_permissions")
    while True:
        with outage.bridged():
            async with worker_db.across_tenants() as queries:
                due = await tenants_without(queries, deps.catalogue.keys())
            for tenant_id in due:
                count = await offer_permissions(deps.db, tenant_id, deps.catalogue, clock.now())
                _log.info("permissions.offered", tenant_id=str(tenant_id), count=count)
        await asyncio.sleep(OFFER_SECONDS)
