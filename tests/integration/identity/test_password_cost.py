"""What a password's hash costs: never less than the standard asks, more by setting, followed at each sign-in."""

from collections.abc import AsyncGenerator

import aiohttp
import asyncpg
import pytest
import pytest_asyncio
from pydantic import ValidationError

from services.identity.app import SERVICE
from tests.integration.identity.conftest import PASSWORD, Agency, found_agency, identity_settings
from tests.support.databases import ServiceDatabase
from tests.support.running import serving
from tests.support.stub_authz import StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")
STRONGER = {"password_memory_kib": 20 * 1024, "password_passes": 3}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def dearer_url(identity_database: ServiceDatabase, authz: StubAuthz) -> AsyncGenerator[str]:
    """The service on the same database, told to spend more on passwords."""
    settings = identity_settings(identity_database, authz).model_copy(update=STRONGER)
    async with serving(SERVICE, settings) as url:
        yield url


async def stored(database: ServiceDatabase, user_id: object) -> str:
    """Return how a person's password is hashed."""
    connection = await asyncpg.connect(database.worker)
    try:
        found = await connection.fetchval("SELECT password_hash FROM credentials WHERE user_id = $1", user_id)
    finally:
        await connection.close()
    return str(found).rpartition("p=1$")[0]


async def test_a_dearer_setting_is_followed_by_who_signs_in_and_by_every_new_password(
    agency: Agency, http: aiohttp.ClientSession, identity_database: ServiceDatabase, dearer_url: str, authz: StubAuthz
) -> None:
    ours = agency.administrator_id
    assert await stored(identity_database, ours) == "$argon2id$v=19$m=19456,t=2,"
    dearer = Agency(
        http, dearer_url, agency.tenant_id, agency.licence_code, agency.office_id, ours, dict(agency.headers)
    )
    assert (await dearer.sign_in("admin", "Wrong7horse"))[0] == 401
    assert await stored(identity_database, ours) == "$argon2id$v=19$m=19456,t=2,"
    for _ in range(2):
        assert (await dearer.sign_in("admin"))[0] == 201
        assert await stored(identity_database, ours) == "$argon2id$v=19$m=20480,t=3,"
    assert (await agency.sign_in("admin", PASSWORD))[0] == 201
    assert await stored(identity_database, ours) == "$argon2id$v=19$m=19456,t=2,"
    theirs = (await found_agency(http, dearer_url, authz)).administrator_id
    assert await stored(identity_database, theirs) == "$argon2id$v=19$m=20480,t=3,"


@pytest.mark.parametrize("wrong", [{"password_memory_kib": 19 * 1024 - 1}, {"password_passes": 1}])
async def test_no_setting_makes_a_hash_cheaper_than_the_standard_asks(
    identity_database: ServiceDatabase, authz: StubAuthz, wrong: dict[str, int]
) -> None:
    fields = identity_settings(identity_database, authz).model_dump()
    assert SERVICE.settings.model_validate(fields)
    with pytest.raises(ValidationError, match="greater than or equal to"):
        SERVICE.settings.model_validate({**fields, **wrong})
