"""A post office per module: a fresh database, a mail server, peers."""

from collections.abc import AsyncGenerator

import pytest_asyncio

from services.notifications.app import SERVICE
from tests.conftest import FreshDatabase
from tests.integration.notifications.post_office import PostOffice, databases
from tests.integration.notifications.stub_identity import stub_identity
from tests.support.issuer import Issuer
from tests.support.mailsink import mail_sink
from tests.support.stub_authz import StubAuthz


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def post(database: FreshDatabase, authz: StubAuthz, issuer: Issuer) -> AsyncGenerator[PostOffice]:
    """Notifications' surroundings, without any process of it."""
    fresh = await database(SERVICE)
    async with databases(fresh) as (db, crossing), mail_sink() as sink, stub_identity() as identity:
        yield PostOffice(fresh, db, crossing, sink, identity, authz, issuer)
