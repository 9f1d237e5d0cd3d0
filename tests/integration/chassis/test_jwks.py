"""Keys are asked for no oftener than the issuer can bear, and nobody waits for more than one answer."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from services.chassis.jwks import KeySet
from services.chassis.problems import Unavailable
from tests.support.issuer import Issuer, issuing
from tests.support.running import answering

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Counted:
    """An issuer that is away, or answers with another's keys, and counts who asks."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer
        self.is_away = True
        self.asked = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def answer(self, _request: web.Request) -> web.Response:
        self.asked += 1
        await self.may_answer.wait()
        if self.is_away:
            raise web.HTTPServiceUnavailable
        async with aiohttp.ClientSession() as http, http.get(self._issuer.jwks_url) as response:
            return web.json_response(await response.json())


@asynccontextmanager
async def counting() -> AsyncGenerator[tuple[Counted, Issuer, KeySet]]:
    async with issuing() as issuer, aiohttp.ClientSession() as http:
        counted = Counted(issuer)
        app = web.Application()
        app.router.add_get("/", counted.answer)
        async with answering(app) as url:
            yield counted, issuer, KeySet(http, url)


async def test_those_who_wait_for_an_issuer_that_is_away_share_one_refusal() -> None:
    async with counting() as (counted, issuer, keys):
        counted.may_answer.clear()
        waiting = [asyncio.create_task(keys.find(issuer.kid)) for _ in range(100)]
        await asyncio.sleep(0)  # each has asked before the first gets its answer
        counted.may_answer.set()
        found = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(each) for each in found] == [Unavailable] * 100
    assert counted.asked == 1


async def test_who_comes_after_a_refusal_asks_again_at_once() -> None:
    async with counting() as (counted, issuer, keys):
        with pytest.raises(Unavailable):
            await keys.find(issuer.kid)
        counted.is_away = False
        assert await keys.find(issuer.kid) is not None
    assert counted.asked == 2


async def test_keys_that_nobody_knows_do_not_burden_the_issuer() -> None:
    async with counting() as (counted, issuer, keys):
        counted.is_away = False
        assert await keys.find(issuer.kid) is not None
        assert await asyncio.gather(*(keys.find(f"unknown-{number}") for number in range(100))) == [None] * 100
    assert counted.asked == 1


async def test_keys_once_known_serve_while_the_issuer_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    async with counting() as (counted, issuer, keys):
        counted.is_away = False
        assert await keys.find(issuer.kid) is not None
        counted.is_away = True
        monkeypatch.setattr("services.chassis.jwks.FRESH_SECONDS", 0.0)
        assert await keys.find(issuer.kid) is not None
    assert counted.asked == 2
