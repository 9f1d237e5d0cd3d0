"""Compiling people's rights, and keeping what was compiled until somebody says that it changed (ADR-0020)."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Final, Never
from uuid import UUID

from services.authz.domain.catalogue import Catalogue
from services.authz.domain.explaining import deciding_snapshot
from services.authz.store import modules, people, standings
from services.chassis import logging, metrics
from services.chassis.authz_client import FRESH_SECONDS, KEPT
from services.chassis.database import Database, Transaction
from services.chassis.outages import Outage
from services.chassis.tokens import Caller
from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import Ownership, TenantId, UserId

CHANNEL: Final = "rights"
"""Where PostgreSQL tells that the rights of an agency are of another version: its id and the version."""

_log = logging.get(__name__)

Snapshots = Mapping[UserId, AccessSnapshot]


async def compiled(tx: Transaction, product: Catalogue, user_ids: Collection[UserId], now: datetime) -> Snapshots:
    """Return the snapshots of those of these people who are known."""
    found = await standings.find_all(tx, user_ids)
    known = await modules.catalogue_with(tx, product, {key for each in found.values() for key in each.keys})
    return {user_id: deciding_snapshot(standing, known, now) for user_id, standing in found.items()}


@dataclass(frozen=True, slots=True)
class _Kept:
    snapshot: AccessSnapshot
    as_of: int
    """Rights version of the agency at which it was read; the snapshot's own rises only with what concerns it."""
    read_at: float


class KeptAccess:
    """People's snapshots, kept while this process hears of changes, and asked for by version when it does not.

    What is kept is used for five seconds at most, never past `not_after`, and never once a later version of the
    agency's rights is known: from a notification, from a change made here, or from who asks.
    """

    def __init__(self, db: Database, product: Catalogue, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._db = db
        self._product = product
        self._monotonic = monotonic
        self._kept = OrderedDict[tuple[TenantId, UserId], _Kept]()
        self._told = dict[TenantId, int]()
        self._hearing_since = inf

    async def of(self, caller: Caller, now: datetime, at_least: int = 0) -> AccessSnapshot:
        """Return the caller's snapshot, true as of that version of the agency's rights. Raises Unavailable."""
        return (await self.of_all(caller.tenant_id, {caller.user_id}, now, at_least))[caller.user_id]

    async def of_all(
        self, tenant_id: TenantId, user_ids: Collection[UserId], now: datetime, at_least: int = 0
    ) -> Snapshots:
        """Return people's snapshots, as `of`: empty and of version 0 for somebody unknown. Raises Unavailable."""
        wanted = max(at_least, self._told.get(tenant_id, 0))
        since = max(self._hearing_since, self._monotonic() - FRESH_SECONDS)
        found = {
            user_id: kept.snapshot
            for user_id in user_ids
            if (kept := self._kept.get((tenant_id, user_id))) is not None
            and kept.read_at > since
            and kept.as_of >= wanted
            and not kept.snapshot.is_over(now)
        }
        metrics.SNAPSHOTS.labels("kept").inc(len(found))
        missing = [user_id for user_id in user_ids if user_id not in found]
        return {**found, **await self._read(tenant_id, missing, now)} if missing else found

    def tell(self, tenant_id: TenantId, version: int) -> None:
        """Use nothing from now on that was read before the agency's rights were of this version."""
        self._told[tenant_id] = max(version, self._told.get(tenant_id, 0))

    async def listen(self) -> Never:
        """Hear of changes, whichever process makes them; while the line is lost, the database is asked each time."""
        outage = Outage("rights_told")
        while True:
            with outage.bridged():
                await self._hear()
                _log.warning("rights.unheard")
                continue
            await asyncio.sleep(outage.pause())

    async def _hear(self) -> None:
        """Hear of changes until the line is lost. Raises Unavailable."""
        lost = asyncio.Event()

        def hear(told: str | None) -> None:
            if told is None:
                self._hearing_since = inf
                lost.set()
            else:
                tenant_id, version = told.split()
                self.tell(TenantId(UUID(tenant_id)), int(version))

        async with self._db.listening(CHANNEL, hear):
            if not lost.is_set():
                self._hearing_since = self._monotonic()
            await lost.wait()

    async def _read(self, tenant_id: TenantId, user_ids: Collection[UserId], now: datetime) -> Snapshots:
        """Return snapshots by asking the database: for the version of each, and for what is held where that rose."""
        read_at = self._monotonic()
        async with self._db.transaction(tenant_id, readonly=True) as tx:
            as_of, versions = await people.versions(tx, user_ids)
            found = {
                user_id: kept.snapshot
                for user_id in user_ids
                if (kept := self._kept.get((tenant_id, user_id))) is not None
                and kept.snapshot.version == versions.get(user_id)
                and not kept.snapshot.is_over(now)
            }
            metrics.SNAPSHOTS.labels("confirmed").inc(len(found))
            missing = [user_id for user_id in user_ids if user_id not in found]
            if missing:
                metrics.SNAPSHOTS.labels("compiled").inc(len(missing))
                found |= await compiled(tx, self._product, missing, now)
        for snapshot in found.values():
            self._keep(_Kept(snapshot, as_of, read_at))
        return {user_id: found.get(user_id) or nobody(tenant_id, user_id) for user_id in user_ids}

    def _keep(self, kept: _Kept) -> None:
        key = (kept.snapshot.tenant_id, kept.snapshot.user_id)
        present = self._kept.get(key)
        if present is None or present.as_of <= kept.as_of:  # another read, begun later, may have ended before
            self._kept[key] = kept
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)


def nobody(tenant_id: TenantId, user_id: UserId) -> AccessSnapshot:
    """Return the snapshot of somebody unknown, who may do nothing."""
    return AccessSnapshot(tenant_id, user_id, 0, Ownership.ASSIGNEE)
