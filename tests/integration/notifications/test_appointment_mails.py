"""Whoever takes part in an appointment hears of it: invited, told of changes, and told when it is off."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import aiohttp
import icalendar
import pytest
import pytest_asyncio

from services.chassis.database import Row
from services.contracts.envelope import Event
from services.contracts.identity_events import UserChanged
from services.contracts.records_events import (
    AppointmentCancelled,
    AppointmentChanged,
    AppointmentEvent,
    AppointmentScheduled,
    Guest,
)
from services.contracts.vocabulary import UserId, UserState
from services.notifications.app import SERVICE
from services.notifications.consumers import follow_appointment
from services.notifications.operations.appointments import PictureIncomplete
from services.notifications.store import guests
from tests.integration.notifications.agency import Agency
from tests.integration.notifications.post_office import Invited, PostOffice, created, enveloped
from tests.support.broker import publish_raw
from tests.support.mailsink import Received
from tests.support.running import eventually, serving, until_connected, working

pytestmark = pytest.mark.asyncio(loop_scope="session")

TOMORROW = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
INVITED, CHANGED, CANCELLED = "appointment_invited", "appointment_changed", "appointment_cancelled"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def url(post: PostOffice) -> AsyncGenerator[str]:
    async with serving(SERVICE, post.settings()) as one:
        yield one


@pytest_asyncio.fixture(loop_scope="session")
async def agency(http: aiohttp.ClientSession, url: str, post: PostOffice) -> Agency:
    made = Agency(http, url, post)
    made.granted("admin.agents.manage", "communications.read", "communications.resend")
    await made.tell(made.user_id, name="Anna Rossi")
    return made


def event(agency: Agency, kind: type[AppointmentEvent] = AppointmentScheduled, **more: object) -> AppointmentEvent:
    said: dict[str, object] = {
        "appointment_id": uuid4(),
        "version": 1,
        "owner_id": agency.user_id,
        "attendees": (),
        "starts_at": TOMORROW,
        "ends_at": TOMORROW + timedelta(hours=1),
        "timezone": "Europe/Rome",
        "summary": "Sopralluogo; con chiavi",
        "is_private": False,
    }
    return kind.model_validate(said | more)


def later(one: AppointmentEvent, kind: type[AppointmentEvent] = AppointmentChanged, **more: object) -> AppointmentEvent:
    return kind.model_validate(one.model_dump() | {"version": one.version + 1} | more)


def guest(address: str, contact_id: UUID | None = None, name: str = "Carla Neri") -> Guest:
    return Guest(contact_id=contact_id, email=address, display_name=name, locale="de")


async def follow(agency: Agency, *events: AppointmentEvent) -> None:
    for one in events:
        async with agency.post.db.transaction(agency.tenant_id) as tx:
            await follow_appointment(tx, one, enveloped(one, agency.tenant_id))


async def queued(agency: Agency) -> list[Row]:
    async with agency.post.db.transaction(agency.tenant_id, readonly=True) as tx:
        return list(await tx.rows("SELECT * FROM deliveries ORDER BY created_at, id"))


async def told(agency: Agency) -> list[tuple[str, str]]:
    """Return who is told what, of each event in order."""
    return [(row["recipient_address"], row["template"]) for row in await queued(agency)]


async def sent(agency: Agency) -> None:
    """Let the mails that are queued go out."""
    async with working(SERVICE, agency.post.settings()):
        for row in await queued(agency):
            await agency.became(str(row["id"]))


def objects(mails: Iterable[Received]) -> list[icalendar.Calendar]:
    """Return the calendars of mails, each of which offers the same to program and person."""
    found = list[icalendar.Calendar]()
    for mail in mails:
        inline, attached = (part for part in mail.message.walk() if part.get_content_type() == "text/calendar")
        assert str(inline.get_content()).splitlines() == str(attached.get_content()).splitlines()
        assert inline.get_param("method") in ("REQUEST", "CANCEL")
        read = icalendar.Calendar.from_ical(str(attached.get_content()))
        assert isinstance(read, icalendar.Calendar)
        found.append(read)
    return found


async def test_a_guest_who_is_forgotten_is_told_nothing_and_not_kept_unless_he_is_expected_elsewhere(
    agency: Agency,
) -> None:
    gone, elsewhere, stays = (f"{uuid4().hex[:12]}@client.test" for _ in range(3))
    made = event(agency, guests=(guest(gone, uuid4()), guest(elsewhere), guest(stays)))
    await follow(agency, made, event(agency, guests=(guest(elsewhere),)))
    before = await told(agency)
    await follow(agency, later(made, guests=(guest(stays),), guests_forgotten=True))
    assert await told(agency) == before
    await follow(agency, later(made, version=3, guests=(guest(stays),), summary="Firma"))
    assert (await told(agency))[len(before) :] == [(stays, CHANGED)]
    async with agency.post.db.transaction(agency.tenant_id, readonly=True) as tx:
        rows = await tx.rows("SELECT email FROM recipients WHERE kind = 'guest'")
    assert {row["email"] for row in rows} == {elsewhere, stays}


@pytest.mark.catalogue("MG-17")
async def test_colleagues_contacts_and_plain_addresses_are_invited_moved_and_released(agency: Agency) -> None:
    colleague, contact_id, plain = uuid4(), uuid4(), f"{uuid4().hex[:12]}@client.test"
    colleague_address = await agency.tell(colleague)
    contact_address = f"{contact_id.hex[:12]}@client.test"
    made = event(agency, attendees=(colleague,), guests=(guest(contact_address, contact_id), guest(plain, None, "")))
    moved = later(made, starts_at=TOMORROW + timedelta(hours=2), ends_at=TOMORROW + timedelta(hours=3))
    await follow(agency, made)
    await sent(agency)
    await follow(agency, moved)
    await sent(agency)
    await follow(agency, later(moved, AppointmentCancelled, summary=""))
    await sent(agency)

    for address in (colleague_address, contact_address, plain):
        mails = agency.post.sink.to(address)
        calendars = objects(mails)
        events = [one for calendar in calendars for one in calendar.events]
        assert [str(one["METHOD"]) for one in calendars] == ["REQUEST", "REQUEST", "CANCEL"]
        assert {str(one["UID"]) for one in events} == {f"{made.appointment_id}@keyholder"}
        assert [one["SEQUENCE"] for one in events] == [1, 2, 3]
        assert [one.decoded("DTSTART") for one in events] == [TOMORROW, moved.starts_at, moved.starts_at]
        assert {str(one["SUMMARY"]) for one in events} == {"Sopralluogo; con chiavi"}
        assert {str(one["ATTENDEE"]) for one in events} == {f"mailto:{address}"}
        for mail in mails:
            assert mail.message["From"] == "Anna Rossi <keyholder@agency.test>"
            assert mail.message["List-Unsubscribe"] is not None
            assert all(
                other not in mail.raw.decode() for other in {colleague_address, contact_address, plain} - {address}
            )
    assert agency.post.sink.to(f"{agency.user_id.hex[:12]}@example.test") == [], "who arranged it knows"
    assert agency.post.sink.to(plain)[0].message["Subject"].startswith("Einladung: Sopralluogo")


async def test_only_who_is_concerned_hears_of_a_change(agency: Agency) -> None:
    one, two, three = (f"{uuid4().hex[:12]}@client.test" for _ in range(3))
    made = event(agency, guests=(guest(one), guest(two)))
    swapped = later(made, guests=(guest(two), guest(three)))
    same = later(swapped)
    await follow(agency, made, swapped, same)
    assert sorted((await told(agency))[2:]) == sorted([(one, CANCELLED), (three, INVITED)])
    assert sorted((await told(agency))[:2]) == sorted([(one, INVITED), (two, INVITED)])


async def test_versions_that_come_late_or_twice_tell_nothing(agency: Agency) -> None:
    one = f"{uuid4().hex[:12]}@client.test"
    made = event(agency, guests=(guest(one),))
    moved = later(made, summary="Rogito")
    await follow(agency, moved, made, moved)
    assert await told(agency) == [(one, INVITED)], "the first version that is heard of invites"
    off = later(moved, AppointmentCancelled)
    await follow(agency, off, moved)
    assert await told(agency) == [(one, INVITED), (one, CANCELLED)]
    unheard = event(agency, AppointmentCancelled, version=2, guests=(guest(one),))
    await follow(agency, unheard, later(unheard, AppointmentScheduled, version=1))
    assert len(await told(agency)) == 2, "nobody is told that something is off of which he never heard"


async def test_what_is_over_is_told_to_nobody(agency: Agency) -> None:
    past = event(
        agency,
        starts_at=TOMORROW - timedelta(days=3),
        ends_at=TOMORROW - timedelta(days=2),
        guests=(guest("late@client.test"),),
    )
    await follow(agency, past, later(past, AppointmentCancelled))
    assert await told(agency) == []


async def test_an_invitation_tells_of_the_appointment_as_it_is_when_the_mail_goes_out(agency: Agency) -> None:
    kept, dropped = f"{uuid4().hex[:12]}@client.test", f"{uuid4().hex[:12]}@client.test"
    made = event(agency, summary="Prima", guests=(guest(kept), guest(dropped)))
    await follow(agency, made, later(made, summary="Segreto di altri", guests=(guest(kept),)))
    await sent(agency)
    (invited, changed) = agency.post.sink.to(kept)
    assert "Segreto di altri" in invited.part("plain")
    assert "Segreto di altri" in changed.part("plain")
    (released,) = agency.post.sink.to(dropped)
    assert "Prima" in released.part("plain")
    assert "Segreto" not in released.raw.decode() + released.part("plain"), "who is out learns nothing new"
    states = {(row["recipient_address"], row["template"]): row for row in await queued(agency)}
    invitation = states[dropped, INVITED]
    assert (invitation["state"], invitation["last_error_code"]) == ("cancelled", "not_invited")


@pytest.mark.catalogue("MG-18", "SB-22")
async def test_blocks_and_choices_count_for_invitations_too(agency: Agency) -> None:
    address = f"{uuid4().hex[:12]}@client.test"
    await follow(agency, event(agency, guests=(guest(address),)))
    (row,) = await queued(agency)
    recipient = str(row["recipient_user_id"])
    assert (await agency.prefers(recipient))["invitations"] == (True, "system_default")
    await agency.prefers(recipient, invitations=False)
    await sent(agency)
    assert (await queued(agency))[0]["ground"] == "own_choice"
    await follow(agency, event(agency, guests=(guest(address.upper()),)))
    await sent(agency)
    assert [row["ground"] for row in await queued(agency)] == ["own_choice"] * 2, "an address is known again"

    _, shown = await agency.call("GET", f"/v1/recipients/{agency.user_id}")
    body = {"receives": True, "sends": False, "sender_address": None}
    path = f"/v1/recipients/{agency.user_id}/switches"
    assert (await agency.call("PUT", path, body, If_Match=f'"{shown["version"]}"'))[0] == 200
    await follow(agency, event(agency, guests=(guest(f"{uuid4().hex[:12]}@client.test"),)))
    await sent(agency)
    assert (await queued(agency))[-1]["ground"] == "sending_blocked"


async def test_a_colleague_of_whom_nothing_is_known_yet_is_waited_for(agency: Agency) -> None:
    colleague = uuid4()
    made = event(agency, attendees=(colleague,))
    with pytest.raises(PictureIncomplete):
        await follow(agency, made)
    assert await told(agency) == []
    address = await agency.tell(colleague)
    await follow(agency, made)
    assert await told(agency) == [(address, INVITED)]


async def test_two_workers_with_two_versions_at_once_invite_once(agency: Agency) -> None:
    for _ in range(20):
        one = f"{uuid4().hex[:12]}@client.test"
        made = event(agency, guests=(guest(one),))
        await asyncio.gather(follow(agency, made), follow(agency, later(made)), follow(agency, made))
        assert [template for address, template in await told(agency) if address == one] == [INVITED]


async def test_a_guest_of_whom_nothing_is_left_is_forgotten_and_a_choice_is_not(agency: Agency) -> None:
    gone, chose = f"{uuid4().hex[:12]}@client.test", f"{uuid4().hex[:12]}@client.test"
    await follow(agency, event(agency, guests=(guest(gone), guest(chose))))
    ids = {row["recipient_address"]: str(row["recipient_user_id"]) for row in await queued(agency)}
    await agency.prefers(ids[chose], invitations=False)

    async def known() -> set[str]:
        async with agency.post.crossing.across_tenants() as queries:
            await guests.purge(queries, 1000)
        _, page = await agency.call("GET", "/v1/recipients?kind=guest")
        return {one["email"] for one in page["items"]}

    assert await known() == {gone, chose}
    async with agency.post.crossing.across_tenants() as queries:
        for table in ("delivery_history", "deliveries"):
            if table == "deliveries":
                await queries.execute("DELETE FROM deliveries WHERE tenant_id = $1", agency.tenant_id)
            else:
                await queries.execute("DELETE FROM delivery_history WHERE tenant_id = $1", agency.tenant_id)
    assert await known() == {gone, chose}, "the appointment is still to come"
    async with agency.post.crossing.across_tenants() as queries:
        await queries.execute(
            "UPDATE appointment_people SET starts_at = now() - interval '2 h', ends_at = now() - interval '1 h'"
        )
    assert await known() == {chose}
    _, page = await agency.call("GET", "/v1/recipients")
    assert {one["kind"] for one in page["items"]} == {"user"}, "guests are listed only if asked for"


async def test_messages_that_overtake_each_other_bring_the_same_mails(agency: Agency, amqp_url: str) -> None:
    """An appointment may be heard of before the colleague it names: queues do not wait for each other."""
    post, colleague = agency.post, uuid4()
    address = f"{colleague.hex[:12]}@client.test"
    made = event(agency, attendees=(colleague,))
    person = created(Invited(agency.tenant_id, UserId(colleague), address)).user.model_copy(
        update={"state": UserState.ACTIVE}
    )
    async with working(SERVICE, post.settings(amqp_url)) as url:
        async with aiohttp.ClientSession() as http:
            await until_connected(http, url)

        async def publish(one: Event) -> None:
            message = enveloped(one, agency.tenant_id)
            await publish_raw(amqp_url, message.type, message.model_dump(mode="json"))

        async def failed() -> bool:
            async with post.crossing.across_tenants() as queries:
                return await queries.value(
                    "SELECT EXISTS (SELECT FROM failed_messages WHERE tenant_id = $1 AND queue = $2)",
                    agency.tenant_id,
                    "notifications.appointments",
                )

        await publish(made)
        await eventually(failed)
        assert await told(agency) == []
        await publish(UserChanged(user=person))

        async def told_once_tried_again() -> list[Received]:
            async with post.crossing.across_tenants() as queries:  # the pauses between tries are not what is shown
                await queries.execute("UPDATE failed_messages SET next_try_at = now() WHERE next_try_at > now()")
            return post.sink.to(address)

        (mail,) = await eventually(told_once_tried_again, 30)
        (found,) = objects([mail])
        assert [one["SEQUENCE"] for one in found.events] == [1]
    assert [template for recipient, template in await told(agency) if recipient == address] == [INVITED]
