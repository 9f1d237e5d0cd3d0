"""The echo service over the real chassis."""

from collections.abc import AsyncGenerator

import pytest_asyncio

from tests.conftest import FreshDatabase
from tests.support import echo
from tests.support.databases import ServiceDatabase
from tests.support.issuer import Issuer
from tests.support.running import serving, settings_of


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def echo_database(database: FreshDatabase) -> ServiceDatabase:
    """A database for the echo service."""
    return await database(echo.SERVICE)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def echo_url(echo_database: ServiceDatabase, issuer: Issuer) -> AsyncGenerator[str]:
    """The echo service, answering, without a broker."""
    async with serving(echo.SERVICE, settings_of(echo.SERVICE, echo_database, jwks_url=issuer.jwks_url)) as url:
        yield url
