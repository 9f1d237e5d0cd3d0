"""`python -m services.<name> serve | work | migrate | openapi | parked`."""

import argparse
import asyncio
import gc
import json
import os
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final, TypeVar
from uuid import UUID

import uvloop

from services.chassis import consuming, logging, migrating, openapi, running
from services.chassis.config import ConfigError, MigrationSettings, Settings, load
from services.chassis.cursor import START, Cursor
from services.chassis.database import open_database
from services.chassis.migrating import MigrationError
from services.chassis.service import VERSION, Service

ALL: Final = "all"
_log = logging.get(__name__)
AnySettings = TypeVar("AnySettings", bound=Settings)
Deps = TypeVar("Deps")


def main(service: Service[AnySettings, Deps]) -> None:
    """Carry out one command of a service and exit: 0 done, 1 failed, 2 wrongly called or configured."""
    asked = _parser(service.name).parse_args()
    try:
        sys.exit(asked.command(service, asked))
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


def _parser(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m services.{name}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("serve", help="answer HTTP").set_defaults(command=partial(_run, running.serve))
    commands.add_parser("work", help="relay events, consume messages, run jobs").set_defaults(
        command=partial(_run, running.work)
    )
    migrate = commands.add_parser("migrate", help="bring the database up to date")
    migrate.add_argument("--phase", choices=("pre", "post", "all"), default="all")
    migrate.set_defaults(command=_migrate)
    commands.add_parser("openapi", help="print the OpenAPI document").set_defaults(command=_openapi)
    parked = commands.add_parser("parked", help="list the messages that were given up")
    choice = parked.add_mutually_exclusive_group()
    choice.add_argument("--replay", metavar="ID|all", type=_one_or_all, help="try one of them, or all, again")
    choice.add_argument("--drop", metavar="ID", type=UUID, help="delete one of them for good")
    parked.set_defaults(command=_parked)
    return parser


def _settings(service: Service[AnySettings, Deps]) -> AnySettings:
    settings = load(service.settings, service.name, os.environ)
    logging.configure(service.name, settings.log_level, VERSION)
    return settings


def _run(
    process: Callable[[Service[AnySettings, Deps], AnySettings, asyncio.Event], Coroutine[Any, Any, None]],
    service: Service[AnySettings, Deps],
    _asked: argparse.Namespace,
) -> int:
    settings = _settings(service)
    gc.collect()
    gc.freeze()  # code and models stay: looked through with each full collection, they stop a process for 30 ms or more

    async def until_signal() -> None:
        await process(service, settings, running.stopped_by_signal())

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(until_signal())
    return 0


def _migrate(service: Service[AnySettings, Deps], asked: argparse.Namespace) -> int:
    settings = load(MigrationSettings, service.name, os.environ)
    logging.configure(service.name, settings.log_level, VERSION)
    phases = frozenset({"pre", "post"} if asked.phase == "all" else {asked.phase})
    try:
        url = settings.owner_database_url.get_secret_value()
        applied = asyncio.run(migrating.migrate(url, service.migrations, phases))
    except MigrationError as error:
        _log.error("migration.refused", error=str(error))
        return 1
    _log.info("migration.done", applied=list(applied))
    return 0


def _openapi(service: Service[AnySettings, Deps], _asked: argparse.Namespace) -> int:
    document = openapi.document(service.name, VERSION, service.routes)
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    return 0


def _parked(service: Service[AnySettings, Deps], asked: argparse.Namespace) -> int:
    settings = _settings(service)
    if settings.worker_database_url is None:
        raise ConfigError(f"KEYHOLDER_{service.name.upper()}_WORKER_DATABASE_URL: Field required")
    asyncio.run(_see_to_parked(settings.worker_database_url.get_secret_value(), asked))
    return 0


async def _see_to_parked(url: str, asked: argparse.Namespace) -> None:
    async with (
        open_database(url, connections=1, name="keyholder.parked") as db,
        db.across_tenants() as queries,
    ):
        if asked.replay:
            count = await consuming.replay(queries, None if asked.replay == ALL else asked.replay)
            sys.stdout.write(f"{count} to be tried again\n")
        elif asked.drop:
            sys.stdout.write(f"{await consuming.drop(queries, asked.drop)} dropped\n")
        else:
            after = START
            while rows := await consuming.parked(queries, after):
                sys.stdout.writelines(json.dumps(dict(row), default=str) + "\n" for row in rows)
                after = Cursor(rows[-1]["first_failed_at"], rows[-1]["message_id"])


def _one_or_all(text: str) -> UUID | str:
    return text if text == ALL else UUID(text)
