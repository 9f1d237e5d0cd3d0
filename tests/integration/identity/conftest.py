"""identity running over real PostgreSQL and HTTP, with a stand-in for authz."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

import aiohttp
import asyncpg
import pytest_asyncio

from services.identity.app import SERVICE
from tests.conftest import FreshDatabase
from tests.support.databases import ServiceDatabase
from tests.support.running import INTERNAL_TOKEN, NO_BROKER, serving, settings_of
from tests.support.stub_authz import StubAuthz

OPERATOR_TOKEN: Final = "operator-token-of-the-tests"
PASSWORD: Final = "Correct7horse"
SIGNING_KEY_PASSPHRASE: Final = "passphrase-of-the-tests"


def identity_settings(database: ServiceDatabase, authz: StubAuthz, amqp_url: str = NO_BROKER) -> Any:
    """Return identity's settings for a database and an authz."""
    return settings_of(
        SERVICE,
        database,
        amqp_url,
        authz_url=authz.url,
        public_url="http://gateway.example",
        operator_token=OPERATOR_TOKEN,
        signing_key_passphrase=SIGNING_KEY_PASSPHRASE,
    )


@dataclass
class Agency:
    """An agency with an active administrator, as its administrator's client sees it."""

    http: aiohttp.ClientSession
    url: str
    tenant_id: UUID
    licence_code: str
    office_id: UUID
    administrator_id: UUID
    headers: dict[str, str]

    async def call(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Return status and JSON of a call as the administrator; `headers` come on top."""
        sent = {**self.headers, **(headers or {})}
        async with self.http.request(method, self.url + path, json=body, headers=sent) as response:
            return response.status, await response.json() if response.content_length else None

    async def add_user(self, **fields: object) -> dict[str, Any]:
        """Return a new, provisioned colleague."""
        name = uuid4().hex[:8]
        status, user = await self.call(
            "POST",
            "/v1/users",
            {
                "userid": f"u-{name}",
                "code": name.upper(),
                "given_name": "Gina",
                "family_name": "Rossi",
                "email": f"{name}@agency.example",
                **fields,
            },
        )
        assert status == 201, user
        return user

    async def link_token(self, user_id: object) -> str:
        """Return the secret of a fresh activation link, as notifications gets it."""
        status, link = await self.call(
            "POST",
            f"/internal/v1/tenants/{self.tenant_id}/users/{user_id}/activation-links",
            headers={"Authorization": f"Bearer {INTERNAL_TOKEN}"},
        )
        assert status == 201, link
        return str(link["url"]).partition("#token=")[2]

    async def activate(self, user_id: object, password: str = PASSWORD) -> tuple[int, Any]:
        """Return the answer to activating a colleague by a fresh link."""
        return await self.call(
            "POST", "/v1/activations", {"token": await self.link_token(user_id), "password": password}
        )

    async def sign_in(self, userid: str, password: str = PASSWORD) -> tuple[int, Any]:
        """Return the answer to signing in to this agency."""
        return await self.call(
            "POST", "/v1/sessions", {"licence_code": self.licence_code, "userid": userid, "password": password}
        )


async def found_agency(http: aiohttp.ClientSession, url: str, authz: StubAuthz, seats_bought: int = 100) -> Agency:
    """Take on an agency, activate its administrator, who may manage people and rights, and sign in."""
    agency = await take_on(http, url, seats_bought)
    authz.give_all(agency.tenant_id, agency.administrator_id, "admin.agents.manage", "admin.permissions.manage")
    return agency


async def take_on(http: aiohttp.ClientSession, url: str, seats_bought: int) -> Agency:
    """Take on an agency, activate its administrator and sign in."""
    code = f"T-{uuid4().hex[:10]}".upper()
    headers = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}
    async with http.post(
        f"{url}/v1/licences",
        headers=headers,
        json={
            "licence_code": code,
            "name": "Casa Bella",
            "timezone": "Europe/Rome",
            "locale": "it",
            "seats_bought": seats_bought,
            "office_name": "Centro",
            "administrator": {
                "userid": "admin",
                "code": "AD",
                "given_name": "Ada",
                "family_name": "Bianchi",
                "email": f"ada.{code}@agency.example",
            },
        },
    ) as response:
        made = await response.json()
        assert response.status == 201, made
    agency = Agency(
        http, url, UUID(made["tenant_id"]), code, UUID(made["office_id"]), UUID(made["administrator_id"]), {}
    )
    assert (await agency.activate(agency.administrator_id))[0] == 204
    _, tokens = await agency.sign_in("admin")
    agency.headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    return agency


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def identity_database(database: FreshDatabase) -> ServiceDatabase:
    """A database of identity's own."""
    return await database(SERVICE)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def identity_url(identity_database: ServiceDatabase, authz: StubAuthz) -> AsyncGenerator[str]:
    """identity, answering."""
    async with serving(SERVICE, identity_settings(identity_database, authz)) as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def agency(
    http: aiohttp.ClientSession, identity_url: str, identity_database: ServiceDatabase, authz: StubAuthz
) -> Agency:
    """A fresh agency for each test, which pays for no other test's guesses: all come from the same address."""
    connection = await asyncpg.connect(identity_database.worker)
    await connection.execute("DELETE FROM sign_in_counters")
    await connection.execute("DELETE FROM refused_sign_ins")
    await connection.close()
    return await found_agency(http, identity_url, authz)
