"""Passkeys in a real browser, at the name under which the gateway is opened."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
import pytest_asyncio

from deploy.local.stack import Stack
from tests.support.chromium import CHROMIUM, Page, browsing
from tests.support.gateway import PASSWORD, Agency, Answer, Person

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(CHROMIUM is None, reason="There is no Chromium on this machine."),
]
OWN: Final = "/identity/v1/me/passkeys"
ALONE: Final = "/identity/v1/sessions/passkey"
SECOND_STEP: Final = "/identity/v1/sessions/second-factor/passkey"


@pytest_asyncio.fixture(loop_scope="session")
async def page(stack: Stack, http: aiohttp.ClientSession, tmp_path: Path) -> AsyncGenerator[Page]:
    """A tab that shows a page of the gateway, opened by its name."""
    async with browsing(tmp_path / "browser", http) as tab:
        await tab.open(named(stack.addresses.gateway))
        yield tab


def named(url: str) -> str:
    return url.replace("127.0.0.1", "localhost")


async def options(person: Person, path: str, body: object) -> dict[str, Any]:
    """Return what the browser is to be asked."""
    asked = await person.call("POST", f"{path}/options", body)
    public_key: dict[str, Any] = asked.expect(200)["public_key"]
    return public_key


class Holder:
    """A colleague with a passkey in the browser."""

    def __init__(self, agency: Agency, userid: str, person: Person) -> None:
        self.userid, self.person = userid, person
        self.licence = {"licence_code": agency.licence_code}

    async def alone(self, page: Page, **instead: object) -> Answer:
        """Return the answer to signing in by passkey and nothing else; `instead` replaces what the browser is asked."""
        used = await page.get({**await options(self.person, ALONE, self.licence), **instead})
        return await self.person.call("POST", ALONE, {**self.licence, "credential": used})

    async def second_step(self, page: Page) -> Answer:
        """Return the answer to signing in by password and then the passkey."""
        codes = {**self.licence, "userid": self.userid, "password": PASSWORD}
        waiting = (await self.person.call("POST", "/identity/v1/sessions", codes)).expect(201)
        token = {"challenge_token": waiting["challenge_token"]}
        used = await page.get(await options(self.person, SECOND_STEP, token))
        return await self.person.call("POST", SECOND_STEP, {**token, "credential": used})


async def with_passkey(agency: Agency, page: Page) -> Holder:
    """Return a colleague who has added a passkey of the browser's authenticator."""
    card, person = await agency.active_colleague()
    made = await page.create(await options(person, OWN, {"present_password": PASSWORD}))
    (await person.call("POST", OWN, {"name": "Laptop", "credential": made})).expect(201)
    person.token = None
    return Holder(agency, card["userid"], person)


async def test_a_passkey_of_the_browser_signs_in_alone_and_after_a_password(agency: Agency, page: Page) -> None:
    await page.add_authenticator()
    holder = await with_passkey(agency, page)
    for signed_in in (await holder.alone(page), await holder.second_step(page), await holder.alone(page)):
        token = signed_in.expect(201)["access_token"]
        me = await holder.person.call("GET", "/identity/v1/me", Authorization=f"Bearer {token}")
        assert me.expect(200)["userid"] == holder.userid


async def test_an_authenticator_is_asked_for_one_passkey_of_a_person_only(agency: Agency, page: Page) -> None:
    await page.add_authenticator()
    _, person = await agency.active_colleague()
    present = {"present_password": PASSWORD}
    made = await page.create(await options(person, OWN, present))
    (await person.call("POST", OWN, {"name": "Laptop", "credential": made})).expect(201)
    assert await page.create(await options(person, OWN, present)) == "InvalidStateError"


async def test_whom_the_authenticator_does_not_verify_the_passkey_alone_does_not_sign_in(
    agency: Agency, page: Page
) -> None:
    device = {"authenticatorId": await page.add_authenticator()}
    holder = await with_passkey(agency, page)
    await page.send("WebAuthn.setUserVerified", **device, isUserVerified=False)
    assert await page.get(await options(holder.person, ALONE, holder.licence)) == "NotAllowedError"
    refused = await holder.alone(page, userVerification="discouraged")
    assert (refused.status, refused.body["code"]) == (401, "wrong_passkey")


async def test_an_authenticator_that_verifies_nobody_is_a_second_factor(agency: Agency, page: Page) -> None:
    await page.add_authenticator(verifies=False)
    holder = await with_passkey(agency, page)
    assert await page.get(await options(holder.person, ALONE, holder.licence)) == "NotAllowedError"
    (await holder.second_step(page)).expect(201)


async def test_a_passkey_is_good_at_no_other_address(agency: Agency, stack: Stack, page: Page) -> None:
    await page.add_authenticator()
    holder = await with_passkey(agency, page)
    await page.open(named(stack.addresses.mailbox))
    refused = await holder.alone(page)
    assert (refused.status, refused.body["code"]) == (401, "wrong_passkey")
    await page.open(stack.addresses.gateway)
    assert await page.get(await options(holder.person, ALONE, holder.licence)) == "SecurityError"
    await page.open(named(stack.addresses.gateway))
    (await holder.alone(page)).expect(201)


async def test_a_copy_of_a_passkey_is_noticed_by_its_count(agency: Agency, page: Page) -> None:
    device = {"authenticatorId": await page.add_authenticator()}
    holder = await with_passkey(agency, page)
    [copy] = (await page.send("WebAuthn.getCredentials", **device))["credentials"]
    for _ in range(2):
        (await holder.alone(page)).expect(201)
    await page.send("WebAuthn.removeVirtualAuthenticator", **device)
    thief = {"authenticatorId": await page.add_authenticator()}
    await page.send("WebAuthn.addCredential", **thief, credential=copy)
    refused = await holder.alone(page)
    assert (refused.status, refused.body["code"]) == (401, "wrong_passkey")
