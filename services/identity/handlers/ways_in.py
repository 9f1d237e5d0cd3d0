"""Who may lay hands on how somebody gets in: address of mails, password, second factor, activation.

Whoever gets at one of these can become that person, and nobody gets rights which he could not give. So beside the
permission to manage people it takes the one to manage rights, where the person has that or will have it once the
account is active (ADR-0022). A directory (SCIM) is trusted: its token was made by somebody with both. A machine that
acts for a person never changes how that person gets in, whatever it was told of the person's secrets (ADR-0014).
"""

from services.chassis.authz_client import require
from services.chassis.web import Call
from services.contracts.vocabulary import UserId
from services.identity.deps import Deps
from services.identity.domain.machine_token import MachineNotAllowed
from services.identity.domain.user import ADMINISTRATION, MANAGE
from services.identity.handlers.colleagues import require_among_colleagues
from services.identity.store import machine_tokens


async def require_person(deps: Deps, call: Call, about: UserId | None = None) -> None:
    """Refuse a machine that goes about the person it acts for, or names nobody. Raises MachineNotAllowed."""
    caller = call.caller
    if about not in {None, caller.user_id}:
        return
    async with deps.db.single_read(caller.tenant_id) as tx:
        if await machine_tokens.opened(tx, caller.session_id):
            raise MachineNotAllowed


async def may_change_way_in(deps: Deps, call: Call, user_id: UserId) -> None:
    """Refuse who may not change how a person gets in.

    Raises PermissionMissing, ColleaguesOnly, MachineNotAllowed, Unavailable.
    """
    snapshot = await require_among_colleagues(deps, call, MANAGE, user_id)
    await require_person(deps, call, user_id)
    if not snapshot.holds(ADMINISTRATION) and await deps.administrators.may_manage_rights(
        call.caller.tenant_id, user_id
    ):
        require(snapshot, ADMINISTRATION)
