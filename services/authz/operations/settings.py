"""How an agency manages its rights."""

from typing import Final

from services.authz.domain.compiling import compile_snapshot
from services.authz.domain.mode import RightsMode
from services.authz.operations.rights_changes import Author, changing_rights
from services.authz.store import people, tenants
from services.chassis.authz_client import require
from services.chassis.database import Database

SETTINGS: Final = "admin.settings.update"


async def set_rights_mode(db: Database, author: Author, mode: RightsMode) -> int:
    """Manage rights in this way from now on; needs admin.settings.update too. Raises PermissionMissing."""
    async with changing_rights(db, author) as change:
        require(compile_snapshot(change.author, author.now), SETTINGS)
        if await tenants.rights_mode(change.tx) is not mode:
            await tenants.set_rights_mode(change.tx, mode, change.signature)
            change.concerned.update(await people.everybody(change.tx))
        return change.version
