"""Databases for tests: one migrated template per service, a clone of it for whoever needs a fresh one."""

import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg

from services.chassis import migrating
from services.chassis.service import Service

PASSWORD: Final = "only-for-tests"
_LOCK: Final = 0x54455354  # roles and templates are the cluster's: one test process at a time makes them


@dataclass(frozen=True, slots=True)
class ServiceDatabase:
    """A fresh database of one service, by each role that uses it."""

    owner_url: str
    app_url: str
    worker_url: str


@asynccontextmanager
async def fresh_database(admin_url: str, service: Service[Any, Any]) -> AsyncGenerator[ServiceDatabase]:
    """Yield a migrated, empty database of the service; it is dropped afterwards."""
    name = f"test_{service.name}_{uuid4().hex[:12]}"
    admin = await asyncpg.connect(admin_url)
    try:
        await admin.execute("SELECT pg_advisory_lock($1)", _LOCK)
        template = await _template(admin, admin_url, service)
        await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        await admin.execute("SELECT pg_advisory_unlock($1)", _LOCK)
        yield ServiceDatabase(*(_url(admin_url, name, service.name, role) for role in ("owner", "app", "worker")))
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await admin.close()


async def _template(admin: asyncpg.Connection, admin_url: str, service: Service[Any, Any]) -> str:
    """Return the name of the migrated template; it is made once per set of migrations."""
    checksums = "".join(migration.checksum for migration in service.migrations)
    name = f"test_template_{service.name}_{hashlib.sha256(checksums.encode()).hexdigest()[:12]}"
    if await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate", name):
        return name
    await _roles(admin, service.name)
    owner = f"keyholder_{service.name}_owner"
    await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    await admin.execute(f'CREATE DATABASE "{name}" OWNER {owner}')
    inside = await asyncpg.connect(_renamed(admin_url, name))
    try:
        await inside.execute(
            f"""
            REVOKE ALL ON SCHEMA public FROM PUBLIC;
            GRANT ALL ON SCHEMA public TO {owner};
            GRANT USAGE ON SCHEMA public TO keyholder_app, keyholder_worker;
            ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public
                GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO keyholder_app, keyholder_worker;
            ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public
                GRANT USAGE ON SEQUENCES TO keyholder_app, keyholder_worker;
            """
        )
    finally:
        await inside.close()
    await migrating.migrate(
        _url(admin_url, name, service.name, "owner"), service.migrations, frozenset({"pre", "post"})
    )
    await admin.execute(f'ALTER DATABASE "{name}" WITH IS_TEMPLATE true')
    return name


async def _roles(admin: asyncpg.Connection, service: str) -> None:
    known = {row["rolname"] for row in await admin.fetch("SELECT rolname FROM pg_roles")}
    for group in ("keyholder_app", "keyholder_worker"):
        if group not in known:
            await admin.execute(f"CREATE ROLE {group} NOLOGIN")
    for role, group in (("owner", None), ("app", "keyholder_app"), ("worker", "keyholder_worker")):
        name = f"keyholder_{service}_{role}"
        verb = "ALTER" if name in known else "CREATE"
        await admin.execute(f"{verb} ROLE {name} LOGIN PASSWORD '{PASSWORD}' NOSUPERUSER NOBYPASSRLS")
        if group:
            await admin.execute(f"GRANT {group} TO {name}")


def _url(admin_url: str, database: str, service: str, role: str) -> str:
    parts = urlsplit(admin_url)
    netloc = f"keyholder_{service}_{role}:{PASSWORD}@{parts.netloc.rpartition('@')[2]}"
    return urlunsplit(parts._replace(netloc=netloc, path=f"/{database}"))


def _renamed(admin_url: str, database: str) -> str:
    return urlunsplit(urlsplit(admin_url)._replace(path=f"/{database}"))
