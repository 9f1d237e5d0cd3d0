"""Numbered SQL migrations: applied once, in order, under a lock, never edited afterwards."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg

from services.chassis.database import Queries

CHASSIS: Final = Path(__file__).parent / "migrations"
_NAME: Final = re.compile(r"^(\d{4})_(pre|post)_[a-z0-9_]+\.sql$")
_LOCK: Final = 0x4B455948  # "KEYH": one migration at a time per database
_HISTORY: Final = """
    CREATE TABLE IF NOT EXISTS schema_migrations (
        source text NOT NULL,
        name text NOT NULL,
        checksum text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (source, name)
    );
    COMMENT ON TABLE schema_migrations IS 'platform: says which migrations this database has had';
"""


class MigrationError(Exception):
    """The migrations on disk and the database disagree."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file. `pre` runs before the code that needs it is started, `post` after the old code is gone."""

    source: str
    name: str
    phase: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def on_disk(service: Path) -> Sequence[Migration]:
    """Return a service's migrations in order: the chassis's tables first. Raises MigrationError for a bad name."""
    found = list[Migration]()
    for source, folder in (("chassis", CHASSIS), ("service", service)):
        for path in sorted(folder.glob("*.sql")):
            match = _NAME.match(path.name)
            if match is None:
                raise MigrationError(f"{path.name}: a migration is called 0001_pre_what_it_does.sql")
            found.append(Migration(source, path.name, match.group(2), path.read_text(encoding="utf-8")))
    return found


async def migrate(url: str, migrations: Sequence[Migration], phases: frozenset[str]) -> Sequence[str]:
    """Apply what is missing, each file in a transaction of its own; return the names applied.

    Waits at most 5 s for a table's lock, so that a migration never queues up the traffic behind it.
    Raises MigrationError if an applied file was edited.
    """
    connection = await asyncpg.connect(url, timeout=10)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        await connection.execute(_HISTORY)
        known = {
            (row["source"], row["name"]): row["checksum"]
            for row in await connection.fetch("SELECT source, name, checksum FROM schema_migrations")
        }
        applied = list[str]()
        for migration in migrations:
            checksum = known.get((migration.source, migration.name))
            if checksum is None and migration.phase in phases:
                await _apply(connection, migration)
                applied.append(migration.name)
            elif checksum not in (None, migration.checksum):
                raise MigrationError(f"{migration.name} was changed after it had been applied")
        return applied
    finally:
        await connection.close()


async def _apply(connection: asyncpg.Connection, migration: Migration) -> None:
    async with connection.transaction():
        await connection.execute("SET LOCAL lock_timeout = '5s'")
        await connection.execute(migration.sql)
        await connection.execute(
            "INSERT INTO schema_migrations (source, name, checksum) VALUES ($1, $2, $3)",
            migration.source,
            migration.name,
            migration.checksum,
        )


async def missing(queries: Queries, migrations: Sequence[Migration]) -> Sequence[str]:
    """Return the `pre` migrations that the database has not had; the code must not serve until there are none."""
    if not await queries.value("SELECT to_regclass('schema_migrations') IS NOT NULL"):
        return [migration.name for migration in migrations]
    rows = await queries.rows("SELECT source, name FROM schema_migrations")
    known = {(row["source"], row["name"]) for row in rows}
    return [m.name for m in migrations if m.phase == "pre" and (m.source, m.name) not in known]
