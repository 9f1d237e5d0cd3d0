"""Modules bring permissions of their own."""

from collections.abc import Collection

from services.authz.domain.catalogue import Catalogue, Permission
from services.authz.domain.compiling import compile_snapshot
from services.authz.domain.module import check_module
from services.authz.operations.rights_changes import Author, changing_rights
from services.authz.operations.settings import SETTINGS
from services.authz.store import modules
from services.chassis.authz_client import require
from services.chassis.database import Database


async def register_module(db: Database, product: Catalogue, author: Author, wanted: Collection[Permission]) -> int:
    """Add the permissions of a module to the agency's catalogue, or reword them; nobody holds them by that.

    Needs admin.settings.update too. Raises PermissionMissing, SectionTaken, PermissionDiffers.
    """
    async with changing_rights(db, author) as change:
        require(compile_snapshot(change.author, author.now), SETTINGS)
        check_module(wanted, product, await modules.catalogue(change.tx, product))
        await modules.register(change.tx, wanted, change.signature)
        return change.version
