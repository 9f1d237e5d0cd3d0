"""A whole private system: servers, databases, services, gateway and mailbox in one folder."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deploy.local import gateway, postgres, rabbitmq, services
from deploy.local.accounts import reaches, server_account
from deploy.local.binaries import MissingError
from deploy.local.children import Program
from deploy.local.databases import SERVICES, DatabaseUrls, create_databases
from deploy.local.gateway import USUAL_LIMITS, Gateway, Limits
from deploy.local.parts import Part, Report, run_to_end, silent, together
from deploy.local.passwords import SecretFolder
from deploy.local.ports import LOOPBACK, Ports
from deploy.local.postgres import PrivatePostgres
from deploy.local.probes import answers_http
from deploy.local.rabbitmq import Grants, PrivateRabbit
from deploy.local.remains import end_remains
from deploy.local.services import (
    ServiceCommand,
    Services,
    Surroundings,
    broker_rights,
    choose_ports,
    mailcatcher_program,
    service_command,
)

VHOST = "keyholder"
STOP_SECONDS = 4.5
DRAIN_SECONDS = 2.5
MIGRATE_SECONDS = 300.0
SERVERS = ("postgresql", "rabbitmq", "epmd")
WANTED_PORTS: Mapping[str, int] = {
    **postgres.WANTED_PORTS,
    **rabbitmq.WANTED_PORTS,
    **gateway.WANTED_PORTS,
    **services.WANTED_PORTS,
    "mailbox": 8025,
    "smtp": 1025,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """How a system is to be; the defaults are what tests want: random ports, nothing started again by itself."""

    postgres_url: str | None = None  # of an administrator; None: a cluster of our own
    amqp_url: str | None = None  # with its virtual host; None: a node of our own
    database_prefix: str = "keyholder"
    replicas: int = 1
    wanted_ports: Mapping[str, int] | None = None
    limits: Limits = USUAL_LIMITS
    durable: bool = False
    keep_running: bool = False
    log_level: str = "info"
    service_command: ServiceCommand = service_command


STANDARD = Plan()


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a system answers. The three URLs with passwords are for whoever started it."""

    gateway: str
    mailbox: str
    smtp_port: int
    services: Mapping[str, str]  # by process name, `identity`, `identity-2`, `identity-work` …
    postgres: str
    amqp: str
    databases: Mapping[str, DatabaseUrls]


