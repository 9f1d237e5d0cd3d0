"""A peer that answers as authz does, by the contract's own models, and can be made to fail."""

from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from aiohttp import web

from services.authz.adapters.catalogue_file import permission_catalogue
from services.authz.domain.catalogue import record_classes
from services.contracts.access import AccessSnapshot, Scope
from services.contracts.authz_api import SNAPSHOT, DecidingSources, StampEntries, SupposedAccess, SupposedAccesses
from services.contracts.vocabulary import Ownership, TenantId, UserId, View
from tests.support.running import answering

EVERYTHING = Scope(everything=View.FULL)


class StubAuthz:
    """Snapshots by person. `down` makes every answer a 503; `last_administrator` refuses standing down.

    With `administrators` given, these are counted as authz counts them: the last one is refused.
    """

    def __init__(self) -> None:
        self.url = ""
        self.down = False
        self.last_administrator = False
        self.asked = 0
        self.administrators: dict[UUID, list[UUID]] = {}
        """Of each agency; of others there are none."""
        self.stamps: dict[tuple[UUID, UUID, UUID], StampEntries] = {}
        """By tenant, by whose they are, and by their ids."""
        self.sources: dict[tuple[UUID, UUID], DecidingSources] = {}
        """By tenant and person: what decides about a record; of others nothing is said."""
        self.hidden: set[tuple[UUID, UUID]] = set()
        """By tenant: who may not appear on the agency's web site."""
        self.supposed: dict[UUID, list[SupposedAccess]] = {}
        """By tenant: whom any proposal concerns, with rights before and after."""
        self.refusal: tuple[int, object] | None = None
        """How a proposal is refused."""
        self.proposals: list[object] = []
        """What was asked about proposals."""
        self._snapshots: dict[tuple[UUID, UUID], AccessSnapshot] = {}

    def give(
        self,
        tenant_id: UUID,
        user_id: UUID,
        scopes: dict[str, Scope],
        *,
        ownership: Ownership = Ownership.ASSIGNEE,
        beside: Collection[UUID] = (),
        not_after: datetime | None = None,
    ) -> AccessSnapshot:
        """Set what a person may do, at the next version. `beside`: teams and offices whose record rights count too."""
        before = self._snapshots.get((tenant_id, user_id))
        snapshot = AccessSnapshot(
            TenantId(tenant_id),
            UserId(user_id),
            before.version + 1 if before else 1,
            ownership,
            scopes,
            not_after,
            principals=frozenset({user_id, *beside}),
            classes=record_classes(permission_catalogue(), scopes),
        )
        self._snapshots[tenant_id, user_id] = snapshot
        return snapshot

    def give_all(self, tenant_id: UUID, user_id: UUID, *keys: str) -> AccessSnapshot:
        """Let a person use these keys on every record."""
        return self.give(tenant_id, user_id, dict.fromkeys(keys, EVERYTHING))

    async def _snapshot(self, request: web.Request) -> web.Response:
        self.asked += 1
        if self.down:
            return web.Response(status=503)
        tenant_id, user_id = UUID(request.match_info["tenant_id"]), UUID(request.match_info["user_id"])
        snapshot = self._snapshots.get(
            (tenant_id, user_id), AccessSnapshot(TenantId(tenant_id), UserId(user_id), 0, Ownership.ASSIGNEE)
        )
        etag = f'"{snapshot.version}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(body=SNAPSHOT.dump_json(snapshot), content_type="application/json", headers={"ETag": etag})

    async def _snapshot_once_active(self, request: web.Request) -> web.Response:
        """Answer as for the snapshot, which a stub that knows nothing of states never empties."""
        if self.down:
            return web.Response(status=503)
        tenant_id, user_id = UUID(request.match_info["tenant_id"]), UUID(request.match_info["user_id"])
        nobodys = AccessSnapshot(TenantId(tenant_id), UserId(user_id), 0, Ownership.ASSIGNEE)
        snapshot = self._snapshots.get((tenant_id, user_id), nobodys)
        return web.Response(body=SNAPSHOT.dump_json(snapshot), content_type="application/json")

    async def _site_appearance(self, request: web.Request) -> web.Response:
        if self.down:
            return web.Response(status=503)
        who = UUID(request.match_info["tenant_id"]), UUID(request.match_info["user_id"])
        return web.json_response({"shown": who not in self.hidden})

    async def _administrators(self, request: web.Request) -> web.Response:
        if self.down:
            return web.Response(status=503)
        found = self.administrators.get(UUID(request.match_info["tenant_id"]), [])
        return web.json_response({"user_ids": list(map(str, found))})

    async def _hypotheses(self, request: web.Request) -> web.Response:
        if self.down:
            return web.Response(status=503)
        asked = await request.json()
        self.proposals.append(asked)
        if self.refusal is not None:
            status, body = self.refusal
            return web.json_response(body, status=status)
        people = self.supposed.get(UUID(request.match_info["tenant_id"]), [])
        found = SupposedAccesses(concerned=len(people), complete=True, people=tuple(people[: asked["limit"]]))
        return web.Response(text=found.model_dump_json(), content_type="application/json")

    async def _stamp(self, request: web.Request) -> web.Response:
        if self.down:
            return web.Response(status=503)
        tenant_id, user_id, stamp_id = (UUID(request.match_info[f"{name}_id"]) for name in ("tenant", "user", "stamp"))
        found = self.stamps.get((tenant_id, user_id, stamp_id))
        if found is None:
            return web.json_response({"code": "not_found"}, status=404)
        return web.Response(text=found.model_dump_json(), content_type="application/json")

    async def _sources(self, request: web.Request) -> web.Response:
        if self.down:
            return web.Response(status=503)
        who = UUID(request.match_info["tenant_id"]), UUID(request.match_info["user_id"])
        found = self.sources.get(who, DecidingSources(sources=()))
        return web.Response(text=found.model_dump_json(), content_type="application/json")

    async def _stand_down(self, request: web.Request) -> web.Response:
        if self.down:
            return web.Response(status=503)
        user_id = UUID(request.match_info["user_id"])
        administrators = self.administrators.setdefault(UUID(request.match_info["tenant_id"]), [])
        if self.last_administrator or administrators == [user_id]:
            return web.json_response({"code": "last_administrator"}, status=409)
        if user_id in administrators:
            administrators.remove(user_id)
        return web.Response(status=204)


@asynccontextmanager
async def stub_authz() -> AsyncGenerator[StubAuthz]:
    """Yield the stub, answering at its `url`."""
    stub = StubAuthz()
    app = web.Application()
    person = "/internal/v1/tenants/{tenant_id}/users/{user_id}"
    app.router.add_get(f"{person}/snapshot", stub._snapshot)  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001
    app.router.add_get(f"{person}/snapshot-once-active", stub._snapshot_once_active)  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001
    app.router.add_get(f"{person}/site-appearance", stub._site_appearance)  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001
    app.router.add_get(f"{person}/stamps/{{stamp_id}}", stub._stamp)  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001
    app.router.add_post(f"{person}/deciding-sources", stub._sources)  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001
    app.router.add_post(f"{person}/stand-down", stub._stand_down)  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001
    hypotheses = "/internal/v1/tenants/{tenant_id}/hypotheses"
    app.router.add_post(hypotheses, stub._hypotheses)  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001
    listed = "/internal/v1/tenants/{tenant_id}/administrators"
    app.router.add_get(listed, stub._administrators)  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001
    async with answering(app) as stub.url:
        yield stub
