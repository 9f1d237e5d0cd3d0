"""A whole private system, started by the launcher's own code."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

import aiohttp
import pytest
import pytest_asyncio

from deploy.local.databases import drop_databases
from deploy.local.gateway import Limits
from deploy.local.stack import Plan, Stack
from tests.support.gateway import Agency, Mails, found_agency

CLONE: Final = Path(__file__).parents[2]
MANY_SIGN_INS: Final = Limits(sign_ins_per_minute=6000, sign_in_burst=500)


@asynccontextmanager
async def running_stack(postgres_url: str, amqp_url: str | None) -> AsyncGenerator[Stack]:
    """Yield a system on the tests' PostgreSQL; without an AMQP URL it has a broker of its own."""
    name = f"e2e_{uuid4().hex[:8]}"
    folder = Path(os.environ["KEYHOLDER_TEST_FOLDER"]) / name
    folder.mkdir(mode=0o711)
    plan = Plan(postgres_url=postgres_url, amqp_url=amqp_url, database_prefix=name, limits=MANY_SIGN_INS)
    stack = Stack(CLONE, folder, plan)
    await stack.start()
    try:
        yield stack
    finally:
        await stack.stop()
        await drop_databases(postgres_url, name)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(postgres_url: str, stack_amqp_url: str) -> AsyncGenerator[Stack]:
    """The system that the stories share."""
    async with running_stack(postgres_url, stack_amqp_url) as running:
        yield running


@pytest.fixture
def mails(stack: Stack, http: aiohttp.ClientSession) -> Mails:
    """The system's mailbox."""
    return Mails(http, stack.addresses.mailbox)


@pytest_asyncio.fixture(loop_scope="session")
async def agency(stack: Stack, http: aiohttp.ClientSession, mails: Mails) -> Agency:
    """A fresh agency in the running system."""
    return await found_agency(http, stack.addresses.gateway, mails, stack.operator_token)
