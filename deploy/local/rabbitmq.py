"""A RabbitMQ node of our own, with a port mapper of its own."""

import asyncio
import base64
import hashlib
import json
import os
import secrets as entropy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.accounts import Account, own, private_folder, server_account
from deploy.local.binaries import rabbitmq_files
from deploy.local.children import Program
from deploy.local.parts import Part, Report, silent
from deploy.local.passwords import SecretFolder, derived
from deploy.local.ports import LOOPBACK, Ports
from deploy.local.probes import accepts_connections, answers_amqp

NODE = "keyholder@localhost"
EVERYTHING: Mapping[str, str] = {"configure": ".*", "write": ".*", "read": ".*"}
WANTED_PORTS = {"rabbitmq": 5672, "rabbitmq-distribution": 25672, "epmd": 24369}
SETTINGS = """\
listeners.tcp.1 = {address}:{port}
load_definitions = {definitions}
vm_memory_high_watermark.absolute = 1GB
disk_free_limit.absolute = 100MB
log.console = true
log.console.level = warning
log.file = false
"""


@dataclass(frozen=True, slots=True)
class Grants:
    """The virtual hosts of a node, and what each user may do in all of them (`configure`, `write`, `read`)."""

    vhosts: Sequence[str]
    users: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])


class PrivateRabbit:
    """A node in `folder`; it, its distribution port and its epmd listen on the loopback address only."""

    def __init__(
        self, clone: Path, folder: Path, ports: Ports, secrets: SecretFolder, grants: Grants, *, report: Report = silent
    ) -> None:
        """Choose its ports; the user `admin` may do everything in every virtual host."""
        self._clone = clone
        self._folder = folder
        self._home = folder / "rabbitmq"
        self._account = server_account()
        self._ports = ports
        self._secret = secrets.text("rabbitmq-users")
        self._grants = Grants(grants.vhosts, {"admin": EVERYTHING, **grants.users})
        self._report = report
        self.port = ports.choose("rabbitmq")
        self.parts: dict[str, Part] = {}

    def url(self, user: str = "admin", vhost: str | None = None) -> str:
        """Return the URL for a user, without a virtual host unless one is named."""
        host = "" if vhost is None else f"/{vhost}"
        return f"amqp://{user}:{derived(self._secret, user)}@{LOOPBACK}:{self.port}{host}"

    async def start(self) -> None:
        """Run epmd and the node, return when the broker answers; raises PartFailedError or MissingError."""
        files = await asyncio.to_thread(rabbitmq_files, self._clone)
        for name in ("", "home", "mnesia", "log", "schema"):
            private_folder(self._home / name, self._account)
        self._write_settings()
        environment = self._environment(files.erlang, files.root)
        log, run = self._folder / "logs", self._folder / "run"
        # `epmd -daemon`, which Erlang would start by itself, outlives everything; in the foreground it is a child.
        epmd = [str(files.erlang / "epmd"), "-address", LOOPBACK, "-port", environment["ERL_EPMD_PORT"]]
        self.parts["epmd"] = self._part("epmd", epmd, environment, log, run)
        await self.parts["epmd"].start()
        self.parts["rabbitmq"] = self._part("rabbitmq", [str(files.server)], environment, log, run)
        await self.parts["rabbitmq"].start()

    async def stop(self) -> None:
        """Stop the node, then epmd."""
        for name in ("rabbitmq", "epmd"):
            if name in self.parts:
                await self.parts[name].stop()

    async def kill(self) -> None:
        """Kill the node as a crash would; epmd stays."""
        await self.parts["rabbitmq"].kill()

    async def restart(self) -> None:
        """Start the node again after `kill`, return when the broker answers."""
        await self.parts["rabbitmq"].start()

    def _part(self, name: str, argv: Sequence[str], environment: Mapping[str, str], log: Path, run: Path) -> Part:
        program = Program(name, argv, environment, self._home, log / f"{name}.log", self._account)
        port = int(environment["ERL_EPMD_PORT"]) if name == "epmd" else self.port
        question = accepts_connections if name == "epmd" else answers_amqp
        return Part(program, lambda: question(port), folder=run, patience_seconds=180, report=self._report)

    def _environment(self, erlang: Path, root: Path) -> dict[str, str]:
        home = self._home
        libraries = ":".join(str(folder) for folder in sorted(root.glob("usr/lib/*-linux-gnu")) if root != Path("/"))
        return {
            "PATH": f"{erlang}:{os.environ.get('PATH', os.defpath)}",
            **({"LD_LIBRARY_PATH": libraries} if libraries else {}),
            "LANG": "C.UTF-8",
            "HOME": str(home / "home"),
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "ERL_EPMD_PORT": str(self._ports.choose("epmd")),
            "RABBITMQ_NODENAME": NODE,
            "RABBITMQ_NODE_IP_ADDRESS": LOOPBACK,
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._ports.choose("rabbitmq-distribution")),
            "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
            "RABBITMQ_LOG_BASE": str(home / "log"),
            "RABBITMQ_PID_FILE": str(home / "rabbit.pid"),
            # The files are named even where they are empty: unnamed, those of /etc/rabbitmq would be read.
            "RABBITMQ_CONF_ENV_FILE": str(home / "rabbitmq-env.conf"),
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(home / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
            "RABBITMQ_FEATURE_FLAGS_FILE": str(home / "feature_flags"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(home / "schema"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +A 8",
            # Makes the start script become the Erlang machine instead of waiting for it.
            "RUNNING_UNDER_SYSTEMD": "true",
        }

    def _write_settings(self) -> None:
        definitions = self._home / "definitions.json"
        texts = {
            "rabbitmq-env.conf": "",
            "enabled_plugins": "[].\n",
            "advanced.config": "[].\n",
            "rabbitmq.conf": SETTINGS.format(address=LOOPBACK, port=self.port, definitions=definitions),
            "definitions.json": json.dumps(_definitions(self._grants, self._secret), indent=1),
        }
        for name, text in texts.items():
            _write(self._home / name, text, self._account)


def _definitions(grants: Grants, secret: str) -> dict[str, object]:
    users = [
        {
            "name": user,
            "password_hash": _hashed(derived(secret, user)),
            "tags": "administrator" if user == "admin" else "",
        }
        for user in grants.users
    ]
    permissions = [
        {"user": user, "vhost": vhost, **rights} for user, rights in grants.users.items() for vhost in grants.vhosts
    ]
    return {"users": users, "vhosts": [{"name": vhost} for vhost in grants.vhosts], "permissions": permissions}


def _hashed(password: str) -> str:
    # RabbitMQ's own format: four bytes of salt, then SHA-256 of salt and password.
    salt = entropy.token_bytes(4)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def _write(file: Path, text: str, account: Account | None) -> None:
    file.touch(mode=0o600)
    file.write_text(text)
    own(file, account)
