"""A session that ended is refused by every service, also by one that started only afterwards."""

import asyncio
from time import perf_counter

import aiohttp
import pytest

from services.identity.app import SERVICE
from services.identity.jobs import REPEAT_SECONDS
from tests.conftest import FreshDatabase
from tests.integration.identity.conftest import found_agency, identity_settings
from tests.support import echo
from tests.support.running import eventually, serving, settings_of, working
from tests.support.stub_authz import StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_process_that_starts_after_the_sign_out_learns_of_it(
    database: FreshDatabase, http: aiohttp.ClientSession, authz: StubAuthz, amqp_url: str
) -> None:
    settings = identity_settings(await database(SERVICE), authz, amqp_url)
    echo_database = await database(echo.SERVICE)
    async with serving(SERVICE, settings) as url, working(SERVICE, settings):
        agency = await found_agency(http, url, authz)
        _, tokens = await agency.sign_in("admin")
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert (await agency.call("DELETE", f"/v1/sessions/{tokens['session_id']}", headers=bearer))[0] == 204

        async with serving(
            echo.SERVICE,
            settings_of(echo.SERVICE, echo_database, amqp_url, jwks_url=f"{url}/.well-known/jwks.json"),
        ) as echo_url:

            async def status(headers: dict[str, str]) -> int:
                async with http.get(f"{echo_url}/v1/words", headers=headers) as response:
                    return response.status

            async def refused() -> bool:
                return await status(bearer) == 401

            begun = perf_counter()
            await eventually(refused, seconds=REPEAT_SECONDS * 4)
            print(f"a late process refused the token {perf_counter() - begun:.1f} s after its start")  # noqa: T201
            assert await status(agency.headers) == 200
            assert await asyncio.gather(*(status(bearer) for _ in range(20))) == [401] * 20
