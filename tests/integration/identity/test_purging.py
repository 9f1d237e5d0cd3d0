"""What has ended is deleted, however much of it there is, and nothing else."""

from datetime import UTC, datetime, timedelta
from typing import Final, LiteralString

import asyncpg
import pytest

from services.identity.app import SERVICE
from services.identity.jobs import PURGED_AT_ONCE
from tests.integration.identity.conftest import Agency, identity_settings
from tests.support.databases import ServiceDatabase
from tests.support.running import eventually, working
from tests.support.stub_authz import StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")
MANY: Final = 2 * PURGED_AT_ONCE + 500
FILLED: Final[dict[str, LiteralString]] = {
    "sessions": """
        INSERT INTO sessions (tenant_id, id, user_id, created_at, expires_at)
        SELECT $1, gen_random_uuid(), $2, $3, $3 FROM generate_series(1, $4)
        """,
    "activations": """
        INSERT INTO activations (tenant_id, token_hash, user_id, expires_at)
        SELECT $1, uuid_send(gen_random_uuid()), $2, $3 FROM generate_series(1, $4)
        """,
    "password_resets": """
        INSERT INTO password_resets (tenant_id, token_hash, user_id, expires_at)
        SELECT $1, uuid_send(gen_random_uuid()), $2, $3 FROM generate_series(1, $4)
        """,
    "challenges": """
        INSERT INTO challenges (tenant_id, token_hash, user_id, expires_at)
        SELECT $1, uuid_send(gen_random_uuid()), $2, $3 FROM generate_series(1, $4)
        """,
    "passkey_challenges": """
        INSERT INTO passkey_challenges (tenant_id, challenge_hash, user_id, purpose, expires_at)
        SELECT $1, uuid_send(gen_random_uuid()), $2, 'sign_in', $3 FROM generate_series(1, $4)
        """,
    "devices": """
        INSERT INTO devices (tenant_id, id, user_id, token_hash, added_at, seen_at)
        SELECT $1, gen_random_uuid(), $2, uuid_send(gen_random_uuid()), $3, $3 FROM generate_series(1, $4)
        """,
}


async def test_everything_that_ended_goes_at_once_and_what_goes_on_stays(
    agency: Agency, authz: StubAuthz, identity_database: ServiceDatabase
) -> None:
    connection = await asyncpg.connect(identity_database.worker)
    try:
        now = datetime.now(UTC)
        long_ago, ahead = now - timedelta(days=200), now + timedelta(days=9)
        before = await _counted(connection, agency)
        for fill in FILLED.values():
            await connection.execute(fill, agency.tenant_id, agency.administrator_id, long_ago, MANY)
            await connection.execute(fill, agency.tenant_id, agency.administrator_id, ahead, 3)
        kept = {table: count + 3 for table, count in before.items()}

        async def only_what_goes_on() -> bool:
            return await _counted(connection, agency) == kept

        async with working(SERVICE, identity_settings(identity_database, authz)):
            assert await eventually(only_what_goes_on)
    finally:
        await connection.close()


async def _counted(connection: asyncpg.Connection, agency: Agency) -> dict[str, int]:
    return {
        table: await connection.fetchval(
            f"SELECT count(*) FROM {table} WHERE tenant_id = $1",  # noqa: S608 of a table named above
            agency.tenant_id,
        )
        for table in FILLED
    }
