"""A site of its own for faults: servers that may be killed, services as processes, lines between them that can be cut.

Who tells is identity, who is told is notifications: an event written as identity's operations write them goes by
outbox, relay, broker, inbox, delivery and mail server to a mailbox, and each station may break.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import aiohttp
import asyncpg
from pydantic import SecretStr

from deploy.local.bare_servers import prepare_folder
from deploy.local.children import Program
from deploy.local.databases import DatabaseUrls, create_database
from deploy.local.parts import Part, run_to_end, together
from deploy.local.passwords import SecretFolder
from deploy.local.ports import Ports
from deploy.local.postgres import PrivatePostgres
from deploy.local.probes import answers_http
from deploy.local.rabbitmq import Grants, PrivateRabbit
from services.chassis import ids, migrating, outbox
from services.chassis.config import Settings
from services.chassis.database import Database, open_database
from services.chassis.service import Service
from services.contracts.identity_events import PasswordChanged, UserFacts
from services.contracts.vocabulary import TenantId, UserId, UserState
from services.identity.app import SERVICE as IDENTITY
from services.notifications.app import SERVICE as NOTIFICATIONS
from tests.faults.proxy import Proxy
from tests.support.mailsink import MailSink, mail_sink
from tests.support.running import eventually, settings_of

CLONE: Final = Path(__file__).parents[2]
HERE: Final = Path(__file__).parent
VHOST: Final = "faults"
SMTP_SECONDS: Final = 5.0
BOUNCE_TOKEN: Final = "bounce-token-of-the-tests"
SERVICES: Final[Mapping[str, Service[Any, Any]]] = {"identity": IDENTITY, "notifications": NOTIFICATIONS}


class Site:
    """Two services with everything around them; processes have names such as `notifications-work-2`."""

    def __init__(self, postgres: PrivatePostgres, rabbit: PrivateRabbit, sink: MailSink, folder: Path) -> None:
        self.postgres = postgres
        self.rabbit = rabbit
        self.sink = sink
        self.folder = folder
        self.parts = dict[str, Part]()
        self.urls = dict[str, str]()
        self.broker = {name: Proxy(rabbit.port) for name in SERVICES}
        """The line of each service to the broker."""
        self.lines = {name: Proxy(postgres.port) for name in SERVICES}
        """The line of each service to PostgreSQL."""
        self.databases = dict[str, DatabaseUrls]()
        self.sound = True
        """Whether all that was told so far came to its end."""
        self._telling: Database | None = None
        self._asking = asyncio.Lock()
        self._administrators = dict[str, asyncpg.Connection]()

    # What happens

    async def tell(self, tenant_id: TenantId, *addresses: str) -> None:
        """Commit an event per address, each of which has to become one mail. Raises Unavailable."""
        assert self._telling
        async with self._telling.transaction(tenant_id) as tx:
            await outbox.add(tx, *(password_changed(address) for address in addresses))

    async def tell_many(self, count: int, each: int = 10) -> None:
        """Commit that many events, some in each transaction."""
        for _ in range(count // each):
            await self.tell(TenantId(uuid4()), *new_addresses(each))

    # What is so

    async def rows(self, name: str, sql: str, *values: object) -> Sequence[asyncpg.Record]:
        """Return rows of a service's database, as its administrator sees it, by a line that never breaks."""
        async with self._asking:
            if name not in self._administrators or self._administrators[name].is_closed():
                self._administrators[name] = await self._administrator(name)
            return await self._administrators[name].fetch(sql, *values)

    async def value(self, name: str, sql: str, *values: object) -> Any:
        """Return the first value of such a query."""
        rows = await self.rows(name, sql, *values)
        return rows[0][0] if rows else None

    async def become(self, name: str, sql: str, wanted: object = True, seconds: float = 120) -> None:
        """Return once a query's first value is what is wanted."""

        async def there() -> bool:
            return await self.value(name, sql) == wanted

        await eventually(there, seconds)

    async def states(self, name: str) -> tuple[bool, dict[str, Any]]:
        """Return whether a process lives, and what it says of its readiness."""
        async with aiohttp.ClientSession() as http:
            async with http.get(f"{self.urls[name]}/live") as response:
                live = response.status == 200
            async with http.get(f"{self.urls[name]}/ready") as response:
                return live, await response.json()

    async def connected(self, *names: str, bus: str = "connected", seconds: float = 120) -> None:
        """Return once each process says so of the broker."""

        async def all_say_so() -> bool:
            return all([(await self.states(name))[1]["bus"] == bus for name in names])

        await eventually(all_say_so, seconds)

    async def metric(self, name: str, line: str) -> float:
        """Return a metric of a process by its name and labels as they are written, 0 where it is not there."""
        async with aiohttp.ClientSession() as http, http.get(f"{self.urls[name]}/metrics") as response:
            for text in (await response.text()).splitlines():
                if text.startswith(f"{line} "):
                    return float(text.rpartition(" ")[2])
        return 0.0

    @asynccontextmanager
    async def gate(self, name: str, number: int) -> AsyncGenerator[None]:
        """Hold whoever comes by a gate of `ledger.sql` and `effects.sql`."""
        connection = await self._administrator(name)
        try:
            await connection.execute("SELECT pg_advisory_lock($1)", number)
            yield
        finally:
            await connection.close()

    async def someone_waits(self, name: str, number: int) -> None:
        """Return once somebody stands at a gate."""
        sql = f"SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND objid = {number} AND NOT granted"
        await self.become(name, sql)

    # Processes

    async def start(self, name: str, settings: Settings | None = None, module: str = "", **more: str) -> Part:
        """Start a process, or start it again after its end, and return when it answers.

        It runs by way of another module, and with more in its environment, where one is named.
        """
        if name not in self.parts:
            service, command, *_ = name.split("-")
            settings = settings or self.settings(service)
            argv = [sys.executable, "-m", *([module] if module else []), f"services.{service}", command]
            port = settings.port if command == "serve" else settings.work_port
            environment = environment_of(service, settings) | more
            program = Program(name, argv, environment, CLONE, self.folder / f"logs/{name}.log")
            self.parts[name] = Part(program, partial(answers_http, port, "/live"), folder=self.folder / "run")
            self.urls[name] = f"http://127.0.0.1:{port}"
        await self.parts[name].start()
        return self.parts[name]

    async def end(self, name: str) -> None:
        """Stop a process for good."""
        await self.parts.pop(name).stop()

    async def kill(self, name: str) -> None:
        """Kill a process as a crash would; its connections end with it."""
        await self.parts[name].kill()

    def settings(self, service: str, **more: object) -> Settings:
        """Return the settings of one more process of a service."""
        own: dict[str, dict[str, object]] = {
            "identity": {"operator_token": "operator-token-of-the-tests", "signing_key_passphrase": "x" * 32},
            "notifications": {
                "identity_url": "http://127.0.0.1:1",
                "jwks_url": "http://127.0.0.1:1",
                "smtp_host": self.sink.host,
                "smtp_port": self.sink.port,
                "smtp_timeout_seconds": SMTP_SECONDS,
                "sender_address": "keyholder@agency.test",
                "bounce_token": BOUNCE_TOKEN,
            },
        }
        database = self.databases[service]
        lines = {
            "database_url": _through(database.app, self.lines[service].port),
            "worker_database_url": _through(database.worker, self.lines[service].port),
        }
        amqp_url = _through(self.rabbit.url("admin", VHOST), self.broker[service].port)
        told = {"authz_url": "http://127.0.0.1:1", "public_url": "https://agency.test", **own[service], **lines, **more}
        made: Settings = settings_of(SERVICES[service], database, amqp_url, **told)
        return made

    async def rabbitmqctl(self, *words: str) -> None:
        """Tell the broker something by its command line."""
        server = self.rabbit.parts["rabbitmq"].program
        ctl = Path(server.argv[0]).with_name("rabbitmqctl")
        log = self.folder / "logs/rabbitmqctl.log"
        program = Program("rabbitmqctl", [str(ctl), *words], server.environment, server.directory, log, server.account)
        await run_to_end(program, 60)

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[None]:
        """Make the databases with their ledgers, open the lines, start a worker of each service."""
        async with AsyncExitStack() as stack:
            for name, service in SERVICES.items():
                made = await create_database(self.postgres.url, name, f"faults_{name}")
                await migrating.migrate(made.owner, service.migrations, frozenset({"pre", "post"}))
                self.databases[name] = made
                await self.script(name, (HERE / "ledger.sql").read_text())
            await self.script("notifications", (HERE / "effects.sql").read_text())
            url = self.databases["identity"].app
            self._telling = await stack.enter_async_context(open_database(url, connections=10, name="faults"))
            for proxy in (*self.broker.values(), *self.lines.values()):
                await proxy.up()
                stack.push_async_callback(proxy.down)
            await together(*(_started(self, f"{name}-work") for name in SERVICES))
            await self.connected("identity-work", "notifications-work")
            try:
                yield
            finally:
                await asyncio.gather(*(part.stop() for part in self.parts.values()))
                for connection in self._administrators.values():
                    connection.terminate()

    async def script(self, name: str, sql: str) -> None:
        """Carry out a script in a service's database, as its administrator."""
        connection = await self._administrator(name)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    async def _administrator(self, name: str) -> asyncpg.Connection:
        return await asyncpg.connect(self.postgres.url.rpartition("/")[0] + f"/faults_{name}", timeout=30)


