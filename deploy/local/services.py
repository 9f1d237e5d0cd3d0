"""The processes of the four services: their commands, ports and settings."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.children import Program
from deploy.local.databases import SERVICES, DatabaseUrls
from deploy.local.ports import LOOPBACK, Ports

WANTED_PORTS = {
    **{name: 8101 + index for index, name in enumerate(SERVICES)},
    **{f"{name}-work": 8111 + index for index, name in enumerate(SERVICES)},
}
SENDER_ADDRESS = "keyholder@keyholder.example"

ServiceCommand = Callable[[Path, str, str], Sequence[str]]


def service_command(clone: Path, service: str, action: str) -> Sequence[str]:
    """Return how a service is started: `action` is migrate, serve or work."""
    return [str(clone / ".venv/bin/python"), "-m", f"services.{service}", action]


def broker_rights(service: str) -> Mapping[str, str]:
    """Return what a service may do at the broker.

    It declares and binds the queues of those who wait for its events too, so that none is lost before they first run;
    it reads only its own. Queues of one process have names that the broker or the client makes up.
    """
    shared = r"keyholder\.|amq\.gen-|amq_"
    everybody = rf"^(({'|'.join(SERVICES)})\.|{shared})"
    return {"configure": everybody, "write": everybody, "read": rf"^({service}\.|{shared})"}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All that services are told about the world around them."""

    clone: Path
    logs: Path
    databases: Mapping[str, DatabaseUrls]
    amqp_urls: Mapping[str, str]
    smtp_port: int
    gateway_url: str
    internal_token: Path
    operator_token: Path
    bounce_token: Path
    signing_key_passphrase: Path
    log_level: str = "info"
    command: ServiceCommand = service_command


@dataclass(frozen=True, slots=True)
class Services:
    """The programs of all services; `serve` ports are listed per replica."""

    around: Surroundings
    serve_ports: Mapping[str, Sequence[int]]
    work_ports: Mapping[str, int]

    def migrations(self) -> list[Program]:
        """Return the programs that bring each database to the current schema and end."""
        return [self._program(name, f"{name}-migrate", "migrate", self.serve_ports[name][0]) for name in SERVICES]

    def servers(self) -> list[tuple[Program, int]]:
        """Return each `serve` with its port; replicas after the first are called NAME-2, NAME-3 and so on."""
        return [
            (self._program(name, name if index == 0 else f"{name}-{index + 1}", "serve", port), port)
            for name in SERVICES
            for index, port in enumerate(self.serve_ports[name])
        ]

    def workers(self) -> list[tuple[Program, int]]:
        """Return each `work` with the port of its health."""
        return [
            (self._program(name, f"{name}-work", "work", self.serve_ports[name][0]), self.work_ports[name])
            for name in SERVICES
        ]

    def _program(self, service: str, title: str, action: str, port: int) -> Program:
        around = self.around
        return Program(
            name=title,
            argv=around.command(around.clone, service, action),
            environment=_inherited() | self._settings(service, action, port),
            directory=around.clone,
            log=around.logs / f"{title}.log",
        )

    def _settings(self, service: str, action: str, port: int) -> dict[str, str]:
        around = self.around
        urls = around.databases[service]
        roles = {
            "migrate": {"OWNER_DATABASE_URL": urls.owner},
            "serve": {"DATABASE_URL": urls.app},
            "work": {"DATABASE_URL": urls.app, "WORKER_DATABASE_URL": urls.worker},
        }
        settings = {
            "HOST": LOOPBACK,
            "PORT": str(port),
            "WORK_PORT": str(self.work_ports[service]),
            **roles[action],
            "AMQP_URL": around.amqp_urls[service],
            "INTERNAL_TOKEN_FILE": str(around.internal_token),
            "LOG_LEVEL": around.log_level,
            **self._own_settings(service),
        }
        return {f"KEYHOLDER_{service.upper()}_{name}": value for name, value in settings.items()}

    def _own_settings(self, service: str) -> dict[str, str]:
        around = self.around
        peers = {
            "JWKS_URL": f"{self._url('identity')}/.well-known/jwks.json",
            "AUTHZ_URL": self._url("authz"),
            "IDENTITY_URL": self._url("identity"),
            "PUBLIC_URL": around.gateway_url,
            # Browsers make passkeys for a name only, never for 127.0.0.1: open the gateway as localhost to use them.
            "PASSKEY_DOMAIN": "localhost",
            "PASSKEY_ORIGINS": around.gateway_url.replace(LOOPBACK, "localhost"),
            "OPERATOR_TOKEN_FILE": str(around.operator_token),
            "BOUNCE_TOKEN_FILE": str(around.bounce_token),
            "SIGNING_KEY_PASSPHRASE_FILE": str(around.signing_key_passphrase),
            "SMTP_HOST": LOOPBACK,
            "SMTP_PORT": str(around.smtp_port),
            "SENDER_ADDRESS": SENDER_ADDRESS,
        }
        return {name: peers[name] for name in TOLD[service]}

    def _url(self, service: str) -> str:
        return f"http://{LOOPBACK}:{self.serve_ports[service][0]}"


# A service refuses a variable of its prefix that it does not know, so each is told exactly this.
TOLD: Mapping[str, Sequence[str]] = {
    "identity": (
        "AUTHZ_URL", "PUBLIC_URL", "PASSKEY_DOMAIN", "PASSKEY_ORIGINS", "OPERATOR_TOKEN_FILE",
        "SIGNING_KEY_PASSPHRASE_FILE",
    ),
    "authz": ("JWKS_URL", "PUBLIC_URL"),
    "records": ("AUTHZ_URL", "JWKS_URL"),
    "notifications": (
        "AUTHZ_URL", "IDENTITY_URL", "JWKS_URL", "SMTP_HOST", "SMTP_PORT", "SENDER_ADDRESS", "PUBLIC_URL",
        "BOUNCE_TOKEN_FILE",
    ),
}  # fmt: skip


def choose_ports(ports: Ports, replicas: int) -> tuple[dict[str, list[int]], dict[str, int]]:
    """Return the ports of every serve process and of every work process."""
    serve = {
        name: [ports.choose(name if index == 0 else f"{name}-{index + 1}") for index in range(replicas)]
        for name in SERVICES
    }
    return serve, {name: ports.choose(f"{name}-work") for name in SERVICES}


def mailcatcher_program(clone: Path, folder: Path, smtp_port: int, http_port: int) -> Program:
    """Return the program of the mail catcher."""
    options = {"--smtp-port": str(smtp_port), "--http-port": str(http_port), "--folder": str(folder / "mails")}
    argv = [str(clone / ".venv/bin/python"), "-m", "deploy.local.mailcatcher"]
    return Program(
        name="mailbox",
        argv=[*argv, *(word for option in options.items() for word in option)],
        environment=_inherited(),
        directory=clone,
        log=folder / "logs/mailbox.log",
    )


def _inherited() -> dict[str, str]:
    # Keyholder's own variables come from here only, also when the shell has some.
    return {name: value for name, value in os.environ.items() if not name.startswith("KEYHOLDER_")} | {
        "PYTHONUNBUFFERED": "1"
    }