class Stack:
    """One system; `start` returns when everything answers, `stop` when nothing of it is left."""

    def __init__(self, clone: Path, folder: Path, plan: Plan = STANDARD, report: Report = silent) -> None:
        """Prepare the folder, which the account of the servers has to reach; nothing is started yet."""
        self._clone = clone
        self._folder = folder
        self._plan = plan
        self._report = report
        self._rabbit: PrivateRabbit | None = None
        self._postgres: PrivatePostgres | None = None
        self._gateway: Gateway | None = None
        self._own_parts: dict[str, Part] = {}
        self._addresses: Addresses | None = None
        self.secrets = SecretFolder(folder / "secrets")
        prepare_folder(folder)

    @property
    def folder(self) -> Path:
        """Return where it keeps its data; the logs are in `logs`."""
        return self._folder

    @property
    def parts(self) -> Mapping[str, Part]:
        """Return the parts started so far by name."""
        owners = [owner for owner in (self._postgres, self._rabbit, self._gateway) if owner]
        return {**self._own_parts, **{name: part for owner in owners for name, part in owner.parts.items()}}

    @property
    def addresses(self) -> Addresses:
        """Return where it answers; known once `start` has returned."""
        if self._addresses is None:
            raise RuntimeError("the system has not been started")
        return self._addresses

    @property
    def is_started(self) -> bool:
        """Say whether `start` got to its end."""
        return self._addresses is not None

    @property
    def operator_token(self) -> str:
        """Return the bearer token that makes licences."""
        return self.secrets.text("operator-token")

    @property
    def bounce_token(self) -> str:
        """Return the bearer token with which a mail system hands in what came back."""
        return self.secrets.text("bounce-token")

    async def start(self) -> None:
        """Start everything and return when it answers; raises PartFailedError or MissingError, with nothing left."""
        await end_remains(self._folder / "run")
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise
        if self._plan.keep_running:
            for part in self.parts.values():
                part.keep_running()

    async def stop(self) -> None:
        """Stop everything within five seconds, those first that use the others."""
        began = time.monotonic()

        def left() -> float:
            return max(0.1, STOP_SECONDS - (time.monotonic() - began))

        parts = self.parts
        behind = [parts[name] for name in ("postgresql", "rabbitmq") if name in parts]
        front = [part for name, part in parts.items() if name not in SERVERS]
        draining = asyncio.gather(*(part.stop(1.0 if part.name == "gateway" else left()) for part in front))
        await asyncio.wait([draining], timeout=DRAIN_SECONDS)
        await asyncio.gather(draining, *(part.stop(left()) for part in behind))
        if "epmd" in parts:
            await parts["epmd"].stop(left())

    def kill_now(self) -> None:
        """Kill everything without waiting."""
        for part in self.parts.values():
            part.kill_now()

    async def kill(self, name: str) -> None:
        """Kill a part as a crash would: `postgresql`, `rabbitmq`, `gateway`, `mailbox`, `records`, `records-work`."""
        await self.parts[name].kill()

    async def restart(self, name: str) -> None:
        """Start a part again, after `kill` or in full work, and return when it answers."""
        await self.parts[name].stop()
        await self.parts[name].start()

    async def _start(self) -> None:
        ports = Ports(self._folder / "ports.json", self._plan.wanted_ports or {})
        steps: list[Awaitable[None]] = []
        if self._plan.amqp_url is None:
            grants = Grants([VHOST], {name: broker_rights(name) for name in SERVICES})
            self._rabbit = PrivateRabbit(self._clone, self._folder, ports, self.secrets, grants, report=self._report)
            # It takes longest and nothing waits for it: the services start without a broker.
            steps.append(self._rabbit.start())
        await together(*steps, self._start_rest(ports))

    async def _start_databases(self, ports: Ports) -> tuple[str, Mapping[str, DatabaseUrls]]:
        url = self._plan.postgres_url
        if url is None:
            self._postgres = PrivatePostgres(
                self._folder, ports, self.secrets, durable=self._plan.durable, report=self._report
            )
            await self._postgres.start()
            url = self._postgres.url
        secret = self.secrets.text("postgresql-roles") if self._plan.postgres_url is None else None
        return url, await create_databases(url, self._plan.database_prefix, secret=secret)

    async def _start_rest(self, ports: Ports) -> None:
        databases = await self._start_databases(ports)
        smtp_port, mailbox_port = ports.choose("smtp"), ports.choose("mailbox")
        serve_ports, work_ports = choose_ports(ports, self._plan.replicas)
        mailbox_url = f"http://{LOOPBACK}:{mailbox_port}"
        self._gateway = gateway = Gateway(
            self._folder, ports, serve_ports, limits=self._plan.limits, mailbox_url=mailbox_url, report=self._report
        )
        services = Services(self._surroundings(databases[1], smtp_port, gateway.url), serve_ports, work_ports)
        await together(*(run_to_end(program, MIGRATE_SECONDS) for program in services.migrations()))
        self._report("databases", "migrated")
        programs = [*services.servers(), *services.workers()]
        starting = [self._part(program, partial(answers_http, port, "/ready")) for program, port in programs]
        mailbox = mailcatcher_program(self._clone, self._folder, smtp_port, mailbox_port)
        starting.append(self._part(mailbox, partial(answers_http, mailbox_port, "/")))
        await together(*(part.start() for part in starting), gateway.start())
        self._addresses = Addresses(
            gateway=gateway.url,
            mailbox=mailbox_url,
            smtp_port=smtp_port,
            services={program.name: f"http://{LOOPBACK}:{port}" for program, port in programs},
            postgres=databases[0],
            amqp=self._plan.amqp_url or self._private_rabbit().url(vhost=VHOST),
            databases=databases[1],
        )

    def _surroundings(self, databases: Mapping[str, DatabaseUrls], smtp_port: int, gateway_url: str) -> Surroundings:
        shared = self._plan.amqp_url
        amqp_urls = {name: shared or self._private_rabbit().url(name, VHOST) for name in SERVICES}
        return Surroundings(
            clone=self._clone,
            logs=self._folder / "logs",
            databases=databases,
            amqp_urls=amqp_urls,
            smtp_port=smtp_port,
            gateway_url=gateway_url,
            internal_token=self.secrets.file("internal-token"),
            operator_token=self.secrets.file("operator-token"),
            bounce_token=self.secrets.file("bounce-token"),
            signing_key_passphrase=self.secrets.file("signing-key-passphrase"),
            log_level=self._plan.log_level,
            command=self._plan.service_command,
        )

    def _private_rabbit(self) -> PrivateRabbit:
        if self._rabbit is None:
            raise RuntimeError("this system uses somebody else's broker")
        return self._rabbit

    def _part(self, program: Program, ready: Callable[[], Awaitable[bool]]) -> Part:
        part = Part(program, ready, folder=self._folder / "run", report=self._report)
        self._own_parts[program.name] = part
        return part


def prepare_folder(folder: Path) -> None:
    """Make the folders that every part uses; raises MissingError where the servers' account cannot come."""
    for name in ("logs", "run"):
        (folder / name).mkdir(exist_ok=True)
        (folder / name).chmod(0o711)
    account = server_account()
    if account and not reaches(account, folder / "logs"):
        raise MissingError(f"{folder} cannot be entered by the account {account.name}, which the servers run as.")
