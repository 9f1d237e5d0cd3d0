"""Compiling a person's rights as they are now."""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from services.authz.domain.catalogue import Catalogue
from services.authz.domain.compiling import compile_snapshot
from services.authz.domain.explaining import deciding_snapshot
from services.authz.store import modules, people, standings
from services.chassis.database import Database, Transaction
from services.chassis.tokens import Caller
from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import Ownership, TenantId, UserId

KEPT: Final = 10_000
Snapshots = Mapping[UserId, AccessSnapshot]


async def compiled(tx: Transaction, product: Catalogue, user_ids: Collection[UserId], now: datetime) -> Snapshots:
    """Return the snapshots of those of these people who are known."""
    found = await standings.find_all(tx, user_ids)
    known = await modules.catalogue_with(tx, product, {key for each in found.values() for key in each.keys})
    return {user_id: deciding_snapshot(standing, known, now) for user_id, standing in found.items()}


class CompiledAccess:
    """Snapshots of callers from authz's own database: always the newest, so there is nothing to keep or to wait for."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def of(self, caller: Caller, now: datetime, at_least: int = 0) -> AccessSnapshot:  # noqa: ARG002
        """Return the caller's snapshot. Raises Unavailable."""
        async with self._db.transaction(caller.tenant_id, readonly=True) as tx:
            return compile_snapshot(await standings.find_or_nobody(tx, caller.user_id), now)


class KeptSnapshots:
    """Compiled snapshots by their version, which is asked for each time: never older than the transaction."""

    def __init__(self, product: Catalogue) -> None:
        self._product = product
        self._kept = OrderedDict[tuple[TenantId, UserId], AccessSnapshot]()

    async def of(self, tx: Transaction, user_ids: Collection[UserId], now: datetime) -> Snapshots:
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
            for user_id, snapshot in (await compiled(tx, self._product, missing, now)).items():
                found[user_id] = snapshot
                self._keep(snapshot)
        return {user_id: found.get(user_id) or nobody(tx.tenant_id, user_id) for user_id in user_ids}

    def _keep(self, snapshot: AccessSnapshot) -> None:
        self._kept[snapshot.tenant_id, snapshot.user_id] = snapshot
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)


def nobody(tenant_id: TenantId, user_id: UserId) -> AccessSnapshot:
    """Return the snapshot of somebody unknown, who may do nothing."""
    return AccessSnapshot(tenant_id, user_id, 0, Ownership.ASSIGNEE)
