"""The four databases of Keyholder, each with roles of its own, made in any cluster."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import asyncpg

from deploy.local.passwords import derived

SERVICES = ("identity", "authz", "records", "notifications")
SQL = Path(__file__).resolve().parent.parent / "postgres"
LOCK = 4_851_270_316_207  # any number that nobody else locks in the administrators' database
WAIT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """How one service reaches its database: `owner` to migrate, `app` to serve, `worker` to work."""

    owner: str
    app: str
    worker: str


async def create_databases(
    admin_url: str, prefix: str = "keyholder", *, secret: str | None = None, template: str | None = None
) -> Mapping[str, DatabaseUrls]:
    """Return the URLs of the databases `PREFIX_SERVICE`, made where they are missing.

    Roles are the cluster's and the same for every prefix; their passwords follow from `secret`, by default the
    administrator's password, so that whoever calls this with the same secret, in whatever process, gets the same ones.
    With `template` the databases are copies of `TEMPLATE_SERVICE`, to which nobody may be connected.
    """
    return {
        service: await create_database(
            admin_url,
            service,
            f"{prefix}_{service}",
            secret=secret,
            template=f"{template}_{service}" if template else "template0",
        )
        for service in SERVICES
    }


async def create_database(
    admin_url: str, service: str, name: str, *, secret: str | None = None, template: str = "template0"
) -> DatabaseUrls:
    """Return the URLs of one service's database of that name, made, with the service's roles, where it is missing."""
    secret = secret or unquote(urlsplit(admin_url).password or "")
    admin = await asyncpg.connect(admin_url, timeout=WAIT_SECONDS)
    try:
        # Two at a time would fail on the same rows of pg_authid and pg_database.
        await admin.execute("SELECT pg_advisory_lock($1)", LOCK)
        await _create_roles(admin, service, secret)
        await _create_database(admin, service, name, template)
        await _grant_inside(admin_url, service, name)
    finally:
        await admin.close()
    return _urls(admin_url, service, name, secret)


async def drop_databases(admin_url: str, prefix: str) -> None:
    """Drop the databases `PREFIX_SERVICE` with whoever is connected to them; roles stay."""
    admin = await asyncpg.connect(admin_url, timeout=WAIT_SECONDS)
    try:
        for service in SERVICES:
            await admin.execute(f"DROP DATABASE IF EXISTS {_quoted(f'{prefix}_{service}')} WITH (FORCE)")
    finally:
        await admin.close()


async def _create_roles(admin: asyncpg.Connection, service: str, secret: str) -> None:
    await _set(admin, "service", service)
    for kind in ("owner", "app", "worker"):
        await _set(admin, f"{kind}_password", derived(secret, f"keyholder_{service}_{kind}"))
    await admin.execute((SQL / "roles.sql").read_text())


async def _create_database(admin: asyncpg.Connection, service: str, name: str, source: str) -> None:
    if not await admin.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", name):
        owner = _quoted(f"keyholder_{service}_owner")
        # Identifiers cannot be parameters.
        await admin.execute(f"CREATE DATABASE {_quoted(name)} OWNER {owner} TEMPLATE {_quoted(source)}")


async def _grant_inside(admin_url: str, service: str, name: str) -> None:
    inside = await asyncpg.connect(_with(admin_url, path=f"/{quote(name)}"), timeout=WAIT_SECONDS)
    try:
        await _set(inside, "service", service)
        await inside.execute((SQL / "database.sql").read_text())
    finally:
        await inside.close()


async def _set(connection: asyncpg.Connection, name: str, value: str) -> None:
    await connection.execute("SELECT set_config($1, $2, false)", f"keyholder.{name}", value)


def _urls(admin_url: str, service: str, name: str, secret: str) -> DatabaseUrls:
    def url(kind: str) -> str:
        role = f"keyholder_{service}_{kind}"
        return _with(admin_url, path=f"/{quote(name)}", user=role, password=derived(secret, role))

    return DatabaseUrls(owner=url("owner"), app=url("app"), worker=url("worker"))


def _with(url: str, *, path: str, user: str | None = None, password: str | None = None) -> str:
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    netloc = f"{user}:{password}@{place}" if user else parts.netloc
    return urlunsplit((parts.scheme, netloc, path, parts.query, ""))


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
