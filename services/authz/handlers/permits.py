"""Who may look at other people's rights."""

from services.authz.deps import Deps
from services.authz.domain.administrator import MANAGE_AGENTS, MANAGE_PERMISSIONS
from services.chassis.authz_client import require
from services.chassis.web import Call


async def require_sight_of_rights(deps: Deps, call: Call) -> None:
    """Refuse who manages neither permissions nor agents. Raises PermissionMissing."""
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    if not snapshot.holds(MANAGE_AGENTS):
        require(snapshot, MANAGE_PERMISSIONS)
