"""The daily summary: what one takes part in, once a day, at one's hour, and nothing on an empty day."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import aiohttp
import pytest
import pytest_asyncio

from services.chassis.database import open_database
from services.contracts.identity_events import LicenceCreated
from services.contracts.records_events import AppointmentCancelled, AppointmentChanged, AppointmentScheduled
from services.contracts.vocabulary import Ownership, UserId
from services.notifications.app import SERVICE
from services.notifications.consumers import follow_appointment, follow_licence
from services.notifications.operations import digests
from services.notifications.store import agencies
from services.notifications.store import digests as schedules
from tests.integration.notifications.agency import Agency
from tests.integration.notifications.post_office import PostOffice, enveloped
from tests.support.running import eventually, serving, working
from tests.support.wire import counted

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROME = ZoneInfo("Europe/Rome")
TODAY = date(2026, 3, 29)  # Rome's day of 23 hours
MORNING = datetime.combine(TODAY, time(7), ROME).astimezone(UTC)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def url(post: PostOffice) -> AsyncGenerator[str]:
    async with serving(SERVICE, post.settings()) as one:
        yield one


@pytest_asyncio.fixture(loop_scope="session")
async def agency(http: aiohttp.ClientSession, url: str, post: PostOffice) -> Agency:
    made = Agency(http, url, post)
    made.granted("admin.agents.manage", "communications.read")
    await made.tell(made.user_id)
    await made.prefers(str(made.user_id), appointments=True)
    await change(made, timezone="Europe/Rome")
    return made


def seven(days: int) -> datetime:
    """Return seven in the morning in Rome, so many days after the day of 23 hours."""
    return datetime.combine(TODAY + timedelta(days=days), time(7), ROME).astimezone(UTC)


async def change(agency: Agency, **wish: object) -> None:
    path = f"/v1/recipients/{agency.user_id}/digest"
    _, now = await agency.call("GET", path)
    body = {name: now[name] for name in ("timezone", "local_hour", "when_empty")} | wish
    status, answer = await agency.call("PUT", path, body, If_Match=f'"{now["version"]}"')
    assert status == 200, answer


async def scheduled(
    agency: Agency, starts: datetime, *, hours: float = 1, summary: str = "Visita", **more: object
) -> UUID:
    """Have records tell of an appointment of this person's."""
    event = AppointmentScheduled.model_validate(
        {
            "appointment_id": uuid4(),
            "version": 1,
            "owner_id": agency.user_id,
            "attendees": (),
            "starts_at": starts,
            "ends_at": starts + timedelta(hours=hours),
            "timezone": "Europe/Rome",
            "summary": summary,
            "is_private": False,
            **more,
        }
    )
    await follow(agency, event)
    return event.appointment_id


async def follow(agency: Agency, event: AppointmentScheduled | AppointmentChanged | AppointmentCancelled) -> None:
    async with agency.post.db.transaction(agency.tenant_id) as tx:
        await follow_appointment(tx, event, enveloped(event, agency.tenant_id))


async def tick(agency: Agency, now: datetime) -> None:
    """Do what a scheduler does at a moment: everything that is due of this agency."""
    while True:
        async with agency.post.crossing.across_tenants() as queries:
            due = [one for one in await schedules.due(queries, now, 100_000) if one.tenant_id == agency.tenant_id]
        if not due:
            return
        await digests.advance(agency.post.db, agency.tenant_id, due, now)


async def runs(agency: Agency) -> list[tuple[date, str]]:
    async with agency.post.db.transaction(agency.tenant_id, readonly=True) as tx:
        rows = await tx.rows("SELECT local_date, outcome FROM digest_runs ORDER BY local_date")
    return [(row["local_date"], row["outcome"]) for row in rows]


async def call_off(agency: Agency) -> None:
    """Spare the workers of other tests the mails of this one."""
    async with agency.post.db.transaction(agency.tenant_id) as tx:
        await tx.execute("DELETE FROM digest_schedules")
        await tx.execute("UPDATE deliveries SET state = 'cancelled', next_try_at = NULL WHERE state = 'queued'")


async def mails(agency: Agency) -> list[UUID]:
    async with agency.post.db.transaction(agency.tenant_id, readonly=True) as tx:
        rows = await tx.rows("SELECT id FROM deliveries WHERE template = 'digest' ORDER BY created_at, id")
    return [row["id"] for row in rows]


