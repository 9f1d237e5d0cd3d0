"""A release brings permissions: whoever was granted everything is granted these too."""

from datetime import datetime
from typing import Final

from services.authz.domain.catalogue import Catalogue
from services.authz.domain.grant import Grant
from services.authz.domain.reach import Reach
from services.authz.domain.signature import Signature
from services.authz.operations.rights_changes import announce
from services.authz.store import grants, holders, offers, tenants
from services.chassis.database import Database
from services.contracts.vocabulary import TenantId, UserId

REASON: Final = "A release brought these permissions."


async def offer_permissions(db: Database, tenant_id: TenantId, product: Catalogue, now: datetime) -> int:
    """Grant an agency's all-embracing holders what they were never offered; return how many permissions are new.

    A holder embraces all if every permission offered so far was granted to it at `all`, in full and for ever, as to
    the administrators of a new agency. Each permission is offered once: one that was taken away stays away.
    """
    async with db.transaction(tenant_id) as tx:
        turn = await tenants.take_turn(tx, now)
        offered = await offers.offered(tx)
        new, known = [key for key in product if key not in offered], [key for key in product if key in offered]
        concerned = set[UserId]()
        for holder in await offers.holders_of_all(tx, known) if new else ():
            held = {grant.identity for grant in await grants.of(tx, holder)}
            given = [grant for key in new if (grant := Grant(key, Reach.ALL)).identity not in held]
            await grants.put(tx, holder, given, Signature(None, turn.at, REASON))
            concerned.update(await holders.people_of(tx, holder))
        await offers.set_offered(tx, offered | product.keys())
        await announce(tx, turn.version, concerned)
        return len(new)
