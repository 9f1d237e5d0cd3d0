"""Access snapshots of callers, fetched from authz, kept while fresh.

Bounds (ADR-0006): dropped on `authz.snapshot.changed`, re-validated by version at most every five seconds,
never used past `not_after`, and never past five seconds when authz cannot be asked: then nobody has rights.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from services.chassis import metrics
from services.chassis.http_client import Peer
from services.chassis.problems import Forbidden, Unavailable
from services.chassis.tokens import Caller
from services.contracts.access import AccessSnapshot
from services.contracts.authz_api import SNAPSHOT
from services.contracts.authz_events import SnapshotChanged
from services.contracts.vocabulary import TenantId, UserId

FRESH_SECONDS: Final = 5.0
KEPT: Final = 10_000
_OK, _NOT_MODIFIED = 200, 304
_Key = tuple[TenantId, UserId]


class PermissionMissing(Forbidden):
    code = "permission_missing"
    title = "You lack the permission for this."


def require(snapshot: AccessSnapshot, key: str) -> None:
    """Refuse a caller who does not hold the key at any reach. Raises PermissionMissing naming it."""
    if not snapshot.holds(key):
        raise PermissionMissing(f"This needs the permission {key}.")


class Access(Protocol):
    """Where a service gets a caller's snapshot: over HTTP, or, in authz itself, by compiling."""

    async def of(self, caller: Caller, now: datetime, at_least: int = 0) -> AccessSnapshot:
        """Return the snapshot at `at_least` that version. Raises Unavailable."""
        ...


@dataclass(slots=True)
class _Kept:
    snapshot: AccessSnapshot
    checked_at: float
    as_of: int
    """Rights version of the tenant when authz answered; a person's own rises only with changes that concern him."""


class RemoteAccess:
    """Snapshots from authz, one request at a time per person."""

    def __init__(self, authz: Peer, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._authz = authz
        self._monotonic = monotonic
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._fetching: dict[_Key, asyncio.Task[_Kept]] = {}

    async def of(self, caller: Caller, now: datetime, at_least: int = 0) -> AccessSnapshot:
        """Return the caller's snapshot, at most five seconds behind authz. Raises Unavailable."""
        key = (caller.tenant_id, caller.user_id)
        kept = self._kept.get(key)
        if kept is not None and self._is_fresh(kept, now) and kept.as_of >= at_least:
            metrics.SNAPSHOTS.labels("kept").inc()
            return kept.snapshot
        fetched = await self._fetch_once(key, now)
        if fetched.as_of < at_least:  # joined a fetch that had begun before the change
            fetched = await self._fetch_once(key, now)
        if fetched.as_of < at_least or fetched.snapshot.is_over(now):
            raise Unavailable
        return fetched.snapshot

    def drop(self, tenant_id: TenantId, event: SnapshotChanged) -> None:
        """Forget the snapshots of these users that are older than the change."""
        for user_id in event.user_ids:
            self._fetching.pop((tenant_id, user_id), None)
            kept = self._kept.get((tenant_id, user_id))
            if kept is not None and kept.snapshot.version < event.version:
                del self._kept[tenant_id, user_id]

    def _is_fresh(self, kept: _Kept, now: datetime) -> bool:
        return self._monotonic() - kept.checked_at < FRESH_SECONDS and not kept.snapshot.is_over(now)

    async def _fetch_once(self, key: _Key, now: datetime) -> _Kept:
        task = self._fetching.get(key)
        if task is None:
            task = asyncio.create_task(self._fetch(key, now))
            self._fetching[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))
        return await asyncio.shield(task)

    def _forget(self, key: _Key, task: asyncio.Task[_Kept]) -> None:
        if self._fetching.get(key) is task:
            del self._fetching[key]
        if not task.cancelled():
            task.exception()

    async def _fetch(self, key: _Key, now: datetime) -> _Kept:
        kept = self._kept.get(key)
        asked_at = self._monotonic()
        reply = await self._authz.get(
            f"/internal/v1/tenants/{key[0]}/users/{key[1]}/snapshot",
            {"If-None-Match": f'"{kept.snapshot.version}"'} if kept and not kept.snapshot.is_over(now) else {},
        )
        as_of = int(reply.headers.get("Access-Version", "0"))
        if reply.status == _NOT_MODIFIED and kept is not None:
            kept.checked_at, kept.as_of = asked_at, max(as_of, kept.as_of)
            metrics.SNAPSHOTS.labels("confirmed").inc()
            return kept
        if reply.status != _OK:
            raise Unavailable
        metrics.SNAPSHOTS.labels("fetched").inc()
        snapshot = SNAPSHOT.validate_json(reply.body)
        fetched = _Kept(snapshot, asked_at, max(as_of, snapshot.version))
        if self._fetching.get(key) is asyncio.current_task():  # else dropped while it was on its way: do not keep it
            self._kept[key] = fetched
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return fetched
