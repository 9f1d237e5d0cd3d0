"""In whatever order identity's events arrive, and however often, authz ends with the same picture."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.database import Database
from services.contracts.envelope import Event
from services.contracts.identity_events import (
    AssignmentChanged,
    LicenceChanged,
    LicenceCreated,
    OfficeChanged,
    TeamChanged,
    UserChanged,
    UserCreated,
    UserStateChanged,
)
from services.contracts.vocabulary import OfficeId, Ownership, RegionId, TeamId, TenantId, UserId, UserState
from tests.conftest import FreshDatabase
from tests.integration.authz.conftest import SERVICE, Agency, facts, tell
from tests.support.broker import publish_raw
from tests.support.issuer import Issuer
from tests.support.running import eventually, serving, settings_of, until_connected, working

pytestmark = pytest.mark.asyncio(loop_scope="session")

ADA, BEA = UUID(int=1), UUID(int=2)
CENTRE, HARBOUR = UUID(int=11), UUID(int=12)
COAST, LETTING = UUID(int=21), UUID(int=31)


def chosen(version: int, timezone: str, ownership: Ownership) -> LicenceChanged:
    """Return what identity tells of an agency that chose otherwise."""
    return LicenceChanged(
        name="Casa Bella",
        timezone=timezone,
        locale="pl",
        ownership=ownership,
        version=version,
        licence_code="CASABELLA",
        seats=3,
    )


HISTORY: Sequence[Event] = (
    LicenceCreated(
        name="Casa Bella",
        timezone="Europe/Rome",
        locale="it",
        ownership=Ownership.EITHER,
        administrator_id=UserId(ADA),
    ),
    OfficeChanged(office_id=OfficeId(CENTRE), version=1, name="Center"),
    UserCreated(user=facts(ADA, 1, UserState.PROVISIONED, principal_offices=(CENTRE,))),
    OfficeChanged(office_id=OfficeId(CENTRE), version=2, name="Centre"),
    UserStateChanged(user=facts(ADA, 2, UserState.ACTIVE, principal_offices=(CENTRE,))),
    OfficeChanged(office_id=OfficeId(HARBOUR), version=1, name="Harbour"),
    UserCreated(user=facts(BEA, 1, UserState.PROVISIONED)),
    UserStateChanged(user=facts(BEA, 2, UserState.ACTIVE)),
    AssignmentChanged(user=facts(BEA, 3, UserState.ACTIVE, principal_offices=(CENTRE,), secondary_offices=(HARBOUR,))),
    AssignmentChanged(user=facts(BEA, 4, UserState.ACTIVE, principal_offices=(HARBOUR,), secondary_offices=(CENTRE,))),
    UserStateChanged(user=facts(BEA, 5, UserState.SUSPENDED, datetime(2026, 3, 3, tzinfo=UTC))),
    UserChanged(user=facts(BEA, 6, UserState.SUSPENDED, principal_offices=(HARBOUR,))),
    UserChanged(user=facts(ADA, 3, UserState.ACTIVE, principal_offices=(CENTRE, HARBOUR))),
    OfficeChanged(office_id=OfficeId(HARBOUR), version=2, name="Harbour", region_id=RegionId(COAST)),
    OfficeChanged(office_id=OfficeId(CENTRE), version=3, name="Centre", region_id=RegionId(COAST)),
    OfficeChanged(office_id=OfficeId(CENTRE), version=4, name="Centre"),
    TeamChanged(team_id=TeamId(LETTING), version=1, name="Letting", members=(UserId(ADA),), removed=False),
    TeamChanged(team_id=TeamId(LETTING), version=2, name="Let", members=(UserId(ADA), UserId(BEA)), removed=False),
    TeamChanged(team_id=TeamId(LETTING), version=3, name="Let", members=(UserId(BEA),), removed=False),
    chosen(2, "Europe/Warsaw", Ownership.ASSIGNEE),
    chosen(3, "Europe/Warsaw", Ownership.CREATOR),
)


async def picture(db: Database, tenant_id: TenantId) -> list[Any]:
    """Return everything that authz holds of an agency but the versions and ids that it made itself."""
    async with db.transaction(tenant_id, readonly=True) as tx:
        tables = [
            await tx.rows("SELECT taken_on, timezone, ownership, offered FROM tenants"),
            await tx.rows("SELECT id, office_version, name, region_id FROM offices ORDER BY id"),
            await tx.rows("SELECT id, team_version, name, removed FROM teams ORDER BY id"),
            await tx.rows("SELECT team_id, user_id FROM team_members ORDER BY team_id, user_id"),
            await tx.rows(
                "SELECT id, user_version, state, code, display_name, stood_down_at, ends_at FROM people ORDER BY id"
            ),
            await tx.rows("SELECT user_id, office_id, kind FROM person_offices ORDER BY user_id, office_id"),
            await tx.rows("SELECT name, code, is_employee_group, version FROM permission_groups ORDER BY name"),
            await tx.rows("SELECT g.name, m.user_id FROM group_members m JOIN permission_groups g ON g.id = group_id"),
            await tx.rows(
                """
                SELECT g.name, key, reach, reach_id, view FROM grants JOIN permission_groups g ON g.id = holder_id
                 ORDER BY g.name, key, reach
                """
            ),
        ]
    return [[tuple(row) for row in rows] for rows in tables]


@pytest.mark.catalogue("MG-14")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(len(HISTORY))), repeated=st.lists(st.sampled_from(range(len(HISTORY))), max_size=8))
async def test_every_order_ends_in_the_same_picture(db: Database, order: list[int], repeated: list[int]) -> None:
    straight, shuffled = TenantId(uuid4()), TenantId(uuid4())
    for event in HISTORY:
        await tell(db, straight, event)
    for at in (*repeated, *order, *repeated[::-1]):
        await tell(db, shuffled, HISTORY[at])

    assert await picture(db, shuffled) == await picture(db, straight)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(len(HISTORY))))
async def test_in_every_order_the_last_news_of_a_person_is_the_last_version(
    http: aiohttp.ClientSession, authz_url: str, issuer: Issuer, db: Database, order: list[int]
) -> None:
    """Whoever keeps a snapshot below that version drops it; whoever asks gets that version."""
    agency = Agency(http, authz_url, issuer, db, TenantId(uuid4()), ADA, CENTRE)
    for at in order:
        await agency.tell(HISTORY[at])

    news = await agency.news()
    for person in (ADA, BEA):
        snapshot = (await agency.peer("GET", f"{person}/snapshot")).body
        assert snapshot["version"] == max(version for people, version in news if str(person) in people)
        assert bool(snapshot["granted"]) == (person == ADA)


async def test_only_what_changes_rights_is_told(agency: Agency) -> None:
    person = await agency.person(UserState.PROVISIONED)
    await agency.news()
    told = list[bool]()
    for version, state, offices in (
        (2, UserState.ACTIVE, (agency.office_id,)),
        (3, UserState.ACTIVE, (agency.office_id,)),
        (4, UserState.ACTIVE, ()),
        (5, UserState.SUSPENDED, ()),
        (6, UserState.GHOST, ()),
        (4, UserState.ACTIVE, (agency.office_id,)),
    ):
        await agency.tell(UserChanged(user=facts(person, version, state, principal_offices=offices)))
        news = await agency.news()
        assert all(people == {str(person)} for people, _ in news)
        told.append(bool(news))

    assert told == [True, False, True, True, False, False]


@pytest.mark.catalogue("MG-28")
async def test_whose_account_has_expired_is_told_as_suspended_and_may_do_nothing_until_it_goes_on(
    agency: Agency,
) -> None:
    person, yesterday = await agency.person(), datetime.now(UTC) - timedelta(days=1)
    await agency.group({"key": "listings.read", "reach": "own"}, members=(person,))

    await agency.tell(UserStateChanged(user=facts(person, 2, UserState.SUSPENDED, yesterday)))
    assert await agency.scopes(person) == {}
    await agency.tell(UserStateChanged(user=facts(person, 3, UserState.ACTIVE, yesterday + timedelta(days=30))))
    assert (await agency.scopes(person)).keys() == {"listings.read"}


async def test_an_agency_starts_with_its_groups_and_an_administrator_who_may_do_everything(agency: Agency) -> None:
    access = (await agency.call("GET", "/v1/access")).body
    permissions = (await agency.call("GET", "/v1/permissions")).body["items"]

    assert access["scopes"].keys() == {each["key"] for each in permissions}
    assert {scope["everything"] for scope in access["scopes"].values()} == {"full"}
    group = await agency.starting_group("agents")
    assert group["members"] == []
    assert group["is_employee_group"] is True


async def test_events_reach_authz_through_the_broker_and_its_news_leave_it(
    database: FreshDatabase, issuer: Issuer, amqp_url: str, http: aiohttp.ClientSession
) -> None:
    own, tenant_id = await database(SERVICE), uuid4()
    running = settings_of(SERVICE, own, amqp_url, jwks_url=issuer.jwks_url)
    async with serving(SERVICE, running) as url, working(SERVICE, running) as work_url:
        await until_connected(http, work_url)
        for event in HISTORY:
            if isinstance(event, UserCreated):  # would wait in other services' queues for other tests
                continue
            await publish_raw(
                amqp_url,
                event.topic,
                {
                    "id": str(uuid4()),
                    "source": "urn:keyholder:identity",
                    "type": event.topic,
                    "time": "2026-03-03T12:00:00Z",
                    "tenantid": str(tenant_id),
                    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                    "data": event.model_dump(mode="json"),
                },
            )

        async def administrator_arrived() -> bool:
            async with http.get(f"{url}/v1/access", headers=issuer.bearer(tenant_id, ADA)) as response:
                scopes = (await response.json())["scopes"]
                return bool(scopes.get("listings.create"))

        assert await eventually(administrator_arrived)
