"""The servers that `python3 -m deploy test` started, and fresh databases in them."""

import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import aio_pika
import aiohttp
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from services.chassis.service import Service
from services.contracts.queues import QUEUES
from tests.support.databases import ServiceDatabase, fresh_database
from tests.support.issuer import Issuer, issuing
from tests.support.stub_authz import StubAuthz, stub_authz

# A shared machine may stand still for a second: how long an example takes says nothing of the rule that it is of.
settings.register_profile("whatever it takes", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("whatever it takes")

FreshDatabase = Callable[[Service[Any, Any]], Awaitable[ServiceDatabase]]
ONE_SITE = "tests/faults/"
"""Tests that share servers of their own, which one process has to kill and start."""


class ByFile(LoadFileScheduling):
    """Gives a test process whole files, and one of them all the faults."""

    def _split_scope(self, nodeid: str) -> str:
        return ONE_SITE if nodeid.startswith(ONE_SITE) else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    """Return our own scheduler in place of `loadfile`."""
    return ByFile(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the option of `python3 -m deploy test faults --long`."""
    parser.addoption("--long", action="store_true", help="faults: twenty kills instead of one, minutes, not seconds")


def _given(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        pytest.fail(f"{name} is not set: run the tests with `python3 -m deploy test`", pytrace=False)
    return value


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """The superuser's URL of the private PostgreSQL."""
    return _given("KEYHOLDER_TEST_POSTGRES_URL")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def amqp_url(worker_id: str) -> str:
    """The URL of this test process's own virtual host, in which nothing is left of other modules' messages."""
    url = f"{_given('KEYHOLDER_TEST_AMQP_URL')}/test-{_number(worker_id)}"
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        for queue in QUEUES:
            await channel.queue_delete(queue)
    return url


@pytest.fixture(scope="session")
def stack_amqp_url(worker_id: str) -> str:
    """The URL of the virtual host for this test process's whole system."""
    return f"{_given('KEYHOLDER_TEST_AMQP_URL')}/e2e-{_number(worker_id)}"


def _number(worker_id: str) -> str:
    return worker_id.removeprefix("gw") if worker_id.startswith("gw") else "0"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def database(postgres_url: str) -> AsyncGenerator[FreshDatabase]:
    """Make fresh databases of a service, dropped at the end of the module."""
    async with AsyncExitStack() as stack:

        async def make(service: Service[Any, Any]) -> ServiceDatabase:
            return await stack.enter_async_context(fresh_database(postgres_url, service))

        yield make


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def issuer() -> AsyncGenerator[Issuer]:
    """An issuer of access tokens."""
    async with issuing() as one:
        yield one


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def authz() -> AsyncGenerator[StubAuthz]:
    """A stand-in for authz."""
    async with stub_authz() as one:
        yield one


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def http() -> AsyncGenerator[aiohttp.ClientSession]:
    """A client without cookies."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session
