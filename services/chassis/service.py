"""What a service says of itself, so that the chassis can run it."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Never, TypeVar

import aiohttp

from services.chassis import migrating
from services.chassis.config import Settings
from services.chassis.consuming import Subscription
from services.chassis.database import Database
from services.chassis.guarding import Guard
from services.chassis.migrating import Migration
from services.chassis.web import Route
from services.contracts.envelope import Event
from services.contracts.vocabulary import TenantId

Deps = TypeVar("Deps")
AnySettings = TypeVar("AnySettings", bound=Settings)
Listener = Callable[[TenantId, Any], None]

VERSION = "0.1.0"


@dataclass(frozen=True, slots=True)
class Platform:
    """What the chassis opens for a service."""

    db: Database
    http: aiohttp.ClientSession


@dataclass(frozen=True, slots=True)
class Built(Generic[Deps]):
    """A service put together: what its code may reach, who may call it, what its caches listen to.

    `beside` runs in `serve`, beside the answers.
    """

    deps: Deps
    guard: Guard
    listeners: Mapping[type[Event], Listener] = field(default_factory=dict[type[Event], Listener])
    beside: Sequence[Callable[[], Coroutine[Any, Any, Never]]] = ()


@dataclass(frozen=True, slots=True)
class Service(Generic[AnySettings, Deps]):
    """A service as `app.py` declares it.

    `loops` run in `work` beside the relay and the consumers; each gets the deps and a database that crosses tenants.
    """

    name: str
    folder: Path
    settings: type[AnySettings]
    build: Callable[[AnySettings, Platform], AbstractAsyncContextManager[Built[Deps]]]
    routes: Sequence[Route]
    subscriptions: Sequence[Subscription] = ()
    loops: Sequence[Callable[[Deps, Database], Coroutine[Any, Any, Never]]] = ()

    @property
    def migrations(self) -> Sequence[Migration]:
        """Return the service's migrations in order, the chassis's first."""
        return migrating.on_disk(self.folder / "migrations")
