"""A link in a mail ends with the address that it was sent to."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from tests.integration.identity.conftest import PASSWORD, Agency
from tests.integration.identity.directory import connect
from tests.integration.identity.test_agent_cards import at
from tests.integration.identity.test_passwords import gina, reset_token
from tests.support.databases import ServiceDatabase

pytestmark = pytest.mark.asyncio(loop_scope="session")
NEW = "Another8horse"
Move = Callable[[Agency, dict[str, Any], str], Awaitable[None]]


async def by_administrator(agency: Agency, user: dict[str, Any], email: str) -> None:
    path = f"/v1/users/{user['id']}"
    version = (await agency.call("GET", path))[1]["version"]
    assert (await agency.call("PATCH", path, {"email": email}, at(version)))[0] == 200


async def by_directory(agency: Agency, user: dict[str, Any], email: str) -> None:
    directory = await connect(agency)
    change = {"op": "replace", "path": "emails", "value": [{"value": email, "type": "work", "primary": True}]}
    assert (await directory.patch(f"/Users/{user['id']}", change))[0] == 200


async def by_directory_with_state(agency: Agency, user: dict[str, Any], email: str) -> None:
    """Move the address and suspend at once; bring back afterwards."""
    directory = await connect(agency)
    change = {"op": "replace", "path": "emails", "value": [{"value": email, "type": "work", "primary": True}]}
    for active, more in ((False, [change]), (True, [])):
        state = {"op": "replace", "path": "active", "value": active}
        assert (await directory.patch(f"/Users/{user['id']}", state, *more))[0] == 200


MOVES = [by_administrator, by_directory, by_directory_with_state]


async def invitations(database: ServiceDatabase, user: dict[str, Any]) -> list[str]:
    connection = await asyncpg.connect(database.worker)
    rows = await connection.fetch(
        """
        SELECT data->'user'->>'email' AS email FROM outbox
         WHERE topic = 'identity.activation.requested.v1' AND data->'user'->>'user_id' = $1 ORDER BY seq
        """,
        user["id"],
    )
    await connection.close()
    return [row["email"] for row in rows]


def outcome(answer: tuple[int, Any]) -> tuple[int, str]:
    status, body = answer
    return status, body.get("code", "") if body else ""


@pytest.mark.parametrize("move", MOVES)
async def test_an_activation_link_ends_with_its_address_and_another_is_sent(
    agency: Agency, identity_database: ServiceDatabase, move: Move
) -> None:
    user = await agency.add_user()
    stale = {"token": await agency.link_token(user["id"]), "password": PASSWORD}
    email = f"{uuid4().hex[:8]}@agency.example"
    await move(agency, user, email)
    assert outcome(await agency.call("POST", "/v1/activations", stale)) == (409, "activation_link_over")
    assert await invitations(identity_database, user) == [email]
    assert (await agency.activate(user["id"]))[0] == 204


@pytest.mark.parametrize("move", MOVES)
async def test_a_reset_link_ends_with_its_address(
    agency: Agency, identity_database: ServiceDatabase, move: Move
) -> None:
    user = await gina(agency)
    stale = {"token": await reset_token(agency, user), "password": NEW}
    await move(agency, user, f"{uuid4().hex[:8]}@agency.example")
    assert outcome(await agency.call("POST", "/v1/password-resets", stale)) == (409, "reset_link_over")
    assert await invitations(identity_database, user) == []
    assert (await agency.sign_in(user["userid"]))[0] == 201


async def test_a_link_outlives_every_other_change_of_the_card(
    agency: Agency, identity_database: ServiceDatabase
) -> None:
    user = await agency.add_user()
    token = await agency.link_token(user["id"])
    change = {"given_name": "Nina", "email": user["email"]}
    assert (await agency.call("PATCH", f"/v1/users/{user['id']}", change, at(1)))[0] == 200
    assert await invitations(identity_database, user) == []
    assert (await agency.call("POST", "/v1/activations", {"token": token, "password": PASSWORD}))[0] == 204


async def test_a_reset_link_does_not_outlive_the_account_that_it_was_for(agency: Agency) -> None:
    user = await gina(agency)
    stale = {"token": await reset_token(agency, user), "password": NEW}
    path = f"/v1/users/{user['id']}"
    for state in ("ghost", "provisioned"):
        version = (await agency.call("GET", path))[1]["version"]
        assert (await agency.call("PUT", f"{path}/state", {"state": state}, at(version)))[0] == 200
    assert (await agency.activate(user["id"]))[0] == 204
    assert outcome(await agency.call("POST", "/v1/password-resets", stale)) == (409, "reset_link_over")
