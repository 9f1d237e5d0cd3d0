"""How many statements a request costs, counted on the wire between the service and PostgreSQL."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import pytest

from services.chassis import ids
from services.chassis.database import Database
from services.contracts.vocabulary import UserId
from services.records.app import SERVICE
from tests.integration.records.conftest import FLAT, Agency, open_agency, records_settings
from tests.support.databases import ServiceDatabase
from tests.support.issuer import Issuer
from tests.support.running import free_port, serving
from tests.support.stub_authz import EVERYTHING, StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")

SIMPLE_QUERY, EXECUTE = b"Q", b"E"


@dataclass
class Wire:
    """A stretch of wire to PostgreSQL that counts the statements passing along it."""

    host: str
    port: int
    statements: int = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect a client to the server until one of them hangs up."""
        from_server, to_server = await asyncio.open_connection(self.host, self.port)
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                await asyncio.gather(self._forward(reader, to_server), _copy(from_server, writer))
        finally:
            to_server.close()
            writer.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        started = False
        while True:
            kind = await reader.readexactly(1) if started else b""
            length = await reader.readexactly(4)
            body = await reader.readexactly(int.from_bytes(length, "big") - 4)
            started = started or body[:2] == b"\x00\x03"  # protocol 3.0; before it, only a request for encryption
            self.statements += kind in {SIMPLE_QUERY, EXECUTE}
            writer.write(kind + length + body)
            await writer.drain()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(65_536):
        writer.write(chunk)
        await writer.drain()
    raise ConnectionError


@asynccontextmanager
async def _counted(url: str) -> AsyncGenerator[tuple[Wire, str]]:
    parts = urlsplit(url)
    wire = Wire(parts.hostname or "127.0.0.1", parts.port or 5432)
    port = free_port()
    async with await asyncio.start_server(wire.carry, "127.0.0.1", port):
        login = parts.netloc.rpartition("@")[0]
        yield wire, urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{port}"))


@pytest.mark.parametrize(
    ("request_", "most"),
    [
        ("list", 3),  # BEGIN with tenant, page, COMMIT
        ("list of somebody without rights", 0),
        ("open", 3),  # BEGIN with tenant, listing, COMMIT
        ("create", 7),  # BEGIN with tenant, office, number, listing, history, event, COMMIT
        ("create once", 8),  # and the key
        ("change", 7),  # BEGIN with tenant, lock, listing, listing, history, event, COMMIT
        ("change refused", 4),  # BEGIN with tenant, lock, listing, ROLLBACK
    ],
)
async def test_a_request_costs_so_many_statements_and_no_more(
    request_: str,
    most: int,
    http: aiohttp.ClientSession,
    records_database: ServiceDatabase,
    records_db: Database,
    authz: StubAuthz,
    issuer: Issuer,
) -> None:
    async with _counted(records_database.app) as (wire, url):
        settings = records_settings(replace(records_database, app=url), authz, issuer, database_connections=1)
        async with serving(SERVICE, settings) as base:
            agency = await open_agency(http, base, records_db, authz, issuer)
            agency.give(agency.bruno, list=EVERYTHING, read=EVERYTHING)
            listing = await agency.take_on()
            await agency.take_on()
            await _ask(agency, "list", listing)  # the driver learns the types of a connection once
            before = wire.statements
            assert (await _ask(agency, request_, listing)) < 404
            assert wire.statements - before == most


async def _ask(agency: Agency, request: str, listing: dict[str, Any]) -> int:
    body = {**FLAT, "office_id": str(agency.centre)}
    match request:
        case "list":
            answer = await agency.call(agency.ada, "GET", "/v1/listings?limit=200")
            assert len(answer.body["items"]) == 2
        case "list of somebody without rights":
            answer = await agency.call(UserId(ids.uuid7()), "GET", "/v1/listings")
        case "open":
            answer = await agency.call(agency.ada, "GET", f"/v1/listings/{listing['id']}")
        case "create":
            answer = await agency.call(agency.ada, "POST", "/v1/listings", body)
        case "create once":
            answer = await agency.call(agency.ada, "POST", "/v1/listings", body, {"Idempotency-Key": "k"})
        case "change":
            answer = await agency.change(agency.ada, listing, {"title": "New"})
        case _:
            answer = await agency.change(agency.bruno, listing, {"title": "New"})
            assert answer.status == 403
    return answer.status
