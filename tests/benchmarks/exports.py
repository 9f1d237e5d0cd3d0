"""How much memory records takes to export 100,000 listings, in each form: the peak of a real process (VmHWM).

python3 -m deploy bench exports
"""

import asyncio
import os
import re
import sys
import time
from pathlib import Path
from typing import Final
from uuid import UUID

import aiohttp

from services.chassis.database import open_database
from services.contracts.vocabulary import TenantId, UserId
from services.records.app import SERVICE
from tests.support.databases import ServiceDatabase, fresh_database
from tests.support.issuer import issuing
from tests.support.running import INTERNAL_TOKEN, NO_BROKER, eventually, free_port
from tests.support.stub_authz import stub_authz

ROWS: Final = 100_000
CHUNK: Final = 5_000
TENANT, ADA, OFFICE = TenantId(UUID(int=1)), UserId(UUID(int=2)), UUID(int=3)
KEYS: Final = (
    "listings.list",
    "listings.read",
    "listings.export",
    "listings.identity.read",
    "listings.identity.export",
)


async def fill(database: ServiceDatabase) -> None:
    """Make the listings."""
    async with open_database(database.worker, connections=1, name="bench") as db:
        async with db.across_tenants() as queries:
            await queries.execute("INSERT INTO offices (tenant_id, id, version) VALUES ($1, $2, 1)", TENANT, OFFICE)
        for first in range(1, ROWS + 1, CHUNK):
            async with db.across_tenants() as queries:
                await queries.execute(
                    """
                    INSERT INTO listings (
                        tenant_id, id, number, office_id, assignee_id, created_by, is_private, standard_status,
                        transaction_type, property_type, title, description, municipality, list_price_minor, currency,
                        superoffer, no_commission, banner, street_name, owner_name, version, created_at, updated_at)
                    SELECT $1, gen_random_uuid(), n, $2, $3, $3, false, 'active', 'sale', 'residential',
                           'Listing ' || n, repeat('Quiet and sunny. ', 30), 'Lucca', n * 100, 'EUR', false, false,
                           false, 'Via Fillungo', 'Giulia Neri', 1, now(), now() - n * interval '1 minute'
                      FROM generate_series($4::integer, $5::integer) AS n
                    """,
                    TENANT,
                    OFFICE,
                    ADA,
                    first,
                    first + CHUNK - 1,
                )
    async with open_database(database.owner, connections=1, name="bench") as db, db.across_tenants() as queries:
        await queries.execute("ANALYZE listings")


def status(pid: int, name: str) -> float:
    """Return a figure of a process in MB."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text("utf-8"))
    return int(found.group(1)) / 1024 if found else 0.0


def cpu_seconds(pid: int) -> float:
    """Return how long a process has computed, for itself and in the kernel."""
    ticks = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


async def export(environment: dict[str, str], port: int, form: str, bearer: dict[str, str]) -> None:
    """Run a fresh process, export once, and print its peak."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.records", "serve", env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        async with aiohttp.ClientSession() as http:
            url = f"http://127.0.0.1:{port}"

            async def live() -> bool:
                try:
                    async with http.get(f"{url}/live") as response:
                        return response.status == 200
                except aiohttp.ClientError:
                    return False

            await eventually(live, 30)
            at_rest, begun, received = status(process.pid, "VmRSS"), time.perf_counter(), 0
            path = f"{url}/v1/exports/listings?form={form}&identity=true"
            async with http.get(path, headers=bearer, timeout=aiohttp.ClientTimeout(600)) as response:
                assert response.status == 200, await response.text()
                async for piece in response.content.iter_chunked(65_536):
                    received += len(piece)
            seconds = time.perf_counter() - begun
            print(
                f"{form}: {received / 2**20:.1f} MB; VmHWM {status(process.pid, 'VmHWM'):.0f} MB "
                f"(at rest {at_rest:.0f} MB); CPU {cpu_seconds(process.pid):.1f} s, "
                f"{seconds:.1f} s on a clock that others share"
            )
    finally:
        process.terminate()
        await process.wait()


async def main() -> None:
    """Fill a database once and export it in each form, in a process of its own."""
    admin_url = os.environ["KEYHOLDER_TEST_POSTGRES_URL"]
    async with fresh_database(admin_url, SERVICE) as database, stub_authz() as authz, issuing() as issuer:
        await fill(database)
        authz.give_all(TENANT, ADA, *KEYS)
        port = free_port()
        told = {
            "PORT": port,
            "WORK_PORT": free_port(),
            "DATABASE_URL": database.app,
            "AMQP_URL": NO_BROKER,
            "INTERNAL_TOKEN": INTERNAL_TOKEN,
            "AUTHZ_URL": authz.url,
            "JWKS_URL": issuer.jwks_url,
            "LOG_LEVEL": "error",
        }
        environment = {**os.environ, **{f"KEYHOLDER_RECORDS_{name}": str(value) for name, value in told.items()}}
        for form in ("csv", "xml", "xlsx"):
            await export(environment, port, form, issuer.bearer(TENANT, ADA))


if __name__ == "__main__":
    asyncio.run(main())
