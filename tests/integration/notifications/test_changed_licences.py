"""Names, zones and languages follow what an agency chooses later; no summary comes twice for it, and none is lost."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import aiohttp
import pytest
import pytest_asyncio
from pydantic import SecretStr

from services.chassis.http_client import Peer, open_http
from services.contracts.identity_events import LicenceChanged, LicenceCreated
from services.contracts.vocabulary import Ownership
from services.notifications.adapters.recipient_rights import RecipientRights
from services.notifications.app import SERVICE
from services.notifications.consumers import follow_licence
from services.notifications.domain.digest import instant_of
from services.notifications.operations import reports as weekly
from services.notifications.store import agencies, reports
from tests.integration.notifications.agency import Agency
from tests.integration.notifications.post_office import PostOffice, enveloped
from tests.integration.notifications.test_appointment_mails import queued, sent
from tests.integration.notifications.test_digests import call_off, mails, runs, tick
from tests.integration.notifications.test_weekly_reports import FIGURES, rest
from tests.support.running import INTERNAL_TOKEN, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")
ROME = ZoneInfo("Europe/Rome")
DAY = date(2026, 5, 11)  # a Monday, on which no zone of these tests changes its clocks
HOURS = 60
RACES = 100


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def url(post: PostOffice) -> AsyncGenerator[str]:
    async with serving(SERVICE, post.settings()) as one:
        yield one


@pytest_asyncio.fixture(loop_scope="session")
async def agency(http: aiohttp.ClientSession, url: str, post: PostOffice) -> AsyncGenerator[Agency]:
    """An agency of Rome, of which one person gets a summary of every day, by the agency's clock."""
    made = Agency(http, url, post)
    made.granted("admin.agents.manage", "communications.read")
    await made.tell(made.user_id)
    await made.prefers(str(made.user_id), appointments=True)
    founded = LicenceCreated(
        name="Casa Bella",
        timezone="Europe/Rome",
        locale="it",
        ownership=Ownership.ASSIGNEE,
        administrator_id=made.user_id,
    )
    await tell(made, founded)
    async with post.db.transaction(made.tenant_id) as tx:
        await tx.execute("UPDATE digest_schedules SET when_empty = true")
    post.authz.administrators[made.tenant_id] = [made.user_id]
    post.identity.figures = FIGURES
    yield made
    await call_off(made)
    await rest(made)


async def tell(agency: Agency, event: LicenceCreated | LicenceChanged) -> None:
    async with agency.post.db.transaction(agency.tenant_id) as tx:
        await follow_licence(tx, event, enveloped(event, agency.tenant_id))


async def choose(agency: Agency, version: int, timezone: str, name: str = "Casa Bella", locale: str = "it") -> None:
    """Have identity tell of what the agency chose."""
    await tell(
        agency,
        LicenceChanged(
            name=name,
            timezone=timezone,
            locale=locale,
            ownership=Ownership.ASSIGNEE,
            version=version,
            licence_code="CASABELLA",
            seats=3,
        ),
    )


