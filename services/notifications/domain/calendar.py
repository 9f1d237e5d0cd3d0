"""Appointments as an iCalendar object (RFC 5545), and as one that calendars take over by themselves (RFC 5546)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from services.notifications.domain.digest import Appointment

LONGEST_LINE: Final = 75
"""Octets of a content line, its end not counted (RFC 5545 section 3.1)."""
_ESCAPED: Final = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": ""})


class Method(StrEnum):
    """What whoever gets a calendar should do with it."""

    PUBLISH = "PUBLISH"
    REQUEST = "REQUEST"
    """Add the appointment, or replace it by this if this has the higher SEQUENCE."""
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class Party:
    """Who invites or is invited."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Parties:
    """Whom an appointment's object names: nobody learns by it who else was invited."""

    organizer: Party
    attendee: Party


def calendar(
    appointments: Sequence[Appointment],
    now: datetime,
    method: Method = Method.PUBLISH,
    parties: Parties | None = None,
) -> str:
    """Return a calendar with these appointments, all times in UTC; RFC 5546 demands the parties of an invitation."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Keyholder//Appointments//EN", f"METHOD:{method}"]
    for appointment in appointments:
        lines += ("BEGIN:VEVENT", *_event(appointment, now), *_named(parties))
        lines += (f"STATUS:{'CANCELLED' if method is Method.CANCEL else 'CONFIRMED'}", "END:VEVENT")
    return "".join(f"{part}\r\n" for line in (*lines, "END:VCALENDAR") for part in folded(line))


def _event(appointment: Appointment, now: datetime) -> Iterable[str]:
    return (
        f"UID:{appointment.id}@keyholder",
        f"SEQUENCE:{appointment.version}",
        f"DTSTAMP:{_utc(now)}",
        f"DTSTART:{_utc(appointment.starts_at)}",
        f"DTEND:{_utc(appointment.ends_at)}",
        f"SUMMARY:{_printable(appointment.summary).translate(_ESCAPED)}",
        f"CLASS:{'PRIVATE' if appointment.is_private else 'PUBLIC'}",
        "TRANSP:OPAQUE",
    )


def _named(parties: Parties | None) -> Iterable[str]:
    if parties is None:
        return ()
    organizer, attendee = parties.organizer, parties.attendee
    return (
        f"ORGANIZER;CN={_quoted(organizer.name)}:mailto:{organizer.address}",
        f"ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;CN={_quoted(attendee.name)}:mailto:{attendee.address}",
    )


def folded(line: str) -> Iterator[str]:
    """Yield a content line in pieces of at most 75 octets, no character cut in two; further ones begin with a space."""
    piece, octets = "", 0
    for character in line:
        size = len(character.encode())
        if octets + size > LONGEST_LINE:
            yield piece
            piece, octets = " ", 1
        piece += character
        octets += size
    yield piece


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable() or character == "\n")


def _quoted(name: str) -> str:
    """Return a name as the value of a parameter, in which a quotation mark cannot stand (RFC 5545 section 3.2)."""
    one_line = "".join(character for character in name if character.isprintable())
    return '"' + one_line.replace('"', "'") + '"'
