"""Signing keys are published before they sign and kept until their last token is over."""

from datetime import timedelta
from typing import Any

import pytest

from services.chassis import clock
from services.chassis.database import open_database
from services.identity.adapters.signing_keys import SigningKeys
from services.identity.app import SERVICE
from services.identity.domain.signing_key import AHEAD, SLACK
from tests.conftest import FreshDatabase
from tests.integration.identity.conftest import identity_settings
from tests.support.stub_authz import StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")
TERM = timedelta(days=30)


async def test_the_next_key_is_published_ahead_and_the_old_one_deleted_afterwards(
    database: FreshDatabase, authz: StubAuthz
) -> None:
    made = await database(SERVICE)
    passphrase = identity_settings(made, authz).signing_key_passphrase
    now = clock.now()

    async with open_database(made.app, connections=2, name="test") as db:

        async def seen() -> list[str]:
            """Return the key ids that a process that starts now would publish."""
            keys: list[dict[str, Any]] = await SigningKeys(db, passphrase).published()
            return [key["kid"] for key in keys]

        job = SigningKeys(db, passphrase)
        await job.rotate(now, TERM)
        (first,) = await seen()
        await job.rotate(now + TERM - AHEAD - timedelta(seconds=1), TERM)
        assert await seen() == [first]
        await job.rotate(now + TERM - AHEAD, TERM)
        kept, second = await seen()
        assert kept == first
        await job.rotate(now + TERM + timedelta(minutes=5), TERM)
        assert await seen() == [first, second]
        await job.rotate(now + TERM + timedelta(minutes=5) + SLACK, TERM)
        assert await seen() == [second]


async def test_made_up_key_ids_cost_one_query_and_good_keys_stay(database: FreshDatabase, authz: StubAuthz) -> None:
    made = await database(SERVICE)
    passphrase = identity_settings(made, authz).signing_key_passphrase
    async with open_database(made.app, connections=2, name="test") as db:
        keys = SigningKeys(db, passphrase)
        (shown,) = await keys.published()
    # The database is closed: any further query would fail.
    assert [await keys.find(f"made-up-{number}") for number in range(1000)] == [None] * 1000
    assert await keys.find(shown["kid"]) is not None
