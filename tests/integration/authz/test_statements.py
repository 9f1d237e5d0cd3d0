"""How many statements rights cost, counted on the wire: as many for a thousand people as for one."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest
import pytest_asyncio

from services.authz.app import SERVICE
from services.chassis.database import Database
from tests.integration.authz.conftest import MANAGE, Agency, found_agency
from tests.integration.authz.test_explanations import record
from tests.support.databases import ServiceDatabase
from tests.support.issuer import Issuer
from tests.support.running import eventually, serving, settings_of
from tests.support.wire import Wire, counted

pytestmark = pytest.mark.asyncio(loop_scope="session")
READ = {"key": "listings.read", "reach": "principal"}
MODULE = {
    "section": "fleet",
    "permissions": [
        {
            "action": "read",
            "record_class": "read",
            "reaches": ["all"],
            "name": {"en": "See"},
            "description": {"en": "."},
        }
    ],
}


@pytest_asyncio.fixture(loop_scope="session")
async def wired(
    http: aiohttp.ClientSession, authz_database: ServiceDatabase, issuer: Issuer, db: Database
) -> AsyncGenerator[tuple[Agency, Wire]]:
    """An agency whose authz talks to PostgreSQL over one counted connection."""
    async with counted(authz_database.app) as (wire, url):
        there = replace(authz_database, app=url)
        settings = settings_of(SERVICE, there, jwks_url=issuer.jwks_url, database_connections=1)
        async with serving(SERVICE, settings) as base:

            async def hears() -> bool:  # which begins with a statement of its own
                return wire.statements == 1

            await eventually(hears)
            agency = await found_agency(http, base, issuer, db)
            await snapshot(agency, agency.administrator_id)  # the driver learns the types of a connection once
            yield agency, wire


async def snapshot(agency: Agency, person: UUID, **headers: str) -> int:
    return (await agency.peer("GET", f"{person}/snapshot", **headers)).status


async def test_a_snapshot_costs_two_statements_and_none_to_confirm(wired: tuple[Agency, Wire]) -> None:
    agency, wire = wired
    person = await agency.person()
    await agency.group(READ, members=(person,))
    shown = (await agency.peer("GET", f"{person}/snapshot")).headers
    version = next(value for name, value in shown.items() if name.lower() == "etag")

    before = wire.statements
    assert await snapshot(agency, person) == 200
    assert wire.statements - before == 4  # BEGIN with the tenant, versions, what is held, COMMIT
    before = wire.statements
    assert await snapshot(agency, person, If_None_Match=version) == 304
    assert wire.statements - before == 3


async def test_only_who_holds_permissions_of_the_agencys_modules_costs_a_statement_more(
    wired: tuple[Agency, Wire],
) -> None:
    agency, wire = wired
    person = await agency.person()
    assert (await agency.call("POST", "/v1/modules", MODULE)).status == 201
    await agency.group({"key": "fleet.read", "reach": "all"}, members=(person,))

    before = wire.statements
    assert await snapshot(agency, person) == 200
    assert wire.statements - before == 5


@pytest.mark.parametrize("people", [1, 10, 100])
async def test_however_many_people_are_asked_about_it_is_as_many_statements(
    wired: tuple[Agency, Wire], people: int
) -> None:
    agency, wire = wired
    asked: list[dict[str, Any]] = [
        {"subject": {"type": "user", "id": str(person)}}
        for person in [*[await agency.person() for _ in range(people)], uuid4()]
    ]
    shared = {
        "action": {"name": "read"},
        "resource": {"type": "listings", "id": "1", "properties": record(agency.office_id)},
    }

    costs = list[int]()
    for _ in range(2):
        before = wire.statements
        answer = await agency.call("POST", "/access/v1/evaluations", {**shared, "evaluations": asked})
        assert (answer.status, len(answer.body["evaluations"])) == (200, people + 1)
        costs.append(wire.statements - before)

    assert costs[0] == 4  # BEGIN with the tenant, versions, what is held, COMMIT
    assert costs[1] <= 4  # the stranger is looked for again


async def test_who_can_costs_two_statements_for_two_hundred_people(wired: tuple[Agency, Wire]) -> None:
    agency, wire = wired
    for _ in range(20):
        await agency.person()
    asked = {"key": "listings.read", "record": record(agency.office_id)}
    assert (await agency.call("POST", "/v1/who-can", asked)).status == 200

    before = wire.statements
    assert (await agency.call("POST", "/v1/who-can", asked)).status == 200
    assert wire.statements - before <= 10  # the caller, the catalogue, and then people and what they hold


@pytest.mark.parametrize("people", [1, 10, 40])
async def test_however_much_is_imagined_at_once_it_is_as_many_statements(
    wired: tuple[Agency, Wire], people: int
) -> None:
    """Of people, groups and templates that are left and come to."""
    agency, wire = wired
    left, come_to = await agency.template(READ), await agency.template(READ)
    members = [await agency.person() for _ in range(people)]
    for member in members:
        await agency.put_rights(member, "/template", {"template_id": left["id"]})
    groups = [await agency.group(READ) for _ in members]
    asked = {
        "grants": [{"holder": "user", "holder_id": str(each), "grants": [READ]} for each in members],
        "memberships": [
            {"group_id": group["id"], "user_id": str(each), "member": True}
            for group, each in zip(groups, members, strict=True)
        ],
        "template_links": [{"user_id": str(each), "template_id": come_to["id"]} for each in members],
        "switches": [{"user_id": str(each), "blocked": ["print"]} for each in members],
    }
    assert (await agency.call("POST", "/v1/hypotheses", asked)).status == 200

    before = wire.statements
    assert (await agency.call("POST", "/v1/hypotheses", asked)).body["concerned"] == people
    assert wire.statements - before <= 9  # BEGIN, modules, whom grants name, links, three of holders, people, COMMIT


async def test_what_receivers_hold_is_read_only_where_the_giver_may_not_give_everything(
    wired: tuple[Agency, Wire],
) -> None:
    agency, wire = wired
    clerk, member = await agency.person(), await agency.person()
    await agency.group(MANAGE[0], READ, members=(clerk,))
    group = await agency.group(members=(member,))

    async def cost(by: UUID) -> int:
        nonlocal group
        before = wire.statements
        answer = await agency.change(group, "PUT", "/grants", {"grants": [] if group["grants"] else [READ]}, by=by)
        assert answer.status == 200, answer.body
        group = answer.body
        return wire.statements - before

    for by in (agency.administrator_id, clerk):  # the driver learns, and takes back what it gave
        await cost(by)
    to_give, to_take = await cost(agency.administrator_id), await cost(agency.administrator_id)
    assert to_give == to_take
    assert (await cost(clerk), await cost(clerk)) == (to_give + 1, to_take)
