"""What this machine has: servers, package tools, rights. Standard library only."""

import importlib.util
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

POSTGRES_FOLDERS = "usr/lib/postgresql"
RABBITMQ_SCRIPTS = "usr/lib/rabbitmq/lib"


@dataclass(frozen=True, slots=True)
class RabbitFiles:
    """Where a RabbitMQ is installed: its start script, and the folder of `erl` and `epmd`."""

    server: Path
    erlang: Path
    root: Path


def is_root() -> bool:
    """Say whether this process may install packages and has to give up rights for servers."""
    return os.geteuid() == 0


def installed_postgres() -> Path | None:
    """Return the folder with `initdb` and `postgres`, the newest of Debian's, else the one on PATH."""
    versions = [folder for folder in Path("/", POSTGRES_FOLDERS).glob("*/bin") if _runs(folder / "postgres")]
    versions = [folder for folder in versions if _runs(folder / "initdb")]
    if versions:
        return max(versions, key=lambda folder: _number(folder.parent.name))
    found = _program("postgres")
    return found.resolve().parent if found and _runs(found.resolve().parent / "initdb") else None


def installed_nginx() -> Path | None:
    """Return the machine's nginx, also where /usr/sbin is not on an ordinary user's PATH."""
    return _program("nginx")


def installed_rabbitmq(roots: Sequence[Path] = (Path("/"),)) -> RabbitFiles | None:
    """Return the first RabbitMQ below `roots` that comes with an Erlang, its own or the machine's."""
    for root in roots:
        scripts = sorted((root / RABBITMQ_SCRIPTS).glob("rabbitmq_server-*/sbin/rabbitmq-server"))
        erlang = root / "usr/lib/erlang/bin" if root != Path("/") else None
        if erlang is None or not _runs(erlang / "erl"):
            found = _program("erl")
            erlang = found.parent if found else None
        if scripts and erlang:
            return RabbitFiles(scripts[-1], erlang, root)
    return None


def has_ensurepip() -> bool:
    """Say whether `python -m venv` can bring its own pip (Debian splits that off)."""
    importlib.invalidate_caches()
    return importlib.util.find_spec("ensurepip") is not None


def has_apt() -> bool:
    """Say whether this is a Debian or Ubuntu on which packages can be installed or fetched."""
    return shutil.which("apt-get") is not None and shutil.which("dpkg") is not None


def venv_package() -> str:
    """Return the Debian package that holds this Python's ensurepip."""
    return f"python3.{sys.version_info.minor}-venv"


def _program(name: str) -> Path | None:
    places = os.environ.get("PATH", os.defpath) + ":/usr/local/sbin:/usr/sbin:/sbin"
    found = shutil.which(name, path=places)
    return Path(found) if found else None


def _runs(program: Path) -> bool:
    return os.access(program, os.X_OK)


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
