"""Refresh tokens: one successor for all tabs, an end for whoever replays, and no secret in the database."""

import asyncio
import base64
from datetime import timedelta
from ipaddress import ip_address
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.chassis import clock
from services.chassis.database import open_database
from services.identity.adapters import secret_tokens
from services.identity.domain.session import GRACE
from services.identity.operations import sessions
from tests.integration.identity.conftest import Agency
from tests.support.clock import later
from tests.support.databases import ServiceDatabase

pytestmark = pytest.mark.asyncio(loop_scope="session")
HERE: Final = ip_address("127.0.0.1")


async def refresh(agency: Agency, token: str) -> tuple[int, Any]:
    return await agency.call("POST", "/v1/sessions/refresh", {"refresh_token": token})


async def test_fifty_parallel_tabs_get_the_same_next_token_a_hundred_times(agency: Agency) -> None:
    _, tokens = await agency.sign_in("admin")
    token = tokens["refresh_token"]
    for _ in range(100):
        answers = await asyncio.gather(*(refresh(agency, token) for _ in range(50)))
        assert {status for status, _ in answers} == {200}
        (following,) = {body["refresh_token"] for _, body in answers}
        assert following != token
        assert {body["session_id"] for _, body in answers} == {tokens["session_id"]}
        token = following


async def test_a_tab_that_comes_late_within_the_grace_gets_the_same_token(agency: Agency) -> None:
    _, tokens = await agency.sign_in("admin")
    _, first = await refresh(agency, tokens["refresh_token"])
    with later(GRACE - timedelta(seconds=5)):
        status, second = await refresh(agency, tokens["refresh_token"])
    assert (status, second["refresh_token"]) == (200, first["refresh_token"])


async def test_a_replay_after_the_grace_ends_the_session_for_everybody(agency: Agency) -> None:
    _, tokens = await agency.sign_in("admin")
    _, second = await refresh(agency, tokens["refresh_token"])
    with later(GRACE):
        for token in (tokens["refresh_token"], second["refresh_token"], tokens["refresh_token"]):
            status, problem = await refresh(agency, token)
            assert (status, problem["code"]) == (401, "session_over")


async def test_of_a_replay_and_an_honest_refresh_at_once_the_session_ends_a_hundred_times(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    user = await agency.add_user()
    await agency.activate(user["id"])
    now = clock.now()
    _, tokens = await agency.sign_in(user["userid"])
    async with open_database(identity_database.app, connections=5, name="test") as db:
        for _ in range(100):
            _, tokens = await agency.sign_in(user["userid"])
            stolen = secret_tokens.parse(tokens["refresh_token"])
            assert stolen is not None
            honest = (await sessions.refresh(db, stolen, now, HERE)).refresh_token
            await asyncio.gather(
                sessions.refresh(db, stolen, now + GRACE, HERE),
                sessions.refresh(db, honest, now + GRACE, HERE),
                return_exceptions=True,
            )
            with pytest.raises(sessions.SessionOver):
                await sessions.refresh(db, honest, now + GRACE, HERE)


async def test_the_database_holds_no_refresh_token(agency: Agency, identity_database: ServiceDatabase) -> None:
    _, tokens = await agency.sign_in("admin")
    _, second = await refresh(agency, tokens["refresh_token"])
    secrets = [base64.urlsafe_b64decode(token["refresh_token"])[16:] for token in (tokens, second)]
    connection = await asyncpg.connect(identity_database.worker)
    try:
        rows = await connection.fetch(
            "SELECT token_hash, successor FROM refresh_tokens WHERE session_id = $1", UUID(tokens["session_id"])
        )
    finally:
        await connection.close()
    assert len(rows) == 2
    assert not [row for row in rows for secret in secrets for value in row.values() if value and secret in value]


async def test_an_administrator_sees_and_ends_the_sessions_of_others_and_nobody_else_does(agency: Agency) -> None:
    user = await agency.add_user()
    await agency.activate(user["id"])
    signed_in = [(await agency.sign_in(user["userid"]))[1] for _ in range(3)]
    path = f"/v1/users/{user['id']}/sessions"
    status, shown = await agency.call("GET", path)
    assert status == 200
    assert {one["id"] for one in shown["items"]} == {one["session_id"] for one in signed_in}
    assert {(one["address"], one["current"]) for one in shown["items"]} == {("127.0.0.1", False)}
    assert all("aiohttp" in one["user_agent"] for one in shown["items"])

    own = {"Authorization": f"Bearer {signed_in[0]['access_token']}"}
    for method, where in (("GET", path), ("DELETE", path), ("DELETE", f"{path}/{signed_in[0]['session_id']}")):
        status, problem = await agency.call(method, where, headers=own)
        assert (status, problem["code"]) == (403, "permission_missing")

    assert (await agency.call("DELETE", f"{path}/{signed_in[0]['session_id']}"))[0] == 204
    assert (await agency.call("DELETE", f"{path}/{signed_in[0]['session_id']}"))[0] == 404
    assert (await refresh(agency, signed_in[0]["refresh_token"]))[0] == 401
    assert (await refresh(agency, signed_in[1]["refresh_token"]))[0] == 200
    assert (await agency.call("DELETE", path))[0] == 204
    assert (await agency.call("GET", path)) == (200, {"items": []})
    assert (await agency.call("GET", f"/v1/users/{uuid4()}/sessions"))[0] == 404


async def test_who_calls_himself_strangely_still_signs_in(agency: Agency) -> None:
    body = {"licence_code": agency.licence_code, "userid": "admin", "password": "Correct7horse"}
    for agent in ("x" * 5000, "\udcff\udcfe", "", "Ümläut 🦊"):
        status, _ = await agency.call("POST", "/v1/sessions", body, {"User-Agent": agent})
        assert status == 201
