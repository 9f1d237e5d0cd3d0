"""What held at any moment in the past can be asked, with who began and ended it, and why."""

from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

import asyncpg
import pytest

from services.contracts.identity_events import AssignmentChanged
from services.contracts.vocabulary import UserState
from tests.integration.authz.conftest import MANAGE, Agency, Answer, facts

pytestmark = pytest.mark.asyncio(loop_scope="session")
READ_OWN = {"key": "listings.read", "reach": "own"}
LIST = {"key": "listings.list", "reach": "principal"}


async def instant(agency: Agency) -> datetime:
    """Return when the agency's rights changed last."""
    async with agency.db.transaction(agency.tenant_id) as tx:
        return await tx.value("SELECT rights_changed_at FROM tenants WHERE tenant_id = $1", agency.tenant_id)


async def held_at(agency: Agency, at: datetime) -> set[tuple[Any, ...]]:
    """Return who held what by which group at an instant, read from the past."""
    async with agency.db.transaction(agency.tenant_id) as tx:
        rows = await tx.rows(
            """
            SELECT m.user_id, g.name, r.key, r.reach, r.expires_at
              FROM group_members_ever m
              JOIN permission_groups_ever g ON g.id = m.group_id AND g.valid_from <= $2 AND $2 < g.valid_to
              JOIN grants_ever r ON r.holder_id = m.group_id AND r.valid_from <= $2 AND $2 < r.valid_to
             WHERE m.tenant_id = $1 AND m.valid_from <= $2 AND $2 < m.valid_to
            """,
            agency.tenant_id,
            at,
        )
    return {tuple(row) for row in rows}


async def held_now(agency: Agency) -> set[tuple[Any, ...]]:
    async with agency.db.transaction(agency.tenant_id) as tx:
        rows = await tx.rows(
            """
            SELECT m.user_id, g.name, r.key, r.reach, r.expires_at
              FROM group_members m JOIN permission_groups g ON g.id = m.group_id JOIN grants r ON r.holder_id = g.id
             WHERE m.tenant_id = $1
            """,
            agency.tenant_id,
        )
    return {tuple(row) for row in rows}


async def test_the_rights_of_every_moment_can_be_read_later(agency: Agency) -> None:
    person, other = await agency.person(), await agency.person()
    then = dict[datetime, set[tuple[Any, ...]]]()

    async def note() -> None:
        then[await instant(agency)] = await held_now(agency)

    await note()
    group = await agency.group(READ_OWN, members=(person,))
    await note()
    changes: tuple[tuple[str, object], ...] = (
        ("/grants", {"grants": [READ_OWN, LIST]}),
        ("/grants", {"grants": [{**READ_OWN, "expires_at": "2099-01-01T00:00:00Z"}, LIST]}),
        (f"/members/{other}", {}),
        (f"/members/{other}", {"expires_at": "2099-01-01T00:00:00Z"}),
        ("/grants", {"grants": []}),
        ("/grants", {"grants": [LIST]}),
    )
    for path, body in changes:
        group = await agency.put(group, path, body)
        await note()
    group = (await agency.change(group, "DELETE", f"/members/{person}")).body
    await note()
    group = (await agency.change(group, "PATCH", "", {"name": "Renamed"})).body
    await note()
    assert (await agency.change(group, "DELETE", "")).status == 204
    await note()

    assert (len(then), len({*map(frozenset, then.values())})) == (11, 8)
    assert {at: await held_at(agency, at) for at in then} == then


async def test_whatever_began_or_ended_says_by_whom_and_why(agency: Agency) -> None:
    clerk, person = await agency.person(), await agency.person()
    await agency.group(MANAGE[0], READ_OWN, members=(clerk,))
    group = await agency.group(READ_OWN)
    joined = await agency.change(group, "PUT", f"/members/{person}", {"reason": "covers for Gina"}, by=clerk)
    left = await agency.change(joined.body, "DELETE", f"/members/{person}?reason=Gina+is+back")
    assert (joined.status, left.status) == (200, 200)

    async with agency.db.transaction(agency.tenant_id) as tx:
        rows = await tx.rows(
            "SELECT added_by, reason, ended_by, end_reason, valid_from < valid_to AS lasted FROM group_members_ever"
            " WHERE tenant_id = $1 AND user_id = $2",
            agency.tenant_id,
            person,
        )
    assert [tuple(row) for row in rows] == [(clerk, "covers for Gina", agency.administrator_id, "Gina is back", True)]


