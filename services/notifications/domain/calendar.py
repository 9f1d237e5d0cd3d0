"""Appointments as an iCalendar object (RFC 5545)."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from services.notifications.domain.digest import Appointment

LONGEST_LINE: Final = 75
"""Octets of a content line, its end not counted (RFC 5545 section 3.1)."""
_ESCAPED: Final = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": ""})


def calendar(appointments: Sequence[Appointment], now: datetime) -> str:
    """Return a calendar with these appointments, all times in UTC."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Keyholder//Appointments//EN", "METHOD:PUBLISH"]
    for appointment in appointments:
        lines += _event(appointment, now)
    return "".join(f"{part}\r\n" for line in (*lines, "END:VCALENDAR") for part in folded(line))


def _event(appointment: Appointment, now: datetime) -> Iterable[str]:
    return (
        "BEGIN:VEVENT",
        f"UID:{appointment.id}@keyholder",
        f"SEQUENCE:{appointment.version}",
        f"DTSTAMP:{_utc(now)}",
        f"DTSTART:{_utc(appointment.starts_at)}",
        f"DTEND:{_utc(appointment.ends_at)}",
        f"SUMMARY:{_printable(appointment.summary).translate(_ESCAPED)}",
        "END:VEVENT",
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
