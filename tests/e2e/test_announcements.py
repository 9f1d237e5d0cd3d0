"""A service whose database came back from a backup is told again what it has missed."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import uuid4

import asyncpg
import pytest

from deploy.local.stack import Stack
from tests.e2e.test_refusals import LISTING
from tests.support.gateway import Agency, Person
from tests.support.running import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")
LOST = {
    "authz": ("person_offices", "people", "offices", "team_members", "teams"),
    "records": ("people",),
    "notifications": ("recipients",),
}
"""Tables with what identity tells, in an order in which they can be emptied."""


async def forget(stack: Stack, service: str, agency: Agency) -> None:
    """Empty a service's picture of an agency, as if its backup was from before."""
    connection = await asyncpg.connect(stack.addresses.databases[service].worker)
    try:
        for table in LOST[service]:
            await connection.execute(f"DELETE FROM {table} WHERE tenant_id = $1", agency.tenant_id)  # noqa: S608
    finally:
        await connection.close()


async def announce(stack: Stack, agency: Agency) -> int:
    """Have identity tell everything again, as the operator."""
    operator = Person(agency.administrator.http, agency.administrator.url, stack.operator_token)
    path = f"/identity/v1/licences/{agency.licence_code}/announcements"
    return (await operator.call("POST", path)).expect(202)["events"]


async def all_there(asked: Sequence[Callable[[], Awaitable[bool]]]) -> None:
    """Wait until each of these is so."""
    for there in asked:
        assert await eventually(there, 20)


async def test_what_was_lost_is_told_again_and_what_is_known_changes_nothing(stack: Stack, agency: Agency) -> None:
    admin = agency.administrator
    colleague, _ = await agency.active_colleague(principal_offices=[agency.office_id])
    address: str = colleague["email"]
    wanted = {"name": f"team {uuid4().hex[:6]}", "members": [colleague["id"]]}
    team = (await admin.call("POST", "/identity/v1/teams", wanted)).expect(201)
    held = [{"key": "listings.read", "reach": "principal"}]
    held += [{"key": "listings.read", "reach": "team", "reach_id": team["id"]}]
    listing = {**LISTING, "office_id": agency.office_id, "basic": {"assignee_id": colleague["id"]}}

    async def granted() -> bool:
        path = f"/authz/v1/users/{colleague['id']}"
        version = (await admin.call("GET", f"{path}/rights")).headers.get("ETag", "")
        return (await admin.call("PUT", f"{path}/grants", {"grants": held}, If_Match=version)).status == 200

    async def reached() -> bool:
        answer = await admin.call("GET", f"/authz/v1/users/{colleague['id']}/access")
        reach = answer.body["scopes"].get("listings.read") if answer.status == 200 else None
        return reach is not None and (reach["offices"], reach["owners"]) == ([agency.office_id], [colleague["id"]])

    async def assigned() -> bool:
        return (await admin.call("POST", "/records/v1/listings", listing)).status == 201

    async def written_to() -> bool:
        return (await admin.call("GET", f"/notifications/v1/recipients/{colleague['id']}/preferences")).status == 200

    everything = (granted, reached, assigned, written_to)
    await all_there(everything)
    mails = len(await agency.mails.to(address))

    told = await announce(stack, agency)
    assert told == 5, "the agency, its office, two people, a team"

    async def forgotten() -> bool:  # what was told just now may still be on its way
        for service in LOST:
            await forget(stack, service, agency)
        return [await there() for there in everything[1:]] == [False, False, False]

    assert await eventually(forgotten)
    assert await announce(stack, agency) == told
    await all_there(everything[1:])
    assert len(await agency.mails.to(address)) == mails