@pytest.mark.catalogue("MG-17")
async def test_the_days_appointments_arrive_at_the_hour_with_a_calendar(agency: Agency) -> None:
    midnight = datetime.combine(TODAY, time(0), ROME).astimezone(UTC)
    tomorrow = datetime.combine(TODAY + timedelta(days=1), time(0), ROME).astimezone(UTC)
    assert tomorrow - midnight == timedelta(hours=23)
    await scheduled(agency, midnight, summary="Mezzanotte")
    await scheduled(agency, midnight - timedelta(hours=1), hours=2, summary="Dalla sera prima")
    await scheduled(agency, tomorrow - timedelta(minutes=30), summary="Fino a domani")
    await scheduled(agency, midnight - timedelta(hours=1), hours=1, summary="Ieri")
    await scheduled(agency, tomorrow, summary="Domani")
    await scheduled(agency, MORNING, summary="Di un altro", owner_id=uuid4())
    await scheduled(agency, MORNING, summary="Invitata", owner_id=uuid4(), attendees=(agency.user_id,))

    await tick(agency, midnight)
    assert await mails(agency) == []
    await tick(agency, MORNING)
    (mail_id,) = await mails(agency)
    async with working(SERVICE, agency.post.settings()):
        shown = await agency.became(str(mail_id))
    (mail,) = agency.post.sink.to(f"{agency.user_id.hex[:12]}@example.test")
    assert (shown["state"], shown["category"]) == ("sent", "appointments")
    text = mail.part("plain")
    said = [line[line.index("  ") + 2 :] for line in text.splitlines() if "\N{EN DASH}" in line]
    assert said == ["Dalla sera prima", "Mezzanotte", "Invitata", "Fino a domani"]
    assert "…\N{EN DASH}01:00  Dalla sera prima" in text
    assert mail.message["Subject"] == "Appuntamenti del 29/03/2026"
    assert mail.message["List-Unsubscribe"] is not None
    (attached,) = [part for part in mail.message.walk() if part.get_content_type() == "text/calendar"]
    assert str(attached.get_content()).count("BEGIN:VEVENT") == 4


async def test_with_four_schedulers_racing_everybody_gets_one(agency: Agency) -> None:
    people = [uuid4() for _ in range(25)]
    for person in people:
        await agency.tell(person)
        await agency.prefers(str(person), appointments=True)
    await scheduled(agency, MORNING, attendees=people)
    async with agency.post.db.transaction(agency.tenant_id) as tx:
        await tx.execute(
            "UPDATE digest_schedules SET timezone = 'Europe/Rome', next_date = $1, next_due_at = $2", TODAY, MORNING
        )
    await asyncio.gather(*(tick(agency, MORNING + timedelta(seconds=n)) for n in range(4)))
    await tick(agency, MORNING - timedelta(days=1))
    await tick(agency, MORNING + timedelta(hours=2))
    assert len(await mails(agency)) == 26
    assert await runs(agency) == [(TODAY, "queued")] * 26


@pytest.mark.catalogue("MG-17")
async def test_a_hundred_days_with_four_schedulers_racing_bring_one_digest_each(agency: Agency) -> None:
    people = [agency.user_id, *(uuid4() for _ in range(4))]
    for person in people[1:]:
        await agency.tell(person)
        await agency.prefers(str(person), appointments=True)
    await scheduled(agency, MORNING, hours=24 * 100, attendees=people[1:])
    async with agency.post.db.transaction(agency.tenant_id) as tx:
        await tx.execute(
            "UPDATE digest_schedules SET timezone = 'Europe/Rome', next_date = $1, next_due_at = $2", TODAY, MORNING
        )
    for day in range(100):
        now = seven(day)
        await asyncio.gather(*(tick(agency, now + timedelta(seconds=n)) for n in range(4)))
    days = [TODAY + timedelta(days=day) for day in range(100)]
    assert await runs(agency) == [(day, "queued") for day in days for _ in people]
    async with agency.post.db.transaction(agency.tenant_id, readonly=True) as tx:
        rows = await tx.rows(
            "SELECT recipient_user_id, facts ->> 'day' AS day FROM deliveries WHERE template = 'digest'"
        )
    told = sorted((row["recipient_user_id"], date.fromisoformat(row["day"])) for row in rows)
    assert told == sorted((person, day) for person in people for day in days)
    await call_off(agency)


