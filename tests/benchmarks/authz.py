"""authz in figures: deciding in the caller, compiling, and AuthZEN over HTTP.

    python3 -m deploy bench authz

The peers (`tests.benchmarks.peers`) are asked the same questions in turns with us, so that whatever else the machine
does hits all alike; their answers must agree. Wall times are medians on a machine that others may use; CPU times are
the process's own.
"""

import asyncio
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Final, LiteralString
from uuid import UUID

from services.authz.app import SERVICE
from services.authz.domain.compiling import HeldGrant, Standing, compile_snapshot
from services.authz.store import standings
from services.chassis.database import Database, open_database
from services.contracts.access import AccessSnapshot, RecordFacts
from services.contracts.authz_api import SNAPSHOT
from services.contracts.vocabulary import TenantId, UserId
from tests.benchmarks.authz_http import over_http
from tests.benchmarks.peers import ACTION, Ask, Holder, casbin, cedar, cerbos, regorus
from tests.support.databases import fresh_database

TENANT: Final = TenantId(UUID(int=1))
PEOPLE: Final = 1_000
GROUPS_EACH: Final = 20
ROUNDS: Final = 2_000
PAGE: Final = 50

ORGANISATION: Final[Sequence[LiteralString]] = (
    "INSERT INTO tenants (tenant_id, taken_on) VALUES ($1, true)",
    """
    INSERT INTO offices (tenant_id, id, office_version, name)
    SELECT $1, lpad(to_hex(n), 32, '0')::uuid, 1, n::text FROM generate_series(1, 50) AS n
    """,
    """
    INSERT INTO people (tenant_id, id, state)
    SELECT $1, lpad(to_hex(n), 32, '0')::uuid, 'active' FROM generate_series(1, 1000) AS n
    """,
    """
    INSERT INTO person_offices (tenant_id, user_id, office_id, kind)
    SELECT $1, lpad(to_hex(n), 32, '0')::uuid, lpad(to_hex(n % 50 + 1), 32, '0')::uuid, 'principal'
      FROM generate_series(1, 1000) AS n
    """,
    """
    INSERT INTO permission_groups (tenant_id, id, name, is_employee_group, created_at)
    SELECT $1, lpad(to_hex(n), 32, '0')::uuid, n::text, false, now() FROM generate_series(1, 100) AS n
    """,
    """
    INSERT INTO group_members (tenant_id, group_id, user_id, added_at)
    SELECT $1, lpad(to_hex((n + k * 5) % 100 + 1), 32, '0')::uuid, lpad(to_hex(n), 32, '0')::uuid, now()
      FROM generate_series(1, 1000) AS n, generate_series(1, 20) AS k
    """,
    """
    INSERT INTO grants (tenant_id, holder_kind, holder_id, key, reach, view, granted_at)
    SELECT $1, 'group', lpad(to_hex(g), 32, '0')::uuid,
           CASE k WHEN 1 THEN 'listings.read' ELSE 'listings.k' || (g * 7 + k) % 120 END,
           (ARRAY['own', 'principal', 'secondary', 'region'])[g / 5 % 4 + 1], 'full', now()
      FROM generate_series(1, 100) AS g, generate_series(1, 30) AS k
    """,
)
"""1,000 people in 20 of 100 groups each, 30 grants to a group: 600 grants a person."""


def distinct(grants: Sequence[HeldGrant]) -> list[HeldGrant]:
    """Return grants of which no two say the same."""
    return list({(held.grant.key, held.grant.reach): held for held in grants}.values())


def microseconds(ask: Callable[[], object]) -> float:
    """Return how long one call took on the clock."""
    began = time.perf_counter_ns()
    ask()
    return (time.perf_counter_ns() - began) / 1_000


def records(standing: Standing) -> list[RecordFacts]:
    """Return records of which about half are in the person's office and some are his own."""
    random = Random(1)  # noqa: S311 data, not secrets
    (office,) = standing.principal
    people = [standing.user_id, UUID(int=7), UUID(int=8)]
    return [
        RecordFacts(random.choice([office, UUID(int=99)]), random.choice(people), random.choice(people), False)
        for _ in range(100)
    ]


