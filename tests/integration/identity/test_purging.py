"""What has ended is deleted, however much of it there is, and nothing else."""

from datetime import UTC, datetime, timedelta
from typing import Final, LiteralString

import asyncpg
import pytest

from services.identity.app import SERVICE
from services.identity.jobs import PURGED_AT_ONCE
from tests.conftest import FreshDatabase
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


COUNTED_SIGN_INS: Final[dict[str, LiteralString]] = {
    "sign_in_counters": """
        INSERT INTO sign_in_counters (key, busy_until, in_a_row)
        SELECT uuid_send(gen_random_uuid()), $1, $2 FROM generate_series(1, $3)
        """,
    "wrong_passwords": """
        INSERT INTO wrong_passwords (key, digest, tried_at)
        SELECT uuid_send(gen_random_uuid()), '\\x00', $1 FROM generate_series(1, $3) WHERE $2 >= 0
        """,
    "refused_sign_ins": """
        INSERT INTO refused_sign_ins (id, user_id, address, reason, refused_at, announced)
        SELECT gen_random_uuid(), CASE WHEN $2 > 0 THEN gen_random_uuid() END, '192.0.2.7', 'x', $1, true
          FROM generate_series(1, $3)
        """,
}
NO_MORE_AT_ONCE: Final[LiteralString] = """
    CREATE FUNCTION no_more_at_once() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN IF (SELECT count(*) FROM gone) > 1000 THEN RAISE 'too many at once'; END IF; RETURN NULL; END$$
    """


async def test_counted_sign_ins_go_a_thousand_at_a_time_each_after_its_own_time(
    authz: StubAuthz, database: FreshDatabase
) -> None:
    fresh = await database(SERVICE)
    connection = await asyncpg.connect(fresh.owner)
    try:
        await connection.execute(NO_MORE_AT_ONCE)
        now = datetime.now(UTC)
        long_ago, of_late, today = (now - timedelta(days=days) for days in (31, 2, 0))
        for table, fill in COUNTED_SIGN_INS.items():
            await connection.execute(
                f"CREATE TRIGGER bounded AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone"
                " FOR EACH STATEMENT EXECUTE FUNCTION no_more_at_once()"
            )
            for at, known, many in ((long_ago, 0, MANY), (long_ago, 1, MANY), (of_late, 0, MANY)):
                await connection.execute(fill, at, known, many)
            for at, known in ((of_late, 1), (today, 0), (today, 1)):
                await connection.execute(fill, at, known, 3)

        async def only_what_is_kept() -> bool:
            left = {table: await connection.fetchval(f"SELECT count(*) FROM {table}") for table in COUNTED_SIGN_INS}  # noqa: S608 named above
            return left == {"sign_in_counters": 9, "wrong_passwords": 6, "refused_sign_ins": 9}

        async with working(SERVICE, identity_settings(fresh, authz)):
            assert await eventually(only_what_is_kept)
    finally:
        await connection.close()
