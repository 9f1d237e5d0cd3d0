"""Passkeys of a domain, used by a real browser at the addresses that the settings name, and at no other."""

from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from services.identity.app import SERVICE
from tests.integration.identity.conftest import PASSWORD, found_agency, identity_settings
from tests.support.chromium import CHROMIUM, browsing
from tests.support.databases import ServiceDatabase
from tests.support.running import serving
from tests.support.stub_authz import StubAuthz

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(CHROMIUM is None, reason="There is no Chromium on this machine."),
]
DOMAIN: Final = "agency.localhost"


async def test_a_passkey_of_a_domain_works_at_each_named_address_below_it(
    http: aiohttp.ClientSession, identity_database: ServiceDatabase, authz: StubAuthz, tmp_path: Path
) -> None:
    settings = identity_settings(identity_database, authz)
    office, sales, other = (f"http://{name}.{DOMAIN}:{settings.port}" for name in ("office", "sales", "other"))
    named = {"passkey_domain": DOMAIN, "passkey_origins": f"{office} {sales}"}
    async with (
        serving(SERVICE, settings.model_copy(update=named)) as url,
        browsing(tmp_path / "browser", http) as page,
    ):
        agency = await found_agency(http, url, authz)
        licence = {"licence_code": agency.licence_code}

        async def asked(path: str, body: object) -> dict[str, Any]:
            status, answer = await agency.call("POST", f"{path}/options", body)
            assert status == 200, answer
            return answer["public_key"]

        async def sign_in() -> tuple[int, str | None]:
            used = await page.get(await asked("/v1/sessions/passkey", licence))
            status, answer = await agency.call("POST", "/v1/sessions/passkey", {**licence, "credential": used})
            return status, answer.get("code")

        await page.add_authenticator()
        await page.open(f"{office}/openapi.json")
        made = await page.create(await asked("/v1/me/passkeys", {"present_password": PASSWORD}))
        assert (await agency.call("POST", "/v1/me/passkeys", {"name": "Laptop", "credential": made}))[0] == 201
        assert await sign_in() == (201, None)
        await page.open(f"{sales}/openapi.json")
        assert await sign_in() == (201, None)
        await page.open(f"{other}/openapi.json")
        assert await sign_in() == (401, "wrong_passkey")
        await page.open(f"http://localhost:{settings.port}/openapi.json")
        assert await page.get(await asked("/v1/sessions/passkey", licence)) == "SecurityError"