async def test_the_change_reason_header_says_why_where_the_input_does_not(agency: Agency) -> None:
    person, group = await agency.person(), await agency.group(READ_OWN)
    path = f"/v1/groups/{group['id']}/members/{person}"

    async def change(method: str, where: str, body: object, reason: str) -> Answer:
        version = (await agency.call("GET", f"/v1/groups/{group['id']}")).body["version"]
        return await agency.call(method, where, body, If_Match=f'"{version}"', Change_Reason=reason)

    assert (await change("PUT", path, {}, quote("è al posto di Gina"))).status == 200
    assert (await change("DELETE", f"{path}?reason=Gina+is+back", None, "another one")).status == 200
    refused = await change("PUT", path, {}, "%ff")
    assert (refused.status, refused.errors) == (422, [("/Change-Reason", "reason")])

    told = (await agency.call("GET", f"/v1/rights-changes?user_id={person}")).body["items"]
    assert [entry["reason"] for entry in told] == ["Gina is back", "è al posto di Gina"]


async def test_what_counted_at_an_instant_is_said_by_how_rights_were_managed_then(agency: Agency) -> None:
    person, other = await agency.person(), await agency.person()
    extended = {"key": "contacts.read", "reach": "user", "reach_id": str(other)}
    await agency.put_rights(person, "/grants", {"grants": [extended]})
    then = {await instant(agency): True}
    for mode in ("simple", "extended", "simple"):
        assert (await agency.call("PUT", "/v1/settings", {"rights_mode": mode})).status == 200
        then[await instant(agency)] = mode == "extended"

    async def allowed(at: datetime) -> bool:
        asked = {"user_id": str(person), "as_of": at.isoformat(), "questions": [{"key": "contacts.read"}]}
        return (await agency.call("POST", "/v1/decisions", asked)).body["items"][0]["allowed"]

    assert {at: await allowed(at) for at in then} == then
    async with agency.db.transaction(agency.tenant_id) as tx:
        rows = await tx.rows(
            "SELECT rights_mode, set_by, ended_by FROM rights_modes_ever WHERE tenant_id = $1 ORDER BY valid_from",
            agency.tenant_id,
        )
    by = agency.administrator_id
    assert [tuple(row) for row in rows] == [
        ("extended", None, by),
        ("simple", by, by),
        ("extended", by, by),
        ("simple", by, None),
    ]


async def test_state_and_offices_of_a_person_keep_their_past(agency: Agency) -> None:
    person = await agency.person()
    before = await instant(agency)
    await agency.tell(AssignmentChanged(user=facts(person, 2, UserState.ACTIVE)))
    await agency.tell(AssignmentChanged(user=facts(person, 3, UserState.SUSPENDED)))

    async def at(moment: datetime) -> list[tuple[Any, ...]]:
        async with agency.db.transaction(agency.tenant_id) as tx:
            rows = await tx.rows(
                "SELECT state, principal FROM people_ever WHERE id = $1 AND valid_from <= $2 AND $2 < valid_to",
                person,
                moment,
            )
        return [tuple(row) for row in rows]

    assert await at(before) == [("active", [agency.office_id])]
    assert await at(await instant(agency)) == [("suspended", [])]


async def test_times_rise_with_versions_even_when_events_are_old(agency: Agency) -> None:
    times = list[datetime]()
    for version in (2, 3, 4):
        await agency.tell(AssignmentChanged(user=facts(UUID(int=9), version, UserState.ACTIVE)))
        await agency.group()
        times.append(await instant(agency))

    assert times == sorted(set(times))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE grants_past SET key = 'x'",
        "DELETE FROM grants_past",
        "UPDATE rights_modes_past SET rights_mode = 'x'",
        "DELETE FROM rights_modes_past",
    ],
)
async def test_the_past_is_never_altered(agency: Agency, statement: str) -> None:
    group = await agency.group(READ_OWN)
    await agency.put(group, "/grants", {"grants": []})
    await agency.call("PUT", "/v1/settings", {"rights_mode": "simple"})

    async def alter() -> None:
        async with agency.db.transaction(agency.tenant_id) as tx:
            await tx.execute(statement)  # pyright: ignore[reportArgumentType]

    with pytest.raises(asyncpg.RaiseError, match="never altered"):
        await alter()