async def test_a_thousand_digests_cost_as_many_statements_as_one(agency: Agency) -> None:
    async def costs(people: int) -> int:
        """Return how many statements it takes to queue the digests of so many people, each with something to tell."""
        async with agency.post.db.transaction(agency.tenant_id) as tx:
            await tx.execute("DELETE FROM digest_schedules")
            made = await tx.rows(
                """
                INSERT INTO recipients (tenant_id, id, kind, facts_version, display_name, email, locale, state)
                SELECT $1, gen_random_uuid(), 'user', 1, 'A', gen_random_uuid() || '@example.test', 'it', 'active'
                  FROM generate_series(1, $2::integer)
                RETURNING id
                """,
                agency.tenant_id,
                people,
            )
            await tx.execute(
                """
                INSERT INTO digest_schedules (tenant_id, user_id, timezone, next_date, next_due_at)
                SELECT $1, unnest($2::uuid[]), 'Europe/Rome', $3, $4
                """,
                agency.tenant_id,
                [row["id"] for row in made],
                TODAY,
                MORNING,
            )
            await tx.execute(
                """
                INSERT INTO preferences (tenant_id, recipient_id, category, wanted)
                SELECT $1, unnest($2::uuid[]), 'appointments', true
                """,
                agency.tenant_id,
                [row["id"] for row in made],
            )
        await scheduled(agency, MORNING, owner_id=made[0]["id"], attendees=[row["id"] for row in made])
        earlier = len(await mails(agency))
        async with (
            counted(agency.post.database.app) as (wire, url),
            open_database(url, connections=1, name="test") as db,
            agency.post.crossing.across_tenants() as queries,
        ):
            due = [one for one in await schedules.due(queries, MORNING, 100_000) if one.tenant_id == agency.tenant_id]
            async with db.transaction(agency.tenant_id) as tx:
                await agencies.find(tx)  # the driver learns the types of a connection once
            before = wire.statements
            await digests.advance(db, agency.tenant_id, due, MORNING)
            spent = wire.statements - before
        assert len(await mails(agency)) - earlier == people
        return spent

    assert await costs(1) == await costs(1000)
    await call_off(agency)


async def test_who_was_left_out_between_schedule_and_mail_reads_nothing_of_it(agency: Agency) -> None:
    kept, gone = uuid4(), uuid4()
    for person in (kept, gone):
        await agency.tell(person)
        await agency.prefers(str(person), appointments=True)
    one = await scheduled(
        agency, MORNING + timedelta(hours=1), owner_id=kept, attendees=(gone,), summary="Trattativa riservata"
    )
    async with agency.post.db.transaction(agency.tenant_id) as tx:
        await tx.execute(
            """
            UPDATE digest_schedules SET timezone = 'Europe/Rome', next_date = $2, next_due_at = $3
             WHERE user_id = ANY($1)
            """,
            [kept, gone],
            TODAY,
            MORNING,
        )
    await tick(agency, MORNING)
    assert len(await mails(agency)) == 2
    event = AppointmentChanged.model_validate(
        (await cancelled(agency, one, 2)).model_dump()
        | {
            "owner_id": kept,
            "starts_at": MORNING + timedelta(hours=1),
            "ends_at": MORNING + timedelta(hours=2),
            "summary": "Trattativa riservata",
        }
    )
    await follow(agency, event)
    async with working(SERVICE, agency.post.settings()):
        shown = [await agency.became(str(mail_id)) for mail_id in await mails(agency)]
    by_person = {mail["recipient_user_id"]: mail for mail in shown}
    assert "Trattativa riservata" in by_person[str(kept)]["body"]
    left_out = by_person[str(gone)]
    assert (left_out["state"], left_out["last_error_code"]) == ("cancelled", "no_appointments")


@pytest.mark.catalogue("MG-17")
async def test_an_empty_day_is_told_only_to_who_wants_that(agency: Agency) -> None:
    await tick(agency, seven(-3) - timedelta(hours=1))
    await tick(agency, seven(-3))
    assert [outcome for _, outcome in await runs(agency)] == ["empty"]
    assert await mails(agency) == []
    await change(agency, when_empty=True)
    await tick(agency, seven(-2) - timedelta(hours=1))
    await tick(agency, seven(-2))
    assert len(await mails(agency)) == 1