def compare(name: str, snapshot: AccessSnapshot, standing: Standing, peer: Ask) -> None:
    """Print decisions from a cached snapshot against a peer's, a page of records each in turns."""
    ours, theirs, disagreed = list[float](), list[float](), 0
    asked = records(standing)
    for at in range(0, ROUNDS, PAGE):
        page = [asked[number % len(asked)] for number in range(at, at + PAGE)]
        ours += [microseconds(lambda record=record: snapshot.decide(ACTION, record)) for record in page]
        theirs += [microseconds(lambda record=record: peer(record)) for record in page]
        disagreed += sum((snapshot.decide(ACTION, record) is not None) != peer(record) for record in page)
    mine, other = statistics.median(ours), statistics.median(theirs)
    print(
        f"decision, cached snapshot: p50 {mine:.2f} us, p99 {statistics.quantiles(ours, n=100)[98]:.2f} us; "
        f"{name}: p50 {other:.0f} us; {other / mine:.0f} times; {disagreed} disagreements in {ROUNDS}",
        flush=True,
    )


def holder(standing: Standing, grants: Sequence[HeldGrant]) -> Holder:
    """Return a person as the peers see him."""
    lines = [(held.grant.key, held.grant.reach.value) for held in distinct(grants)]
    return Holder(standing.user_id, standing.principal, standing.secondary, lines)


async def compiling(db: Database) -> Standing:
    """Print what compiling costs, SQL included, and return somebody's standing."""
    now, people = datetime.now(UTC), [UserId(UUID(int=n)) for n in range(1, PEOPLE + 1)]
    walls, cpus, size = list[float](), list[float](), 0
    async with db.transaction(TENANT, readonly=True) as tx:
        standing = (await standings.find_all(tx, people[:1]))[people[0]]
        for user_id in people[:200]:
            began, used = time.perf_counter(), time.process_time()
            snapshot = compile_snapshot((await standings.find_all(tx, [user_id]))[user_id], now)
            walls.append((time.perf_counter() - began) * 1_000)
            cpus.append((time.process_time() - used) * 1_000)
            size = max(size, len(SNAPSHOT.dump_json(snapshot)))
        began, used = time.perf_counter(), time.process_time()
        for each in (await standings.find_all(tx, people)).values():
            compile_snapshot(each, now)
        wall, cpu = time.perf_counter() - began, time.process_time() - used
    print(
        f"compile one person in {GROUPS_EACH} groups ({len(standing.held)} grants), SQL included: "
        f"p50 {statistics.median(walls):.1f} ms on the clock, {statistics.median(cpus):.1f} ms of our CPU; "
        f"snapshot at most {size} bytes"
    )
    print(f"compile {PEOPLE} people, SQL included: {wall:.2f} s on the clock, {cpu:.2f} s of our CPU")
    return standing


async def measure(folder: Path) -> None:
    """Make an organisation in a database of its own, measure, and print."""
    print(f"{platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    async with fresh_database(os.environ["KEYHOLDER_TEST_POSTGRES_URL"], SERVICE) as made:
        async with open_database(made.owner, connections=1, name="bench") as db:
            async with db.transaction(TENANT) as tx:
                await tx.execute("SET LOCAL statement_timeout = '60s'")
                for statement in ORGANISATION:
                    await tx.execute(statement, TENANT)
            async with db.across_tenants() as queries:
                await queries.execute("ANALYZE")
        async with open_database(made.app, connections=1, name="bench") as db:
            standing = await compiling(db)
    snapshot = compile_snapshot(standing, datetime.now(UTC))
    asking = [held for held in standing.held if held.grant.key == ACTION]
    all_of_them = holder(standing, standing.held)
    compare("pycasbin with the grants of one key", snapshot, standing, casbin(holder(standing, asking)))
    compare(f"pycasbin with all {len(all_of_them.grants)} grants", snapshot, standing, casbin(all_of_them))
    compare("regorus", snapshot, standing, regorus(all_of_them))
    compare("cedarpy", snapshot, standing, cedar(all_of_them))
    async with cerbos() as peer:
        compare("Cerbos over gRPC", snapshot, standing, peer.asks(all_of_them))
    async for line in over_http(Path(__file__).parents[2], folder):
        print(line, flush=True)


if __name__ == "__main__":
    FOLDER = Path(os.environ["KEYHOLDER_TEST_FOLDER"]) / "bench"
    FOLDER.mkdir(mode=0o711, exist_ok=True)
    asyncio.run(measure(FOLDER))
