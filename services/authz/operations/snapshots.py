"""Compiling a person's rights as they are now."""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from services.authz.domain.compiling import compile_snapshot
from services.authz.store import people, standings
from services.chassis.database import Database, Transaction
from services.chassis.tokens import Caller
from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import Ownership, TenantId, UserId

KEPT: Final = 10_000


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


class KeptSnapshots:
    """Compiled snapshots by their version, which is asked for each time: never older than the transaction."""

    def __init__(self) -> None:
        self._kept = OrderedDict[tuple[TenantId, UserId], AccessSnapshot]()

    async def of(self, tx: Transaction, user_ids: Collection[UserId], now: datetime) -> Mapping[UserId, AccessSnapshot]:
        """Return people's snapshots: empty and of version 0 for somebody unknown."""
        versions = await people.versions(tx, user_ids)
        kept = {user_id: self._kept.get((tx.tenant_id, user_id)) for user_id in user_ids}
        found = {
            user_id: snapshot
            for user_id, snapshot in kept.items()
            if snapshot is not None
            and snapshot.version == versions.get(user_id)
            and (snapshot.not_after is None or now < snapshot.not_after)
        }
        missing = [user_id for user_id in user_ids if user_id not in found]
        if missing:
            for user_id, standing in (await standings.find_all(tx, missing)).items():
                found[user_id] = compile_snapshot(standing, now)
                self._keep(found[user_id])
        return {user_id: found.get(user_id) or nobody(tx.tenant_id, user_id) for user_id in user_ids}

    def _keep(self, snapshot: AccessSnapshot) -> None:
        self._kept[snapshot.tenant_id, snapshot.user_id] = snapshot
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)


def nobody(tenant_id: TenantId, user_id: UserId) -> AccessSnapshot:
    """Return the snapshot of somebody unknown, who may do nothing."""
    return AccessSnapshot(tenant_id, user_id, 0, Ownership.ASSIGNEE)
