"""records learns of offices and people from identity's events, through the broker."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
import pytest_asyncio

from services.chassis import ids
from services.chassis.clock import now
from services.contracts.envelope import Envelope, Event
from services.contracts.identity_events import (
    AssignmentChanged,
    OfficeChanged,
    UserCreated,
    UserFacts,
    UserStateChanged,
)
from services.contracts.vocabulary import OfficeId, UserId, UserState
from services.records.app import SERVICE
from tests.integration.records.conftest import FLAT, Agency, records_settings
from tests.support.broker import publish_raw
from tests.support.databases import ServiceDatabase
from tests.support.issuer import Issuer
from tests.support.running import eventually, until_connected, working
from tests.support.stub_authz import StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def worker(
    records_database: ServiceDatabase, authz: StubAuthz, issuer: Issuer, amqp_url: str, http: Any
) -> AsyncGenerator[None]:
    """records, working, with the broker within reach."""
    async with working(SERVICE, records_settings(records_database, authz, issuer, amqp_url=amqp_url)) as url:
        await until_connected(http, url)
        yield


async def _tell(agency: Agency, amqp_url: str, event: Event) -> None:
    envelope = Envelope(
        id=ids.uuid7(),
        source="urn:keyholder:identity",
        type=event.topic,
        time=now(),
        tenantid=agency.tenant_id,
        traceparent="00-0123456789abcdef0123456789abcdef-0123456789abcdef-01",
        data=event.model_dump(mode="json"),
    )
    await publish_raw(amqp_url, event.topic, envelope.model_dump(mode="json"))


def _person(user_id: UserId, version: int, state: UserState) -> UserFacts:
    return UserFacts(
        user_id=user_id,
        version=version,
        code="GR",
        display_name="Gina Rossi",
        email="gina@agency.example",
        locale="it",
        state=state,
        principal_offices=(),
        secondary_offices=(),
    )


async def _taken_on(agency: Agency, office_id: OfficeId, assignee_id: UserId) -> bool:
    body = {**FLAT, "office_id": str(office_id), "basic": {"assignee_id": str(assignee_id)}}
    return (await agency.call(agency.ada, "POST", "/v1/listings", body)).status == 201


async def test_an_office_can_be_used_once_its_event_has_arrived(agency: Agency, amqp_url: str) -> None:
    office = OfficeId(ids.uuid7())
    assert not await _taken_on(agency, office, agency.bruno)
    await _tell(agency, amqp_url, OfficeChanged(office_id=office, version=1, name="Porto"))
    assert await eventually(lambda: _taken_on(agency, office, agency.bruno))


async def test_a_person_can_be_assigned_once_known_and_no_more_once_gone(agency: Agency, amqp_url: str) -> None:
    person = UserId(ids.uuid7())
    assert not await _taken_on(agency, agency.centre, person)
    await _tell(agency, amqp_url, UserCreated(user=_person(person, 1, UserState.PROVISIONED)))
    assert await eventually(lambda: _taken_on(agency, agency.centre, person))

    async def refused() -> bool:
        return not await _taken_on(agency, agency.centre, person)

    await _tell(agency, amqp_url, UserStateChanged(user=_person(person, 3, UserState.GHOST)))
    assert await eventually(refused)


async def test_news_that_arrives_late_does_not_undo_newer_news(agency: Agency, amqp_url: str) -> None:
    person, marker = UserId(ids.uuid7()), UserId(ids.uuid7())
    await _tell(agency, amqp_url, UserStateChanged(user=_person(person, 2, UserState.GHOST)))
    await _tell(agency, amqp_url, AssignmentChanged(user=_person(person, 1, UserState.ACTIVE)))
    await _tell(agency, amqp_url, UserCreated(user=_person(marker, 1, UserState.ACTIVE)))
    assert await eventually(lambda: _taken_on(agency, agency.centre, marker))
    assert not await _taken_on(agency, agency.centre, person)
