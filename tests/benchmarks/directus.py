"""Directus 11 on the same rows with the same policy: a copy of records' database, on the same PostgreSQL server.

Its policy is what Directus can say: the reaches as filters, with where a person belongs in its own user; the tiers as
fields, identity data and the private note of one's own records by a rule of their own. Nothing is cached, counted or
limited, which is as little work as it can have.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg

from tests.benchmarks.bare_listings import COLUMNS
from tests.benchmarks.load import Connection
from tests.benchmarks.peer_programs import FOLDER, PeerMissing, npm_install, running
from tests.support.running import free_port

PACKAGES: Final = ("directus@11.17.4", "pg@8")
NODE: Final = "node@22"
"""What Directus asks for; the machine's own may be older."""
OF_ONES_OWN: Final = (
    *("street_name", "street_number", "unit_number", "owner_name", "owner_phone", "owner_email"),
    "private_note",
)
FIELDS: Final = [name for name in map(str.strip, COLUMNS.split(",")) if name not in OF_ONES_OWN]
OWN: Final = {"assignee_id": {"_eq": "$CURRENT_USER"}}
NOT_PRIVATE: Final = {"_or": [{"is_private": {"_eq": False}}, OWN]}
BY_REACH: Final[Mapping[str, dict[str, Any]]] = {
    "own": OWN,
    "office": {"_and": [{"office_id": {"_eq": "$CURRENT_USER.office_id"}}, NOT_PRIVATE]},
    "all": NOT_PRIVATE,
}
PAGE: Final = "/items/listings?limit=50&sort=-updated_at,-id"
"""With as few words as the list of records has: its tenant comes from the policy, and it is not counted."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks."""

    tenant_id: UUID
    user_id: UUID
    office_id: UUID


@dataclass(frozen=True, slots=True)
class Directus:
    """A running Directus that one person asks."""

    connection: Connection
    token: str
    person: Person

    async def asking(self, reach: str) -> bytes:
        """Return a request for the first page, once the person has this reach."""
        role, policy = str(uuid4()), str(uuid4())
        rule = {
            "_and": [
                {"tenant_id": {"_eq": "$CURRENT_USER.tenant_id"}},
                {"is_archived": {"_eq": False}},
                BY_REACH[reach],
            ]
        }
        reads: dict[str, Any] = {"collection": "listings", "action": "read"}
        permissions = [
            {**reads, "permissions": rule, "fields": FIELDS},
            {**reads, "permissions": {"_and": [rule, OWN]}, "fields": OF_ONES_OWN},
        ]
        await self.told("POST", "/policies", {"id": policy, "name": reach, "permissions": permissions})
        await self.told("POST", "/roles", {"id": role, "name": reach, "policies": [{"policy": policy}]})
        await self.told("PATCH", f"/users/{self.person.user_id}", {"role": role})
        signed_in = await self.told("POST", "/auth/login", _credentials(self.person))
        return self.connection.request("GET", PAGE, token=signed_in["access_token"])

    async def told(self, method: str, path: str, body: object) -> Any:
        """Return what its administrator is answered."""
        token = None if path == "/auth/login" else self.token
        status, answer = await self.connection.ask(method, path, body, token)
        if status != 200:
            raise RuntimeError(f"Directus answers {status} to {path}: {answer}")
        return answer["data"]


@asynccontextmanager
async def directus(url: str, database: str, person: Person) -> AsyncGenerator[Directus]:
    """Run Directus beside a database of records' that nobody is connected to; `url` is the superuser's.

    Raises PeerMissing.
    """
    node, folder = FOLDER / "node", FOLDER / "directus"
    npm_install(node, NODE)
    npm_install(folder, *PACKAGES, scripts=False)  # they would build what only other databases need
    # Of the flows' sandbox, which nothing here uses, there is no build either.
    (folder / "node_modules/isolated-vm/isolated-vm.js").write_text("module.exports = {};\n")
    program = (str(node / "node_modules/node/bin/node"), "node_modules/directus/cli.js")
    async with AsyncExitStack() as stack:
        copy = await stack.enter_async_context(_copied(url, database))
        port, token = free_port(), uuid4().hex
        environment = {**os.environ, **_settings(copy, port, token)}
        bootstrap = await asyncio.create_subprocess_exec(
            *program, "bootstrap", cwd=folder, env=environment, stdout=asyncio.subprocess.DEVNULL
        )
        if await bootstrap.wait():
            raise PeerMissing("Directus could not make its tables")
        base = f"http://127.0.0.1:{port}"
        start = running((*program, "start"), f"{base}/server/ping", folder=folder, environment=environment)
        await stack.enter_async_context(start)
        peer = Directus(await Connection.to(base), token, person)
        await _introduce(peer)
        yield peer


@asynccontextmanager
async def _copied(url: str, database: str) -> AsyncGenerator[str]:
    """Yield the URL of a copy in which listings stand alone: with their indexes, with one column as key, unfenced."""
    name = f"bench_directus_{uuid4().hex[:12]}"
    admin = await asyncpg.connect(url)
    try:
        await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{database}" STRATEGY file_copy')
        copy = f"{url.rpartition('/')[0]}/{name}"
        connection = await asyncpg.connect(copy)
        await connection.execute(
            """
            DO $$
            DECLARE other text;
            BEGIN
                FOR other IN
                    SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'listings'
                LOOP
                    EXECUTE format('DROP TABLE %I CASCADE', other);
                END LOOP;
            END $$;
            ALTER TABLE listings DROP CONSTRAINT listings_pkey, ADD PRIMARY KEY (id), DISABLE ROW LEVEL SECURITY;
            """
        )
        await connection.execute("VACUUM ANALYZE listings")
        await connection.close()
        yield copy
    finally:
        await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await admin.close()


async def _introduce(peer: Directus) -> None:
    """Tell Directus of the listings, and who asks: where he belongs are fields of its users."""
    person = peer.person
    await peer.told("PATCH", "/collections/listings", {"meta": {}})
    for field in ("tenant_id", "office_id"):
        await peer.told("POST", "/fields/directus_users", {"field": field, "type": "uuid"})
    belongs = {"tenant_id": str(person.tenant_id), "office_id": str(person.office_id)}
    await peer.told("POST", "/users", {"id": str(person.user_id), **_credentials(person), **belongs})


def _credentials(person: Person) -> dict[str, str]:
    return {"email": f"{person.user_id}@example.com", "password": person.user_id.hex}


def _settings(url: str, port: int, token: str) -> dict[str, str]:
    parts = urlsplit(url)
    database = {
        "DB_CLIENT": "pg",
        "DB_HOST": str(parts.hostname),
        "DB_PORT": str(parts.port),
        "DB_DATABASE": parts.path.removeprefix("/"),
        "DB_USER": str(parts.username),
        "DB_PASSWORD": parts.password or "",
    }
    off = ("CACHE_ENABLED", "RATE_LIMITER_ENABLED", "TELEMETRY", "WEBSOCKETS_ENABLED", "SERVE_APP")
    return {
        **database,
        **dict.fromkeys(off, "false"),
        "NODE_ENV": "production",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "SECRET": uuid4().hex,
        "LOG_LEVEL": "silent",
        "ACCESS_TOKEN_TTL": "1d",
        "SERVER_KEEP_ALIVE_TIMEOUT": "3600000",  # it waits while others are measured
        "ADMIN_EMAIL": "admin@example.com",
        "ADMIN_PASSWORD": token,
        "ADMIN_TOKEN": token,
    }
