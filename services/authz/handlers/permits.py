"""Who may look at other people's rights."""

from uuid import UUID

from services.authz.deps import Deps
from services.authz.domain.administrator import MANAGE_AGENTS, MANAGE_EMPLOYEE_GROUPS, MANAGE_PERMISSIONS
from services.chassis.authz_client import require
from services.chassis.web import Call
from services.contracts.vocabulary import UserId


async def require_sight_of_rights(deps: Deps, call: Call) -> None:
    """Refuse who manages neither permissions nor agents. Raises PermissionMissing."""
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    if not snapshot.holds(MANAGE_AGENTS):
        require(snapshot, MANAGE_PERMISSIONS)


async def sees_all_groups(deps: Deps, call: Call) -> bool:
    """Say whether the caller sees every group, or, as a manager of employee groups, only those.

    Raises PermissionMissing for whoever sees none.
    """
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    everything = snapshot.holds(MANAGE_AGENTS) or snapshot.holds(MANAGE_PERMISSIONS)
    if not (everything or snapshot.holds(MANAGE_EMPLOYEE_GROUPS)):
        require(snapshot, MANAGE_PERMISSIONS)
    return everything


async def has_sight_of_rights(deps: Deps, call: Call) -> bool:
    """Say whether the caller manages permissions or agents."""
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    return snapshot.holds(MANAGE_AGENTS) or snapshot.holds(MANAGE_PERMISSIONS)


async def asked_about(deps: Deps, call: Call, user_id: UUID | None) -> UserId:
    """Return whose rights are asked about, the caller's unless somebody is named. Raises PermissionMissing."""
    if user_id is None or user_id == call.caller.user_id:
        return call.caller.user_id
    await require_sight_of_rights(deps, call)
    return UserId(user_id)
