"""Who may know of the agency's people: colleagues, and neither external technicians nor contacts (AM-3, SB-16).

No permission opens them to anybody else: a technician may be given one for the settings that he looks after.
"""

from services.chassis.authz_client import require
from services.chassis.problems import Forbidden
from services.chassis.web import Call
from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import UserId
from services.identity.deps import Deps
from services.identity.store import users


class ColleaguesOnly(Forbidden):
    code = "colleagues_only"
    title = "Only colleagues may see the agency's people."


async def require_colleague(deps: Deps, call: Call, about: UserId | None = None) -> None:
    """Refuse a technician or a contact's account that asks about anyone but itself. Raises ColleaguesOnly."""
    caller = call.caller
    if about == caller.user_id:
        return
    async with deps.db.single_read(caller.tenant_id) as tx:
        if not await users.is_colleague(tx, caller.user_id):
            raise ColleaguesOnly


async def require_among_colleagues(deps: Deps, call: Call, key: str, about: UserId | None = None) -> AccessSnapshot:
    """Return the caller's rights; refuse who lacks a permission, and who is no colleague, as `require_colleague`.

    Raises PermissionMissing, ColleaguesOnly.
    """
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    require(snapshot, key)
    await require_colleague(deps, call, about)
    return snapshot
