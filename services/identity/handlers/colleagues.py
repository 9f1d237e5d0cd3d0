"""Who may know of the agency's people: colleagues, and no external technician (AM-3)."""

from services.chassis.problems import Forbidden
from services.chassis.web import Call
from services.contracts.vocabulary import UserId, UserKind
from services.identity.deps import Deps
from services.identity.store import users


class ColleaguesOnly(Forbidden):
    code = "colleagues_only"
    title = "An external technician may not see the agency's people."


async def require_colleague(deps: Deps, call: Call, about: UserId | None = None) -> None:
    """Refuse an external technician who asks about anyone but himself. Raises ColleaguesOnly."""
    caller = call.caller
    if about == caller.user_id:
        return
    async with deps.db.single_read(caller.tenant_id) as tx:
        kind = await users.kind_of(tx, caller.user_id)
    if kind is not UserKind.COLLEAGUE:
        raise ColleaguesOnly
