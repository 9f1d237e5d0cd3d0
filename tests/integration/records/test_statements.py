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
from tests.integration.records.conftest import FLAT, SEARCH, Agency, open_agency, records_settings
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
        ("list", 3),  # BEGIN for the tenant, page, COMMIT
        ("list inquiries", 3),
        ("list of somebody without rights", 0),
        ("open", 3),  # BEGIN, listing, COMMIT
        ("create", 8),  # BEGIN, office, required fields, number, listing, history, event, COMMIT
        ("create once", 9),  # and the key
        ("create an inquiry", 8),
        ("change", 7),  # BEGIN, lock, listing, listing, history, event, COMMIT
        ("change refused", 4),  # BEGIN, lock, listing, ROLLBACK
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
    here = {"office_id": str(agency.centre)}
    requests: dict[str, tuple[UserId, str, str, object, dict[str, str]]] = {
        "list": (agency.ada, "GET", "/v1/listings?limit=200", None, {}),
        "list inquiries": (agency.ada, "GET", "/v1/inquiries", None, {}),
        "list of somebody without rights": (UserId(ids.uuid7()), "GET", "/v1/listings", None, {}),
        "open": (agency.ada, "GET", f"/v1/listings/{listing['id']}", None, {}),
        "create": (agency.ada, "POST", "/v1/listings", {**FLAT, **here}, {}),
        "create once": (agency.ada, "POST", "/v1/listings", {**FLAT, **here}, {"Idempotency-Key": "k"}),
        "create an inquiry": (agency.ada, "POST", "/v1/inquiries", {**SEARCH, **here}, {}),
        "change": (agency.ada, "PATCH", f"/v1/listings/{listing['id']}", {"title": "New"}, {"If-Match": '"1"'}),
        "change refused": (agency.bruno, "PATCH", f"/v1/listings/{listing['id']}", {"title": "x"}, {"If-Match": '"1"'}),
    }
    answer = await agency.call(*requests[request])
    assert (answer.status == 403) is (request == "change refused")
    return answer.status
