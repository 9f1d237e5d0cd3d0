"""Who may lay hands on how somebody gets in: address of mails, password, second factor, activation.

Whoever gets at one of these can become that person, and nobody gets rights which he could not give. So beside the
permission to manage people it takes the one to manage rights, where the person has that or will have it once the
account is active (ADR-0022). A directory (SCIM) is trusted: its token was made by somebody with both.
"""

from services.chassis.authz_client import require
from services.chassis.web import Call
from services.contracts.vocabulary import UserId
from services.identity.deps import Deps
from services.identity.domain.user import ADMINISTRATION, MANAGE


async def may_change_way_in(deps: Deps, call: Call, user_id: UserId) -> None:
    """Refuse who may not change how a person gets in. Raises PermissionMissing, Unavailable."""
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    require(snapshot, MANAGE)
    if not snapshot.holds(ADMINISTRATION) and await deps.administrators.may_manage_rights(
        call.caller.tenant_id, user_id
    ):
        require(snapshot, ADMINISTRATION)
