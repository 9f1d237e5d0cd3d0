"""A fresh agency and what one does in it through the API."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import aiohttp

from services.contracts.access import Scope
from services.contracts.identity_events import UserFacts, UserStateChanged
from services.contracts.vocabulary import TenantId, UserId, UserState, View
from services.notifications.consumers import follow_user
from tests.integration.notifications.post_office import PostOffice, enveloped
from tests.support.running import eventually

EVERYTHING = Scope(everything=View.FULL)


@dataclass(slots=True)
class Agency:
    """A fresh agency seen by one of its people, who manages the others unless told otherwise."""

    http: aiohttp.ClientSession
    url: str
    post: PostOffice
    tenant_id: TenantId = field(default_factory=lambda: TenantId(uuid4()))
    user_id: UserId = field(default_factory=lambda: UserId(uuid4()))
    access_version: int = 0

    async def call(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        sent = self.post.issuer.bearer(self.tenant_id, self.user_id) | {"Access-Version": str(self.access_version)}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.request(method, self.url + path, json=body, headers=sent) as response:
            return response.status, await response.json() if response.content_type.endswith("json") else None

    def granted(self, *keys: str) -> None:
        scopes = dict.fromkeys(keys, EVERYTHING)
        self.access_version = self.post.authz.give(self.tenant_id, self.user_id, scopes).version

    async def tell(self, user_id: UUID, state: UserState = UserState.ACTIVE, version: int = 1, name: str = "") -> str:
        """Have identity tell of a user; return the address."""
        address = self.post.identity.emails[user_id] = f"{user_id.hex[:12]}@example.test"
        event = UserStateChanged(
            user=UserFacts(
                user_id=UserId(user_id),
                version=version,
                code="ANN",
                display_name=name or "Anna Rossi",
                email=address,
                locale="it",
                state=state,
                principal_offices=(),
                secondary_offices=(),
            )
        )
        async with self.post.db.transaction(self.tenant_id) as tx:
            await follow_user(tx, event, enveloped(event, self.tenant_id))
        return address

    async def contact(self, **more: str) -> dict[str, Any]:
        card = {"given_name": "Carla", "family_name": "Neri", "locale": "it"}
        status, made = await self.call(
            "POST", "/v1/contacts", card | {"email": f"{uuid4().hex[:12]}@example.test"} | more
        )
        assert status == 201, made
        return made

    async def write(self, *recipients: str, category: str = "support") -> list[dict[str, Any]]:
        body = {"category": category, "subject": "Riunione", "text": "Domani.\n\nAlle nove.", "recipients": recipients}
        status, queued = await self.call("POST", "/v1/messages", body)
        assert status == 202, queued
        return queued["items"]

    async def became(self, delivery_id: str) -> dict[str, Any]:
        """Return a mail of the history once nothing more is tried."""

        async def final() -> dict[str, Any] | None:
            status, shown = await self.call("GET", f"/v1/deliveries/{delivery_id}")
            assert status == 200, shown
            return shown if shown["next_try_at"] is None else None

        shown = await eventually(final)
        assert shown is not None
        return shown

    async def prefers(self, recipient_id: str, **choices: bool | None) -> dict[str, Any]:
        _, now = await self.call("GET", f"/v1/recipients/{recipient_id}/preferences")
        status, then = await self.call(
            "PATCH",
            f"/v1/recipients/{recipient_id}/preferences",
            {"choices": choices},
            If_Match=f'"{now["version"]}"',
        )
        assert status == 200, then
        return {entry["category"]: (entry["wanted"], entry["ground"]) for entry in then["categories"]}
