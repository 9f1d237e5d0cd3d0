"""A PostgreSQL cluster of our own."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import asyncpg

from deploy.local.accounts import private_folder, server_account
from deploy.local.binaries import postgres_programs
from deploy.local.children import Program
from deploy.local.parts import Part, PartFailedError, Report, silent
from deploy.local.passwords import SecretFolder
from deploy.local.ports import LOOPBACK, Ports

SUPERUSER = "keyholder_admin"
FAST_SHUTDOWN = signal.SIGINT
ANSWER_SECONDS = 3.0
WANTED_PORTS = {"postgresql": 5432}


class PrivatePostgres:
    """A cluster in `folder`, reachable over TCP on the loopback address only."""

    def __init__(
        self, folder: Path, ports: Ports, secrets: SecretFolder, *, durable: bool = True, report: Report = silent
    ) -> None:
        """Choose its port; `durable=False` gives up crash safety for speed, for tests."""
        self._folder = folder
        self._account = server_account()
        self._cluster = folder / "postgresql"
        self._password = secrets.text("postgresql-admin")
        self._durable = durable
        self._report = report
        self.port = ports.choose("postgresql")
        self.url = f"postgresql://{SUPERUSER}:{self._password}@{LOOPBACK}:{self.port}/postgres"
        self.parts: dict[str, Part] = {}

    async def start(self) -> None:
        """Make the cluster at the first start, run it, return when it answers; raises PartFailedError."""
        programs = postgres_programs(self._account, self._folder / "binaries")
        private_folder(self._cluster, self._account)
        # initdb may have been interrupted: what it writes last decides whether there is a cluster.
        finished = self._cluster / "made"
        if not finished.exists():
            self._make_cluster(programs)
            finished.touch()
        program = Program(
            name="postgresql",
            argv=[str(programs / "postgres"), "-D", str(self._cluster / "data"), *self._settings()],
            environment=_environment(self._cluster),
            directory=self._cluster,
            log=self._folder / "logs/postgresql.log",
            account=self._account,
            stop_signal=FAST_SHUTDOWN,
            orphan_signal=FAST_SHUTDOWN,
        )
        part = Part(program, lambda: accepts_queries(self.url), folder=self._folder / "run", report=self._report)
        self.parts[program.name] = part
        await part.start()

    async def stop(self) -> None:
        """Stop it as `pg_ctl stop -m fast` does."""
        for part in self.parts.values():
            await part.stop()

    async def kill(self) -> None:
        """Kill the postmaster as a crash would."""
        for part in self.parts.values():
            await part.kill()

    def _settings(self) -> list[str]:
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            # No socket file: its path may not be longer than 107 bytes, that of a data folder may.
            "unix_socket_directories": "",
            "max_connections": "300",
            "password_encryption": "scram-sha-256",
            "timezone": "UTC",
            "log_line_prefix": "%m [%p] %u@%d ",
            "log_timezone": "UTC",
        }
        if not self._durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        return [f"--{name}={value}" for name, value in settings.items()]

    def _make_cluster(self, programs: Path) -> None:
        password_file = self._cluster / "password"
        password_file.write_text(self._password)
        command = [programs / "initdb", "-D", self._cluster / "data", "-U", SUPERUSER, "-A", "scram-sha-256"]
        command += [f"--pwfile={password_file}", "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions"]
        if not self._durable:
            command.append("--no-sync")
        account = self._account
        if account:
            os.chown(password_file, account.uid, account.gid)
        shutil.rmtree(self._cluster / "data", ignore_errors=True)
        done = subprocess.run(
            command,
            env=_environment(self._cluster),
            cwd=self._cluster,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
        password_file.unlink()
        if done.returncode:
            raise PartFailedError(f"initdb failed (exit {done.returncode}).\n{done.stdout}{done.stderr}")


async def accepts_queries(url: str) -> bool:
    """Say whether PostgreSQL lets us in; during recovery its port is open but it does not."""
    try:
        connection = await asyncpg.connect(url, timeout=ANSWER_SECONDS)
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return False
    await connection.close()
    return True


def _environment(home: Path) -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
