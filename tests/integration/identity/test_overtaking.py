"""What is decided by policies, factors, tokens and links waits for whoever changes them at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, LiteralString
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.integration.identity.conftest import PASSWORD, Agency
from tests.integration.identity.test_access_policy import put
from tests.integration.identity.test_agent_cards import at
from tests.integration.identity.test_machine_tokens import active_colleague, exchange, make_token
from tests.integration.identity.test_passkeys import PRESENT, with_passkey
from tests.integration.identity.test_second_factor import bearer, code_of, with_app
from tests.support.databases import ServiceDatabase
from tests.support.running import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")
Answer = tuple[int, Any]
LICENCE: LiteralString = "SELECT FROM licences WHERE tenant_id = $1 FOR UPDATE"
LICENCE_SHARED: LiteralString = "SELECT FROM licences WHERE tenant_id = $1 FOR KEY SHARE"
USER: LiteralString = "SELECT FROM users WHERE id = $1 FOR UPDATE"


async def overtaken(
    database: ServiceDatabase,
    agency: Agency,
    request: Coroutine[Any, Any, Answer],
    change: Callable[[asyncpg.Connection], Awaitable[object]],
    lock: LiteralString = LICENCE,
    locked: str | None = None,
) -> Answer:
    """Return the answer to a request that comes while another transaction makes a change under a lock."""
    connection = await asyncpg.connect(database.worker)
    try:
        async with connection.transaction():
            await connection.execute(lock, locked or agency.tenant_id)
            asked = asyncio.create_task(request)

            async def waits() -> bool:
                return asked.done() or await connection.fetchval(
                    """
                    SELECT EXISTS (SELECT FROM pg_locks waiting JOIN pg_locks held USING (transactionid)
                                    WHERE NOT waiting.granted AND held.granted AND held.pid = pg_backend_pid())
                    """
                )

            await eventually(waits)
            await change(connection)
        return await asked
    finally:
        await connection.close()


def outcome(answer: Answer) -> tuple[int, str]:
    status, body = answer
    return status, body.get("code", "") if body else ""


@pytest.mark.parametrize("kind", ["app", "passkey"])
async def test_a_factor_that_is_being_demanded_is_not_removed(
    agency: Agency, identity_database: ServiceDatabase, kind: str
) -> None:
    if kind == "app":
        owner = await with_app(agency)
        _, tokens = await owner.finish(await owner.begin(), code_of(owner.secret))
        user, own, path = owner.user, bearer(tokens), "/v1/me/second-factor-removal"
    else:
        holder = await with_passkey(agency)
        (passkey,) = (await holder.call("GET", "/v1/me/passkeys"))[1]["items"]
        user, own, path = holder.user, bearer(holder.tokens), f"/v1/me/passkeys/{passkey['id']}/removal"
    assert PRESENT == {"present_password": PASSWORD}
    assert (await put(agency, f"/v1/users/{user['id']}/access-policy", 0, second_factor_required=False))[0] == 200
    answer = await overtaken(
        identity_database,
        agency,
        agency.call("POST", path, PRESENT, own),
        lambda connection: connection.execute(
            "UPDATE access_policies SET second_factor = true WHERE holder_id = $1", UUID(user["id"])
        ),
    )
    assert outcome(answer) == (409, "second_factor_demanded")
    assert (await agency.call("GET", "/v1/me/second-factor", headers=own))[1]["in_use"] is True


async def test_a_template_that_is_being_changed_is_not_removed(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    _, template = await agency.call("POST", "/v1/access-templates", {"name": "Segreteria"})
    answer = await overtaken(
        identity_database,
        agency,
        agency.call("DELETE", f"/v1/access-templates/{template['id']}", headers=at(1)),
        lambda connection: connection.execute(
            "UPDATE access_policies SET version = 2 WHERE holder_id = $1", UUID(template["id"])
        ),
    )
    assert outcome(answer) == (412, "stale")
    assert (await agency.call("GET", f"/v1/access-templates/{template['id']}"))[0] == 200


async def test_a_session_that_is_being_exchanged_for_ends_with_the_token(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    user = await active_colleague(agency)
    token = await make_token(agency, scopes=["api"], acts_for=user["id"])
    session_id = uuid4()
    answer = await overtaken(
        identity_database,
        agency,
        agency.call("DELETE", f"/v1/machine-tokens/{token['id']}"),
        lambda connection: connection.execute(
            """
            INSERT INTO sessions (tenant_id, id, user_id, created_at, expires_at, machine_token_id)
            VALUES ($1, $2, $3, now(), now() + interval '5 minutes', $4)
            """,
            agency.tenant_id,
            session_id,
            UUID(user["id"]),
            UUID(token["id"]),
        ),
        LICENCE_SHARED,
    )
    assert outcome(answer) == (204, "")
    connection = await asyncpg.connect(identity_database.worker)
    ended = await connection.fetchval("SELECT ended_at FROM sessions WHERE id = $1", session_id)
    await connection.close()
    assert ended is not None


async def test_an_account_is_not_activated_by_a_link_that_is_ending(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    user = await agency.add_user()
    body = {"token": await agency.link_token(user["id"]), "password": PASSWORD}
    answer = await overtaken(
        identity_database,
        agency,
        agency.call("POST", "/v1/activations", body),
        lambda connection: connection.execute("DELETE FROM activations WHERE user_id = $1", UUID(user["id"])),
        USER,
        user["id"],
    )
    assert outcome(answer) == (409, "activation_link_over")
    assert (await agency.call("GET", f"/v1/users/{user['id']}"))[1]["state"] == "provisioned"


async def test_of_exchanging_and_revoking_at_once_nothing_goes_on_a_hundred_times(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    user = await active_colleague(agency)
    for _ in range(100):
        token = await make_token(agency, scopes=["api"], acts_for=user["id"])
        *exchanged, revoked = await asyncio.gather(
            *(exchange(agency, token["token"]) for _ in range(3)),
            agency.call("DELETE", f"/v1/machine-tokens/{token['id']}"),
        )
        assert revoked[0] == 204
        assert {status for status, _ in exchanged} <= {201, 401}
    connection = await asyncpg.connect(identity_database.worker)
    running = await connection.fetchval(
        "SELECT count(*) FROM sessions WHERE tenant_id = $1 AND machine_token_id IS NOT NULL AND ended_at IS NULL",
        agency.tenant_id,
    )
    await connection.close()
    assert running == 0
