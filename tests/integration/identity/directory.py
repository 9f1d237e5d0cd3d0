"""An agency's directory as a client of SCIM 2.0: what it sends and what it gets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from tests.integration.identity.conftest import Agency

USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK: Final = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
ERROR: Final = "urn:ietf:params:scim:api:messages:2.0:Error"
LIST: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


@dataclass
class Directory:
    """Calls an agency's SCIM endpoints with a token of its own."""

    agency: Agency
    token: str

    @property
    def url(self) -> str:
        return f"{self.agency.url}/scim/v2"

    async def call(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Return status and JSON of a call; what is shown is always of SCIM's media type."""
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/scim+json", **(headers or {})}
        async with self.agency.http.request(method, self.url + path, json=body, headers=sent) as response:
            answer = await response.json(content_type=None) if response.status not in {204, 304} else None
            assert response.status in {204, 304} or response.content_type == "application/scim+json"
            return response.status, answer

    async def add_user(self, **fields: object) -> dict[str, Any]:
        """Return a new user."""
        status, user = await self.call("POST", "/Users", user_fields(**fields))
        assert status == 201, user
        return user

    async def add_group(self, *members: str, **fields: object) -> dict[str, Any]:
        """Return a new group."""
        body = {
            "schemas": [GROUP],
            "displayName": f"Team {uuid4().hex[:8]}",
            "members": [{"value": member} for member in members],
            **fields,
        }
        status, group = await self.call("POST", "/Groups", body)
        assert status == 201, group
        return group

    async def patch(self, path: str, *operations: Mapping[str, object], **headers: str) -> tuple[int, Any]:
        """Return the answer to a PATCH."""
        return await self.call("PATCH", path, {"schemas": [PATCH], "Operations": [*operations]}, headers)

    async def bulk(self, *operations: Mapping[str, object], **more: object) -> tuple[int, Any]:
        """Return the answer to a bulk request."""
        return await self.call("POST", "/Bulk", {"schemas": [BULK], "Operations": [*operations], **more})

    async def search(self, endpoint: str, **query: object) -> dict[str, Any]:
        """Return a list answer."""
        sent = {"Authorization": f"Bearer {self.token}"}
        params = {name: str(value) for name, value in query.items()}
        async with self.agency.http.get(f"{self.url}{endpoint}", params=params, headers=sent) as response:
            page = await response.json(content_type=None)
            assert response.status == 200, page
            return page


def user_fields(**fields: object) -> dict[str, object]:
    """Return what a directory sends for a new user."""
    name = uuid4().hex[:12]
    return {
        "schemas": [USER],
        "userName": f"{name}@agency.example",
        "name": {"givenName": "Gina", "familyName": "Rossi"},
        "emails": [{"value": f"{name}@agency.example", "type": "work", "primary": True}],
        "active": True,
        **fields,
    }


async def connect(agency: Agency, **fields: object) -> Directory:
    """Return a directory with a fresh token."""
    ends_at = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    status, made = await agency.call(
        "POST", "/v1/machine-tokens", {"name": "Directory", "scopes": ["scim"], "ends_at": ends_at, **fields}
    )
    assert status == 201, made
    return Directory(agency, made["token"])
