"""Invitations: who is told what, and calendars that take over, move and remove the same appointment."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from uuid import UUID
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.adapters.messages import Messages
from services.notifications.domain.calendar import LONGEST_LINE, Method, Parties, Party, calendar
from services.notifications.domain.digest import Appointment
from services.notifications.domain.invitation import Meeting, facts_of, from_facts, notices
from services.notifications.domain.letter import Letter

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
PEOPLE = [UUID(int=n) for n in range(1, 5)]
PARTIES = Parties(Party("Bruno Verdi", "bruno@agency.test"), Party("Carla Neri", "carla@client.test"))


def meeting(
    people: frozenset[UUID], *, owner: UUID | None = PEOPLE[0], starts: datetime = NOW, summary: str = "Visita"
) -> Meeting:
    one = Appointment(UUID(int=9), 3, starts, starts + timedelta(hours=1), summary, is_private=False)
    return Meeting(one, "Europe/Rome", owner, people)


MEETINGS = st.builds(
    meeting,
    st.frozensets(st.sampled_from(PEOPLE)),
    owner=st.none() | st.sampled_from(PEOPLE),
    starts=st.sampled_from([NOW - timedelta(hours=2), NOW - timedelta(minutes=30), NOW, NOW + timedelta(days=1)]),
    summary=st.sampled_from(["Visita", "Rogito"]),
)


def plainly(before: Meeting | None, after: Meeting, person: UUID) -> str | None:
    """Who is told what, person by person, in the words of the requirement."""
    over = all(NOW - one.appointment.starts_at >= timedelta(hours=1) for one in (before, after) if one)
    if over or person == after.owner_id:
        return None
    was, is_in = before is not None and person in before.people, person in after.people
    if was and not is_in:
        return "appointment_cancelled"
    if is_in and not was:
        return "appointment_invited"
    if was and before is not None:
        other = (before.appointment.starts_at, before.appointment.summary) != (
            after.appointment.starts_at,
            after.appointment.summary,
        )
        return "appointment_changed" if other else None
    return None


@given(st.none() | MEETINGS, MEETINGS)
def test_each_is_told_what_is_new_to_him_and_nothing_else(before: Meeting | None, after: Meeting) -> None:
    told = {str(person): template.value for person, template in notices(before, after, NOW).items()}
    expected = {str(person): plainly(before, after, person) for person in PEOPLE}
    assert told == {person: template for person, template in expected.items() if template is not None}


@given(MEETINGS, st.integers(1, 10**9))
def test_what_a_mail_keeps_is_enough_to_write_it_later(one: Meeting, version: int) -> None:
    kept = from_facts(facts_of(one, version))
    assert kept.told == one.told
    assert (kept.appointment.id, kept.appointment.version) == (one.appointment.id, version)


def parsed(text: str) -> icalendar.Event:
    found = icalendar.Calendar.from_ical(text)
    assert isinstance(found, icalendar.Calendar)
    (event,) = found.events
    assert not event.errors
    return event


def test_one_appointment_keeps_its_name_through_invitation_change_and_cancellation() -> None:
    moved = meeting(frozenset()).appointment
    said = [
        (
            method,
            calendar([Appointment(moved.id, version, moved.starts_at, moved.ends_at, "Visita")], NOW, method, PARTIES),
        )
        for version, method in ((1, Method.REQUEST), (2, Method.REQUEST), (5, Method.CANCEL))
    ]
    events = [parsed(text) for _, text in said]
    assert {str(event["UID"]) for event in events} == {f"{moved.id}@keyholder"}
    assert [event["SEQUENCE"] for event in events] == [1, 2, 5]
    assert [str(event["STATUS"]) for event in events] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    for (method, text), event in zip(said, events, strict=True):
        assert icalendar.Calendar.from_ical(text)["METHOD"] == method
        assert event["ORGANIZER"] == "mailto:bruno@agency.test"
        assert event["ATTENDEE"] == "mailto:carla@client.test", "nobody else who was invited is named"
        assert (event["ORGANIZER"].params["CN"], event["ATTENDEE"].params["CN"]) == ("Bruno Verdi", "Carla Neri")


@pytest.mark.parametrize("private", [False, True])
def test_a_private_appointment_is_marked_so_that_others_see_only_that_the_time_is_taken(*, private: bool) -> None:
    one = Appointment(UUID(int=9), 1, NOW, NOW + timedelta(hours=1), "Medico", is_private=private)
    event = parsed(calendar([one], NOW))
    assert (str(event["CLASS"]), str(event["TRANSP"])) == ("PRIVATE" if private else "PUBLIC", "OPAQUE")


@pytest.mark.parametrize(
    ("zone", "starts", "ends", "hours"),
    [
        ("Europe/Rome", "2026-03-29T01:30", "2026-03-29T03:30", 1),  # 02:30 is left out
        ("Europe/Rome", "2026-10-25T01:30", "2026-10-25T03:30", 3),  # 02:30 comes twice
        ("Australia/Lord_Howe", "2026-04-05T01:00", "2026-04-05T03:00", 2.5),
        ("America/Santiago", "2026-09-05T23:00", "2026-09-06T02:00", 2),  # midnight is left out
        ("Europe/Warsaw", "2026-07-01T09:00", "2026-07-01T10:00", 1),
    ],
)
def test_a_calendar_shows_the_wall_clock_of_the_zone_whatever_it_does_that_night(
    zone: str, starts: str, ends: str, hours: float
) -> None:
    here = ZoneInfo(zone)
    begin, end = (datetime.fromisoformat(wall).replace(tzinfo=here) for wall in (starts, ends))
    one = Appointment(UUID(int=9), 1, begin, end, "Visita")
    event = parsed(calendar([one], NOW, Method.REQUEST, PARTIES))
    read = [event.decoded(name) for name in ("DTSTART", "DTEND")]
    assert [moment.astimezone(here).strftime("%Y-%m-%dT%H:%M") for moment in read] == [starts, ends]
    assert read[1] - read[0] == timedelta(hours=hours)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(TEXTS, TEXTS, TEXTS)
def test_no_name_or_summary_adds_a_line_to_the_calendar(summary: str, organizer: str, attendee: str) -> None:
    parties = Parties(Party(organizer, "bruno@agency.test"), Party(attendee, "carla@client.test"))
    one = Appointment(UUID(int=9), 1, NOW, NOW + timedelta(hours=1), summary)
    text = calendar([one], NOW, Method.REQUEST, parties)
    assert max(len(line.encode()) for line in text.split("\r\n")) <= LONGEST_LINE
    event = parsed(text)
    assert set(event) == {
        *("UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "CLASS", "TRANSP"),
        *("ORGANIZER", "ATTENDEE", "STATUS"),
    }
    assert str(event["SUMMARY"]) == "".join(c for c in summary if c.isprintable() or c == "\n")
    assert event["ATTENDEE"] == "mailto:carla@client.test"


def test_a_mail_offers_the_invitation_to_the_program_and_to_the_person() -> None:
    one = meeting(frozenset()).appointment
    letter = Letter(
        locale="it",
        subject="Invito",
        text="Ciao",
        html="<p>Ciao</p>",
        redacted="Ciao",
        calendar=calendar([one], NOW, Method.REQUEST, PARTIES),
        calendar_method=Method.REQUEST,
    )
    raw = Messages("keyholder@agency.test").message(letter, UUID(int=7), "carla@client.test", NOW)
    mail = message_from_bytes(raw, policy=policy.default)
    offered = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    assert [part.get_filename() for part in offered] == [None, "appointments.ics"]
    for part in offered:
        assert part.get_param("method") == "REQUEST"
        assert parsed(str(part.get_content()))["UID"] == f"{one.id}@keyholder"
    body = mail.get_body(("plain",))
    assert body is not None
    assert str(body.get_content()).strip() == "Ciao"