async def test_a_digest_that_is_due_is_sent_though_the_agency_is_told_again_or_its_hour_changed(agency: Agency) -> None:
    founded = LicenceCreated(
        name="Casa",
        timezone="Europe/Rome",
        locale="it",
        ownership=Ownership.ASSIGNEE,
        administrator_id=agency.user_id,
    )
    for day in range(4):  # the first makes the agency known, and its digests are worked out anew
        async with agency.post.db.transaction(agency.tenant_id) as tx:
            await follow_licence(tx, founded, enveloped(founded, agency.tenant_id))
        if day == 0:
            await tick(agency, seven(0) - timedelta(hours=1))
        if day > 1:
            await change(agency, when_empty=True, timezone=None, local_hour=7)
        await tick(agency, seven(day) + timedelta(minutes=1))
    assert [day for day, _ in await runs(agency)] == [TODAY + timedelta(days=day) for day in range(4)]
    assert [outcome for _, outcome in await runs(agency)] == ["empty", "empty", "queued", "queued"]
    await change(agency, local_hour=5)
    await tick(agency, seven(4) - timedelta(hours=1))
    await change(agency, local_hour=9)
    await tick(agency, seven(4))
    assert len(await runs(agency)) == 5, "one a day, whatever the hour"


async def test_who_does_not_want_it_gets_none(agency: Agency) -> None:
    await agency.prefers(str(agency.user_id), appointments=False)
    await scheduled(agency, MORNING)
    await tick(agency, MORNING - timedelta(hours=1))
    await tick(agency, MORNING)
    assert (await mails(agency), await runs(agency)) == ([], [])


@pytest.mark.parametrize(("late", "outcome"), [(6, "queued"), (7, "missed"), (30, "missed")])
async def test_a_scheduler_that_was_away_catches_up_or_owns_up(agency: Agency, late: int, outcome: str) -> None:
    await scheduled(agency, MORNING + timedelta(hours=8))
    await tick(agency, MORNING - timedelta(hours=1))
    await tick(agency, MORNING + timedelta(hours=late))
    assert (await runs(agency))[0] == (TODAY, outcome)


async def test_what_was_cancelled_or_moved_since_is_not_told(agency: Agency) -> None:
    kept = await scheduled(agency, MORNING + timedelta(hours=2), summary="Resta")
    gone = await scheduled(agency, MORNING + timedelta(hours=3), summary="Salta")
    await tick(agency, MORNING - timedelta(hours=1))
    await tick(agency, MORNING)
    await follow(agency, await cancelled(agency, gone, 3))
    late = AppointmentChanged.model_validate((await cancelled(agency, gone, 2)).model_dump())
    await follow(agency, late)
    (mail_id,) = await mails(agency)
    async with working(SERVICE, agency.post.settings()):
        shown = await agency.became(str(mail_id))
    assert "Resta" in shown["body"]
    assert "Salta" not in shown["body"], "an older version that comes late brings nothing back"

    await follow(agency, await cancelled(agency, kept, 2))
    async with agency.post.db.transaction(agency.tenant_id) as tx:
        await tx.execute(
            """
            UPDATE deliveries SET state = 'queued', sent_at = NULL, next_try_at = now() WHERE id = $1
            """,
            mail_id,
        )
    async with working(SERVICE, agency.post.settings()):

        async def is_cancelled() -> bool:
            return (await agency.became(str(mail_id)))["state"] == "cancelled"

        await eventually(is_cancelled)


async def cancelled(agency: Agency, appointment_id: UUID, version: int) -> AppointmentCancelled:
    return AppointmentCancelled(
        appointment_id=appointment_id,
        version=version,
        owner_id=UserId(agency.user_id),
        attendees=(),
        starts_at=MORNING,
        ends_at=MORNING,
        timezone="Europe/Rome",
        summary="",
        is_private=False,
    )


async def test_zone_and_hour_are_ones_own_to_choose(agency: Agency) -> None:
    await change(agency, timezone="America/Santiago", local_hour=22, when_empty=True)
    night = datetime.combine(TODAY, time(22), ZoneInfo("America/Santiago")).astimezone(UTC)
    await tick(agency, night - timedelta(minutes=1))
    assert await runs(agency) == []
    await tick(agency, night)
    assert await runs(agency) == [(TODAY, "queued")]
    path = f"/v1/recipients/{agency.user_id}/digest"
    for wrong in ({"timezone": "Mars/Base"}, {"local_hour": 24}):
        body = {"timezone": None, "local_hour": 7, "when_empty": False} | wrong
        assert (await agency.call("PUT", path, body, If_Match='"1"'))[0] == 422
    agency.granted()
    assert (await agency.call("GET", f"/v1/recipients/{uuid4()}/digest"))[0] == 403