def rome(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    return datetime.combine(day, time(hour, minute), ROME).astimezone(UTC)


async def known(agency: Agency) -> tuple[str, str, str]:
    async with agency.post.db.transaction(agency.tenant_id, readonly=True) as tx:
        found = await agencies.find(tx)
    assert found is not None
    return found.name, found.timezone, found.locale


async def test_the_last_choice_stays_whatever_comes_late_or_twice(agency: Agency) -> None:
    await choose(agency, 3, "Europe/Warsaw", "Dom", "pl")
    await choose(agency, 2, "Europe/Berlin", "Haus", "de")
    await choose(agency, 3, "Europe/Berlin", "Haus", "de")
    assert await known(agency) == ("Dom", "Europe/Warsaw", "pl")


async def test_a_choice_that_comes_before_the_agency_stays(
    http: aiohttp.ClientSession, url: str, agency: Agency
) -> None:
    early = Agency(http, url, agency.post)
    await choose(early, 2, "Europe/Warsaw", "Dom", "pl")
    founded = LicenceCreated(
        name="Casa", timezone="Europe/Rome", locale="it", ownership=Ownership.ASSIGNEE, administrator_id=early.user_id
    )
    await tell(early, founded)
    assert await known(early) == ("Dom", "Europe/Warsaw", "pl")
    async with agency.post.db.transaction(early.tenant_id) as tx:
        assert await tx.value("SELECT count(*) FROM report_schedules") == 1
    await rest(early)


@pytest.mark.parametrize(
    ("changed", "zone", "first", "second"),
    [
        pytest.param((12, 0), "Europe/Warsaw", ("queued", 7), 7, id="the same clock"),
        pytest.param((6, 30), "Europe/Athens", ("queued", 7), 6, id="its hour has just passed there"),
        pytest.param((7, 30), "Europe/London", ("queued", 7), 8, id="told already, and its hour comes again"),
        pytest.param((7, 30), "America/New_York", ("queued", 7), 13, id="told already, on the day before there"),
        pytest.param((6, 30), "America/New_York", ("queued", 13), 13, id="its hour comes later there"),
        pytest.param((6, 30), "Asia/Tokyo", ("missed", 7), 0, id="too late there to be of use"),
        pytest.param((23, 30), "Pacific/Auckland", ("queued", 7), 0, id="over the date line"),
    ],
)
@pytest.mark.catalogue("MG-17")
async def test_each_day_is_told_once_whenever_the_zone_changes(
    agency: Agency, changed: tuple[int, int], zone: str, first: tuple[str, int], second: int
) -> None:
    """`first` is what became of the day and at which hour of Rome that was; `second` at which hour the next is told."""
    await tick(agency, rome(0))
    told = dict[date, int]()
    has_moved = False
    for hour in range(HOURS):
        now = rome(0) + timedelta(hours=hour)
        if not has_moved and now > rome(*changed):
            await choose(agency, 2, zone)
            has_moved = True
        await tick(agency, now)
        for day, _ in await runs(agency):
            told.setdefault(day, hour)
    outcomes = await runs(agency)
    assert [day for day, _ in outcomes] == [DAY + timedelta(days=n) for n in range(len(outcomes))]
    assert (outcomes[0][1], told[DAY]) == first
    assert (outcomes[1][1], told[DAY + timedelta(days=1)]) == ("queued", 24 + second)
    assert len(await mails(agency)) == len([1 for _, outcome in outcomes if outcome == "queued"])


async def test_a_summary_that_is_due_is_sent_though_the_zone_changes(agency: Agency) -> None:
    await tick(agency, rome(6))
    await choose(agency, 2, "Europe/Athens")
    await tick(agency, rome(7, 1))
    assert await runs(agency) == [(DAY, "queued")]


async def test_who_chose_a_zone_is_told_by_it_whatever_the_agency_chooses(agency: Agency) -> None:
    async with agency.post.db.transaction(agency.tenant_id) as tx:
        await tx.execute("UPDATE digest_schedules SET timezone = 'Europe/Rome'")
    await tick(agency, rome(0))
    await choose(agency, 2, "America/New_York")
    await tick(agency, rome(6, 59))
    assert await runs(agency) == []
    await tick(agency, rome(7))
    assert await runs(agency) == [(DAY, "queued")]


async def test_in_a_hundred_races_no_scheduler_plans_by_the_zone_before(agency: Agency) -> None:
    people = [agency.user_id, *(uuid4() for _ in range(4))]
    for person in people[1:]:
        await agency.tell(person)
    zones = ("Europe/Athens", "America/New_York", "Europe/Rome")
    for number in range(RACES):
        zone, now = zones[number % 3], rome(0) + timedelta(days=number)
        await asyncio.gather(tick(agency, now), choose(agency, number + 2, zone), tick(agency, now))
        await tick(agency, now)
        async with agency.post.db.transaction(agency.tenant_id, readonly=True) as tx:
            rows = await tx.rows("SELECT next_date, next_due_at FROM digest_schedules")
        assert {row["next_due_at"] for row in rows} == {instant_of(row["next_date"], 7, ZoneInfo(zone)) for row in rows}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def rights(post: PostOffice) -> AsyncGenerator[RecipientRights]:
    """authz, asked as the service asks it."""
    async with open_http() as http:
        yield RecipientRights(Peer(http, post.authz.url, SecretStr(INTERNAL_TOKEN)))


async def report(agency: Agency, rights: RecipientRights, now: datetime) -> None:
    """Do what a scheduler of reports does at a moment for this agency."""
    async with agency.post.crossing.across_tenants() as queries:
        due = [one for one in await reports.due(queries, now, 100_000) if one.tenant_id == agency.tenant_id]
    for one in due:
        await weekly.advance(agency.post.db, rights, one, now)


async def test_a_week_is_reported_once_whenever_the_zone_changes_and_under_the_new_name(
    agency: Agency, rights: RecipientRights
) -> None:
    await report(agency, rights, rome(6))
    assert await queued(agency) == []
    await choose(agency, 2, "Europe/Athens")
    await report(agency, rights, rome(6, 1))
    assert len(await queued(agency)) == 1, "it is seven there"
    await choose(agency, 3, "America/New_York", "Casa Nuova")
    for hour in range(7 * 24):
        await report(agency, rights, rome(7) + timedelta(hours=hour))
    assert len(await queued(agency)) == 1
    await report(agency, rights, rome(13) + timedelta(days=7))
    assert [row["facts"] for row in await queued(agency)] == [
        '{"monday": "2026-05-11", "timezone": "Europe/Athens"}',
        '{"monday": "2026-05-18", "timezone": "America/New_York"}',
    ]
    await rest(agency)
    await sent(agency)
    subjects = {mail.message["Subject"] for mail in agency.post.sink.to(f"{agency.user_id.hex[:12]}@example.test")}
    assert {subject.partition(":")[0] for subject in subjects} == {"Casa Nuova"}


async def test_in_a_hundred_races_no_report_is_planned_by_the_zone_before(
    agency: Agency, rights: RecipientRights
) -> None:
    zones = ("Europe/Athens", "America/New_York", "Europe/Rome")
    for number in range(RACES):
        zone, now = zones[number % 3], rome(3) + timedelta(days=7 * number)
        await asyncio.gather(report(agency, rights, now), choose(agency, number + 2, zone))
        await report(agency, rights, now)
        async with agency.post.db.transaction(agency.tenant_id, readonly=True) as tx:
            row = await tx.row("SELECT monday, next_due_at FROM report_schedules")
        assert row is not None
        assert row["next_due_at"] == instant_of(row["monday"] + timedelta(days=7), 7, ZoneInfo(zone)), number
