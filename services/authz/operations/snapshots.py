"""Compiling a person's rights as they are now."""

from datetime import datetime

from services.authz.domain.compiling import compile_snapshot
from services.authz.store import standings
from services.chassis.database import Database, Transaction
from services.chassis.tokens import Caller
from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import UserId


async def compiled(tx: Transaction, user_id: UserId, now: datetime) -> AccessSnapshot:
    """Return a person's snapshot: empty and of version 0 for somebody unknown."""
    return compile_snapshot(await standings.find_or_nobody(tx, user_id), now)


class CompiledAccess:
    """Snapshots of callers from authz's own database: always the newest, so there is nothing to keep or to wait for."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def of(self, caller: Caller, now: datetime, at_least: int = 0) -> AccessSnapshot:  # noqa: ARG002
        """Return the caller's snapshot. Raises Unavailable."""
        async with self._db.transaction(caller.tenant_id, readonly=True) as tx:
            return await compiled(tx, caller.user_id, now)
