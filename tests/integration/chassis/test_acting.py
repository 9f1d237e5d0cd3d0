"""Who acts for somebody else is known to every service, and changes nothing in any (ADR-0015)."""

import importlib
import re
from uuid import uuid4

import aiohttp
import pytest

from services.chassis import clock
from services.chassis.guarding import OnlyLooking, check_actor
from services.chassis.tokens import Verifier
from services.chassis.web import Access
from tests.support.issuer import Issuer

pytestmark = pytest.mark.asyncio(loop_scope="session")
JANE = {"sub": "urn:keyholder:support:jane"}


async def test_a_token_says_who_acts(issuer: Issuer) -> None:
    async def find(_kid: str) -> object:
        return issuer.key.public_key()

    verifier = Verifier(find)  # pyright: ignore[reportArgumentType]
    acting = await verifier.caller(issuer.token(uuid4(), uuid4(), act=JANE), clock.now())
    himself = await verifier.caller(issuer.token(uuid4(), uuid4()), clock.now())
    assert (acting.actor, himself.actor) == (JANE["sub"], None)
    check_actor(acting, "GET")
    check_actor(himself, "DELETE")
    for method in ("POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "get"):
        with pytest.raises(OnlyLooking):
            check_actor(acting, method)


@pytest.mark.parametrize("act", [{}, {"sub": ""}, {"sub": 7}, {"sub": None}, [], "jane", 7, True, {"act": JANE}])
async def test_a_token_that_does_not_say_who_acts_is_refused(
    http: aiohttp.ClientSession, echo_url: str, issuer: Issuer, act: object
) -> None:
    headers = issuer.bearer(uuid4(), uuid4(), act=act)
    async with http.get(f"{echo_url}/v1/words", headers=headers) as response:
        assert (response.status, (await response.json())["code"]) == (401, "invalid_token")


async def test_no_route_that_changes_anything_is_open_to_who_acts(
    http: aiohttp.ClientSession, echo_url: str, issuer: Issuer
) -> None:
    from tests.support import echo  # noqa: PLC0415

    headers = issuer.bearer(uuid4(), uuid4(), act=JANE)
    async with http.get(f"{echo_url}/v1/words", headers=headers) as response:
        assert response.status == 200
    changing = [route for route in echo.SERVICE.routes if route.method != "GET" and route.access is Access.CALLER]
    assert changing
    for route in changing:
        path = re.sub(r"\{[^}]*\}", str(uuid4()), route.path)
        async with http.request(route.method, echo_url + path, headers=headers, json={}) as response:
            assert (response.status, (await response.json())["code"]) == (403, "only_looking"), route.path


@pytest.mark.parametrize("service", ["identity", "authz", "records", "notifications"])
async def test_a_get_route_takes_nothing_that_it_could_store(service: str) -> None:
    routes = importlib.import_module(f"services.{service}.app").SERVICE.routes
    assert [route.path for route in routes if route.method == "GET" and route.reads_bytes] == []
