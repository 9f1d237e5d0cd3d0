"""A peer that answers as identity does when asked for the link of a mail, and can be made to fail."""

import asyncio
import secrets
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from aiohttp import web

from services.contracts.identity_api import AgencyFigures, MailedLink
from tests.support.running import INTERNAL_TOKEN, answering


class StubIdentity:
    """Links with secrets of their own. Every person is `status` 201 unless said otherwise."""

    def __init__(self) -> None:
        self.url = ""
        self.statuses = dict[UUID, int]()
        self.secrets = list[str]()
        self.asked = Counter[UUID]()
        self.emails = dict[UUID, str]()
        """Where people are reached now."""
        self.held = dict[UUID, asyncio.Event]()
        self.gates = list[asyncio.Event]()
        self.reached = asyncio.Event()
        self.figures: AgencyFigures | None = None
        """Of every agency; None is a 503."""
        self.spans = defaultdict[UUID, list[tuple[str, str]]](list)
        """Of which figures were asked, by agency."""

    def hold(self, user_id: UUID) -> asyncio.Event:
        """Answer the next request for a person only once the returned event is set; `reached` tells of it."""
        self.reached.clear()
        gate = self.held[user_id] = asyncio.Event()
        self.gates.append(gate)
        return gate

    async def answer(self, request: web.Request) -> web.Response:
        """Make a link, or fail as told."""
        user_id = UUID(request.match_info["user_id"])
        self.asked[user_id] += 1
        if request.headers["Authorization"] != f"Bearer {INTERNAL_TOKEN}":
            return web.Response(status=401)
        gate = self.held.pop(user_id, None)
        if gate is not None:
            self.reached.set()
            await gate.wait()
        status = self.statuses.get(user_id, 201)
        if status != 201:
            return web.Response(status=status)
        secret = secrets.token_urlsafe(32)
        self.secrets.append(secret)
        link = MailedLink(
            url=f"https://agency.test/{request.path.rpartition('/')[2]}#token={secret}",
            expires_at=datetime.now(UTC) + timedelta(hours=72),
            licence_code="LUCCA-1",
            userid="anna.rossi",
            agency="Immobiliare Rossi & Figli",
            display_name="Anna Rossi",
            email=self.emails.get(user_id, "nobody@example.test"),
        )
        return web.Response(text=link.model_dump_json(), status=201, content_type="application/json")

    async def tell_figures(self, request: web.Request) -> web.Response:
        """Tell an agency's figures, or fail as told."""
        self.spans[UUID(request.match_info["tenant_id"])].append((request.query["since"], request.query["until"]))
        if self.figures is None:
            return web.Response(status=503)
        return web.Response(text=self.figures.model_dump_json(), content_type="application/json")


@asynccontextmanager
async def stub_identity() -> AsyncGenerator[StubIdentity]:
    """Yield the stub, answering at its `url`."""
    stub = StubIdentity()
    app = web.Application()
    for links in ("activation-links", "password-reset-links"):
        app.router.add_post(f"/internal/v1/tenants/{{tenant_id}}/users/{{user_id}}/{links}", stub.answer)
    app.router.add_get("/internal/v1/tenants/{tenant_id}/figures", stub.tell_figures)
    async with answering(app) as stub.url:
        try:
            yield stub
        finally:
            for gate in stub.gates:
                gate.set()
