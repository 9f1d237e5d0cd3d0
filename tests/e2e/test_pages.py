"""The pages behind the links of mails, in a real browser."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from deploy.local.stack import Stack
from tests.support.chromium import CHROMIUM, Page, browsing
from tests.support.gateway import Agency
from tests.support.running import eventually

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(CHROMIUM is None, reason="There is no Chromium on this machine."),
]


@pytest_asyncio.fixture(loop_scope="session")
async def page(http: aiohttp.ClientSession, tmp_path: Path) -> AsyncGenerator[Page]:
    """A tab."""
    async with browsing(tmp_path / "browser", http) as tab:
        yield tab


async def seen(page: Page, expression: str) -> Any:
    """Return what an expression is on the page."""
    answer = await page.send("Runtime.evaluate", expression=expression, returnByValue=True)
    assert "exceptionDetails" not in answer, answer
    return answer["result"].get("value")


async def choose(page: Page, password: str) -> None:
    """Type a password twice and send it."""
    fields = f"for (const id of ['password', 'repeat']) document.getElementById(id).value = {json.dumps(password)};"
    await seen(page, f"{fields} document.querySelector('button').click()")


async def test_the_page_of_a_link_shows_the_rules_of_the_agency_in_each_language(
    agency: Agency, stack: Stack, page: Page
) -> None:
    admin = agency.administrator
    policy = (await admin.call("GET", "/identity/v1/password-policy")).expect(200)
    version = f'"{policy["version"]}"'
    (await admin.call("PUT", "/identity/v1/password-policy", {"profile": "nist"}, If_Match=version)).expect(200)
    _, token = await agency.colleague()
    admin.secrets.append(token)

    async def rules() -> list[str] | None:
        return await seen(page, "[...document.querySelectorAll('#rules li')].map(one => one.textContent)") or None

    for language in ("en", "it", "pl", "de", "fr"):
        agent = {"userAgent": "tests", "acceptLanguage": language}
        await page.send("Network.setUserAgentOverride", **agent)
        await page.open("about:blank")
        await page.open(f"{stack.addresses.gateway}/activate#token={token}")
        shown = await eventually(rules)
        assert shown is not None
        assert await seen(page, "document.documentElement.lang") == language
        assert len(shown) == 4, shown
        assert ("15" in shown[0], "256" in shown[1]) == (True, True), shown

    async def marked() -> list[str] | None:
        return await seen(page, "[...document.querySelectorAll('#rules .broken')].map(one => one.dataset.code)") or None

    async def done() -> bool:
        return bool(await seen(page, "document.getElementById('outcome').textContent"))

    await choose(page, "Short1enough")
    assert await eventually(marked) == ["too_short"]
    await choose(page, "four words without any digit")
    assert await eventually(done)

    async def refused() -> str | None:
        return await seen(page, "document.getElementById('problem').textContent") or None

    await page.open("about:blank")
    await page.open(f"{stack.addresses.gateway}/activate#token={token}")
    assert "plus valable" in str(await eventually(refused))
    assert await seen(page, "document.getElementById('form').hidden")
