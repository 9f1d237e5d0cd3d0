"""PostgreSQL and RabbitMQ for the tests, with nothing in them."""

import os
from collections.abc import Awaitable
from pathlib import Path

from deploy.local.parts import together
from deploy.local.passwords import SecretFolder
from deploy.local.ports import Ports
from deploy.local.postgres import PrivatePostgres
from deploy.local.rabbitmq import Grants, PrivateRabbit
from deploy.local.remains import end_remains
from deploy.local.stack import prepare_folder

POSTGRES_VARIABLE = "KEYHOLDER_TEST_POSTGRES_URL"
AMQP_VARIABLE = "KEYHOLDER_TEST_AMQP_URL"
FOLDER_VARIABLE = "KEYHOLDER_TEST_FOLDER"
VHOSTS = tuple(f"{kind}-{number}" for kind in ("test", "e2e") for number in range(8))
"""One of each kind per test process: the queues of a running system are not those of another."""


class BareServers:
    """A cluster and a node in `folder`; a server whose variable is set already is used instead of one of ours."""

    def __init__(self, clone: Path, folder: Path) -> None:
        """Prepare the folder; nothing is started yet."""
        self._clone = clone
        self._folder = folder
        self._postgres: PrivatePostgres | None = None
        self._rabbit: PrivateRabbit | None = None
        self.environment: dict[str, str] = {}
        prepare_folder(folder)

    async def start(self) -> None:
        """Start both and return when they answer; raises PartFailedError or MissingError."""
        await end_remains(self._folder / "run")
        ports = Ports(self._folder / "ports.json", {})
        secrets = SecretFolder(self._folder / "secrets")
        urls = {name: os.environ[name] for name in (POSTGRES_VARIABLE, AMQP_VARIABLE) if name in os.environ}
        steps: list[Awaitable[None]] = []
        if POSTGRES_VARIABLE not in urls:
            self._postgres = PrivatePostgres(self._folder, ports, secrets, durable=False)
            urls[POSTGRES_VARIABLE] = self._postgres.url
            steps.append(self._postgres.start())
        if AMQP_VARIABLE not in urls:
            self._rabbit = PrivateRabbit(self._clone, self._folder, ports, secrets, Grants(VHOSTS))
            urls[AMQP_VARIABLE] = self._rabbit.url()
            steps.append(self._rabbit.start())
        await together(*steps)
        stacks = self._folder / "stacks"
        stacks.mkdir(exist_ok=True)
        stacks.chmod(0o711)
        self.environment = {**urls, FOLDER_VARIABLE: str(stacks)}

    async def stop(self) -> None:
        """Stop both."""
        servers = [server for server in (self._postgres, self._rabbit) if server]
        await together(*(server.stop() for server in servers))
