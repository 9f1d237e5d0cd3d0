"""Databases for tests: one migrated template per service, a clone of it for whoever needs a fresh one."""

import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import uuid4

import asyncpg

from deploy.local.databases import DatabaseUrls, create_database
from services.chassis import migrating
from services.chassis.service import Service

ServiceDatabase = DatabaseUrls

_LOCK: Final = 0x54455354  # templates are the cluster's: one test process at a time makes or copies one


@asynccontextmanager
async def fresh_database(admin_url: str, service: Service[Any, Any]) -> AsyncGenerator[ServiceDatabase]:
    """Yield a migrated, empty database of the service; it is dropped afterwards."""
    name = f"test_{service.name}_{uuid4().hex[:12]}"
    admin = await asyncpg.connect(admin_url)
    try:
        await admin.execute("SELECT pg_advisory_lock($1)", _LOCK)
        template = await _template(admin, admin_url, service)
        made = await create_database(admin_url, service.name, name, template=template)
        await admin.execute("SELECT pg_advisory_unlock($1)", _LOCK)
        yield made
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await admin.close()


async def _template(admin: asyncpg.Connection, admin_url: str, service: Service[Any, Any]) -> str:
    """Return the name of the migrated template; it is made once per set of migrations."""
    checksums = "".join(migration.checksum for migration in service.migrations)
    name = f"test_template_{service.name}_{hashlib.sha256(checksums.encode()).hexdigest()[:12]}"
    if await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate", name):
        return name
    await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    made = await create_database(admin_url, service.name, name)
    await migrating.migrate(made.owner, service.migrations, frozenset({"pre", "post"}))
    await admin.execute(f'ALTER DATABASE "{name}" WITH IS_TEMPLATE true')
    return name
