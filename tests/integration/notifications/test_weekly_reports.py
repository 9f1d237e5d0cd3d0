"""The weekly report: every Monday to each administrator, once, with figures that are asked for when it is written."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import aiohttp
import pytest
import pytest_asyncio
from pydantic import SecretStr

from services.chassis.http_client import Peer, open_http
from services.contracts.identity_api import AgencyFigures, EndingAccount
from services.contracts.identity_events import LicenceCreated
from services.contracts.vocabulary import Ownership
from services.notifications.adapters.recipient_rights import AuthzAway, RecipientRights
from services.notifications.app import SERVICE
from services.notifications.consumers import follow_licence
from services.notifications.operations import reports
from services.notifications.store import reports as schedules
from tests.integration.notifications.agency import Agency
from tests.integration.notifications.post_office import PostOffice, enveloped
from tests.integration.notifications.test_appointment_mails import queued, sent
from tests.support.running import INTERNAL_TOKEN, eventually, serving, working

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROME = ZoneInfo("Europe/Rome")
MONDAY = date(2026, 3, 30)  # the week before has 167 hours
FIGURES = AgencyFigures(
    sign_ins=41,
    people_signed_in=6,
    sign_ins_refused=2,
    seats_taken=6,
    seats=8,
    ending=(EndingAccount(display_name="Tomasz <b>Nowak", ends_at=datetime(2026, 4, 2, 22, 30, tzinfo=UTC)),),
)


def seven(monday: date) -> datetime:
    return datetime(monday.year, monday.month, monday.day, 7, tzinfo=ROME).astimezone(UTC)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def url(post: PostOffice) -> AsyncGenerator[str]:
    async with serving(SERVICE, post.settings()) as one:
        yield one


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def rights(post: PostOffice) -> AsyncGenerator[RecipientRights]:
    """authz, asked as the service asks it."""
    async with open_http() as http:
        yield RecipientRights(Peer(http, post.authz.url, SecretStr(INTERNAL_TOKEN)))


@pytest_asyncio.fixture(loop_scope="session")
async def agency(http: aiohttp.ClientSession, url: str, post: PostOffice) -> Agency:
    made = Agency(http, url, post)
    made.granted("admin.agents.manage", "communications.read")
    await made.tell(made.user_id)
    event = LicenceCreated(
        name="Casa Bella",
        timezone="Europe/Rome",
        locale="it",
        ownership=Ownership.ASSIGNEE,
        administrator_id=made.user_id,
    )
    async with post.db.transaction(made.tenant_id) as tx:
        await follow_licence(tx, event, enveloped(event, made.tenant_id))
    post.authz.administrators[made.tenant_id] = [made.user_id]
    post.identity.figures = FIGURES
    return made


async def tick(agency: Agency, rights: RecipientRights, now: datetime) -> None:
    """Do what a scheduler does at a moment for this agency."""
    async with agency.post.crossing.across_tenants() as queries:
        due = [one for one in await schedules.due(queries, now, 100_000) if one.tenant_id == agency.tenant_id]
    for one in due:
        await reports.advance(agency.post.db, rights, one, now)


async def rest(agency: Agency) -> None:
    """Let no worker, whose clock is the real one, add a report of its own."""
    async with agency.post.db.transaction(agency.tenant_id) as tx:
        await tx.execute("UPDATE report_schedules SET next_due_at = 'infinity'")


async def test_the_report_says_what_happened_in_the_week_and_who_leaves(
    agency: Agency, rights: RecipientRights
) -> None:
    await tick(agency, rights, seven(MONDAY) - timedelta(days=3))
    assert await queued(agency) == [], "an agency's first week is not over yet"
    await tick(agency, rights, seven(MONDAY) - timedelta(minutes=1))
    assert await queued(agency) == []
    await tick(agency, rights, seven(MONDAY))
    await rest(agency)
    await sent(agency)
    assert agency.post.identity.spans[agency.tenant_id] == [("2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z")]
    (mail,) = agency.post.sink.to(f"{agency.user_id.hex[:12]}@example.test")
    assert mail.message["Subject"] == "Casa Bella: la settimana 23/03/2026 \N{EN DASH} 29/03/2026"
    text = mail.part("plain")
    for said in ("Accessi: 41", "Persone che sono entrate: 6", "Accessi rifiutati: 2", "6 su 8"):
        assert said in text
    assert "03/04/2026  Tomasz <b>Nowak" in text, "the day is the agency's"
    assert "<b>Nowak" not in mail.part("html")
    (row,) = await queued(agency)
    assert (row["category"], row["template"]) == ("administration", "weekly_report")


async def test_a_hundred_weeks_with_four_schedulers_racing_bring_one_report_each(
    agency: Agency, rights: RecipientRights
) -> None:
    second = uuid4()
    await agency.tell(second)
    agency.post.authz.administrators[agency.tenant_id] = [agency.user_id, second]
    await tick(agency, rights, seven(MONDAY) - timedelta(days=1))
    for week in range(100):
        now = seven(MONDAY + timedelta(days=7 * week))
        await asyncio.gather(*(tick(agency, rights, now + timedelta(seconds=n)) for n in range(4)))
    await tick(agency, rights, seven(MONDAY))
    async with agency.post.db.transaction(agency.tenant_id) as tx:
        rows = await tx.rows(
            """
            SELECT recipient_user_id, facts ->> 'monday' AS monday, count(*) AS reports
              FROM deliveries GROUP BY 1, 2
            """
        )
    told = {(row["recipient_user_id"], date.fromisoformat(row["monday"])): row["reports"] for row in rows}
    mondays = [MONDAY + timedelta(days=7 * week) for week in range(100)]
    assert told == {(UUID(str(person)), monday): 1 for person in (agency.user_id, second) for monday in mondays}


async def test_after_an_absence_only_the_latest_week_is_told(agency: Agency, rights: RecipientRights) -> None:
    await tick(agency, rights, seven(MONDAY) - timedelta(days=1))
    await tick(agency, rights, seven(MONDAY) + timedelta(days=24))
    assert [row["facts"] for row in await queued(agency)] == ['{"monday": "2026-04-20", "timezone": "Europe/Rome"}']


async def test_who_is_no_longer_an_administrator_is_told_nothing(agency: Agency, rights: RecipientRights) -> None:
    other = uuid4()
    address = await agency.tell(other)
    agency.post.authz.administrators[agency.tenant_id] = [agency.user_id, other]
    await tick(agency, rights, seven(MONDAY) - timedelta(days=1))
    await tick(agency, rights, seven(MONDAY))
    await rest(agency)
    await sent(agency)
    states = {row["recipient_address"]: (row["state"], row["last_error_code"]) for row in await queued(agency)}
    assert states.pop(address) == ("cancelled", "not_readable")
    assert list(states.values()) == [("sent", None)]
    assert agency.post.sink.to(address) == []


@pytest.mark.catalogue("SB-20")
async def test_the_report_can_be_left(agency: Agency, rights: RecipientRights) -> None:
    await agency.prefers(str(agency.user_id), administration=False)
    await tick(agency, rights, seven(MONDAY) - timedelta(days=1))
    await tick(agency, rights, seven(MONDAY))
    await rest(agency)
    await sent(agency)
    assert [(row["state"], row["ground"]) for row in await queued(agency)] == [("suppressed", "own_choice")]


async def test_while_a_peer_is_away_the_report_waits_and_is_not_lost(agency: Agency, rights: RecipientRights) -> None:
    await tick(agency, rights, seven(MONDAY) - timedelta(days=1))
    agency.post.authz.down = True
    try:
        with pytest.raises(AuthzAway):
            await tick(agency, rights, seven(MONDAY))
    finally:
        agency.post.authz.down = False
    agency.post.identity.figures = None
    await tick(agency, rights, seven(MONDAY) + timedelta(minutes=5))
    await rest(agency)
    async with working(SERVICE, agency.post.settings()):

        async def waits() -> bool:
            (row,) = await queued(agency)
            return row["state"] == "deferred" and row["attempts"] == 0

        await eventually(waits)
        agency.post.identity.figures = FIGURES
        async with agency.post.db.transaction(agency.tenant_id) as tx:
            await tx.execute("UPDATE deliveries SET next_try_at = now()")
            await tx.execute("SELECT pg_notify('deliveries', '')")
        (row,) = await queued(agency)
        assert (await agency.became(str(row["id"])))["state"] == "sent"
