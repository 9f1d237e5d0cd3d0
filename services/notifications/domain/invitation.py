"""Invitations: who is told what when an appointment is made, changed or called off."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from services.notifications.domain.calendar import Method
from services.notifications.domain.delivery import Template
from services.notifications.domain.digest import Appointment

METHODS: Final[Mapping[Template, Method]] = {
    Template.APPOINTMENT_INVITED: Method.REQUEST,
    Template.APPOINTMENT_CHANGED: Method.REQUEST,
    Template.APPOINTMENT_CANCELLED: Method.CANCEL,
}
"""The mails about one appointment, and what each asks of the reader's calendar."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """An appointment with whoever takes part, the owner included; nobody takes part in one that was called off."""

    appointment: Appointment
    timezone: str
    owner_id: UUID | None
    """None for one of which records last told when owners were not kept."""
    people: frozenset[UUID]

    @property
    def told(self) -> tuple[object, ...]:
        """Return what a mail would say of it."""
        one = self.appointment
        return one.starts_at, one.ends_at, one.summary, one.is_private, self.timezone


def notices(before: Meeting | None, after: Meeting, now: datetime) -> Mapping[UUID, Template]:
    """Return who is to be told what; nobody of what is over, and the owner, who arranged it, of nothing.

    Whoever was not told before is invited, whichever version of the appointment is the first that is heard of.
    """
    ends = max(meeting.appointment.ends_at for meeting in (before, after) if meeting is not None)
    if ends <= now:
        return {}
    earlier = before.people if before is not None else frozenset[UUID]()
    changed = before is not None and before.told != after.told
    news = {
        **dict.fromkeys(after.people - earlier, Template.APPOINTMENT_INVITED),
        **dict.fromkeys(after.people & earlier if changed else (), Template.APPOINTMENT_CHANGED),
        **dict.fromkeys(earlier - after.people, Template.APPOINTMENT_CANCELLED),
    }
    return {person: template for person, template in news.items() if person != after.owner_id}


def facts_of(meeting: Meeting, version: int) -> Mapping[str, str]:
    """Return what a mail about it keeps, so that one about what is no more can still be written.

    `version` is the one that the mail tells of: a calendar heeds no cancellation older than its invitation.
    """
    one = meeting.appointment
    return {
        "appointment_id": str(one.id),
        "version": str(version),
        "starts_at": one.starts_at.isoformat(),
        "ends_at": one.ends_at.isoformat(),
        "summary": one.summary,
        "is_private": "yes" if one.is_private else "",
        "timezone": meeting.timezone,
    }


def from_facts(facts: Mapping[str, str]) -> Meeting:
    """Return the appointment that a mail kept."""
    return Meeting(
        Appointment(
            id=UUID(facts["appointment_id"]),
            version=int(facts["version"]),
            starts_at=datetime.fromisoformat(facts["starts_at"]),
            ends_at=datetime.fromisoformat(facts["ends_at"]),
            summary=facts["summary"],
            is_private=facts["is_private"] == "yes",
        ),
        facts["timezone"],
        None,
        frozenset(),
    )