@asynccontextmanager
async def site_in(folder: Path) -> AsyncGenerator[Site]:
    """Yield a site with servers of its own in a folder, which is removed afterwards."""
    folder.mkdir(mode=0o711)  # noqa: ASYNC240 nothing else runs yet
    prepare_folder(folder)
    ports, secrets = Ports(folder / "ports.json", {}), SecretFolder(folder / "secrets")
    postgres = PrivatePostgres(folder, ports, secrets)
    rabbit = PrivateRabbit(CLONE, folder, ports, secrets, Grants([VHOST]))
    try:
        await together(postgres.start(), rabbit.start())
        async with mail_sink() as sink:
            site = Site(postgres, rabbit, sink, folder)
            async with site.opened():
                yield site
    finally:
        await together(rabbit.stop(), postgres.stop())
    shutil.rmtree(folder)


def new_addresses(count: int, domain: str = "example.test") -> list[str]:
    """Return addresses that nobody has used yet."""
    return [f"{uuid4().hex}@{domain}" for _ in range(count)]


def password_changed(address: str) -> PasswordChanged:
    """Return an event that has to become a mail without a link."""
    return PasswordChanged(
        user=UserFacts(
            user_id=UserId(ids.uuid7()),
            version=1,
            code="ANN",
            display_name="Anna Rossi",
            email=address,
            locale="it",
            state=UserState.ACTIVE,
            principal_offices=(),
            secondary_offices=(),
        )
    )


def own_folder() -> Path:
    """Return a new folder below that of the tests."""
    return Path(os.environ["KEYHOLDER_TEST_FOLDER"]) / f"faults_{UUID(bytes=os.urandom(16)).hex[:8]}"


async def _started(site: Site, name: str) -> None:
    await site.start(name)


def _through(url: str, port: int) -> str:
    """Return a URL of this machine by way of another port."""
    head, _, tail = url.rpartition("@")
    return f"{head}@127.0.0.1:{port}/{tail.partition('/')[2]}"


def environment_of(service: str, settings: Settings) -> dict[str, str]:
    """Return the whole environment of a process with these settings."""
    told = {
        f"KEYHOLDER_{service.upper()}_{name.upper()}": value.get_secret_value()
        if isinstance(value, SecretStr)
        else str(value)
        for name, value in settings
        if value is not None
    }
    return {name: value for name, value in os.environ.items() if not name.startswith("KEYHOLDER_")} | told
