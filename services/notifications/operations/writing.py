"""Writing a letter: its words gathered from what notifications knows, its link fresh from identity."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.chassis.database import Database, Transaction
from services.notifications.adapters.agency_figures import Figures
from services.notifications.adapters.identity_links import ROUTES, IdentityLinks, NoLongerNeeded
from services.notifications.adapters.leave_links import LeaveLinks, Leaving
from services.notifications.adapters.letters import (
    DAY,
    Letters,
    Links,
    Words,
    day_and_time,
    language_of,
    moment_in_words,
    written_day,
)
from services.notifications.adapters.recipient_rights import RecipientRights
from services.notifications.domain import invitation, match, report
from services.notifications.domain.calendar import Method, Parties, Party, calendar
from services.notifications.domain.claim import Claim
from services.notifications.domain.delivery import Template
from services.notifications.domain.digest import Appointment, span_of
from services.notifications.domain.invitation import METHODS, Meeting
from services.notifications.domain.letter import Author, Letter, Letterhead
from services.notifications.store import appointments

_INSTANT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Desk:
    """What a letter is written with."""

    links: IdentityLinks
    leave_links: LeaveLinks
    letters: Letters
    rights: RecipientRights
    figures: Figures
    sender: str
    """The address of mails in nobody's name but the agency's."""


@dataclass(frozen=True, slots=True)
class _Known:
    head: Letterhead
    appointments: Sequence[Appointment]
    meeting: Meeting | None


async def write(desk: Desk, db: Database, claim: Claim, head: Letterhead, now: datetime) -> Letter:
    """Return the letter of a delivery. Raises NoLongerNeeded, Unavailable."""
    await _require_readable(desk, claim)
    known = await _known(db, claim, head, now)
    leave_url = desk.leave_links.url(Leaving(claim.tenant_id, claim.recipient_user_id, claim.category))
    words, url = _words(claim, known), ""
    if claim.template in ROUTES:
        words, url = await _linked(desk, claim, head)
    if claim.template is Template.WEEKLY_REPORT:
        words |= await _reported(desk, claim)
    links = Links(url, leave_url)
    letter = desk.letters.write(claim.template, claim.locale, words, links, head.wording)
    author = head.author or Author(str(words["agency"]), None)
    if known.meeting is not None:
        return replace(letter, author=author, **_invitation(desk, claim, head, known.meeting, now))
    ics = calendar(known.appointments, now) if known.appointments else ""
    return replace(letter, author=author, calendar=ics)


async def _require_readable(desk: Desk, claim: Claim) -> None:
    """Ask authz about mails that tell what a right must open. Raises NoLongerNeeded for a right lost meanwhile."""
    if claim.template not in {Template.MATCH, Template.WEEKLY_REPORT}:
        return
    snapshot = await desk.rights.of(claim.tenant_id, claim.recipient_user_id)
    is_match = claim.template is Template.MATCH
    if not (match.may_be_told(snapshot, claim.facts) if is_match else report.may_be_told(snapshot)):
        raise NoLongerNeeded("not_readable")


async def _linked(desk: Desk, claim: Claim, head: Letterhead) -> tuple[dict[str, object], str]:
    """Return the words and the link of a mail that carries one; its names are identity's, which are never late.

    Raises NoLongerNeeded for an address that is no longer the person's: whoever reads it may be anybody.
    """
    link = await desk.links.fresh(claim.template, claim.tenant_id, claim.recipient_user_id)
    if link.email.casefold() != claim.recipient_address.casefold():
        raise NoLongerNeeded("address_changed")
    words: dict[str, object] = link.model_dump(exclude={"url", "expires_at", "email"})
    words["valid_until"] = moment_in_words(link.expires_at, claim.locale, ZoneInfo(head.timezone))
    return words, link.url


async def _reported(desk: Desk, claim: Claim) -> Words:
    zone, monday = ZoneInfo(claim.facts["timezone"]), date.fromisoformat(claim.facts["monday"])
    week = report.week_before(monday, zone)
    figures = await desk.figures.of(claim.tenant_id, week.start, week.end)
    first, last = (written_day(moment, claim.locale, zone) for moment in (week.start, week.end - _INSTANT))
    return {
        "first_day": first,
        "last_day": last,
        "sign_ins": figures.sign_ins,
        "people": figures.people_signed_in,
        "refused": figures.sign_ins_refused,
        "seats_taken": figures.seats_taken,
        "seats": figures.seats,
        "accounts": [
            {"name": one.display_name, "day": written_day(one.ends_at, claim.locale, zone)} for one in figures.ending
        ],
    }


def _invitation(desk: Desk, claim: Claim, head: Letterhead, meeting: Meeting, now: datetime) -> dict[str, str | Method]:
    author = head.author or Author(head.agency, None)
    parties = Parties(Party(author.name, author.address or desk.sender), Party(head.recipient, claim.recipient_address))
    method = METHODS[claim.template]
    return {"calendar": calendar([meeting.appointment], now, method, parties), "calendar_method": method}


async def _known(db: Database, claim: Claim, head: Letterhead, now: datetime) -> _Known:
    if claim.template is not Template.DIGEST and claim.template not in METHODS:
        return _Known(head, (), None)
    async with db.single_read(claim.tenant_id) as tx:  # one of the two
        found = await _appointments(tx, claim) if claim.template is Template.DIGEST else ()
        meeting = await _meeting(tx, claim, now) if claim.template in METHODS else None
    return _Known(head, found, meeting)


def _words(claim: Claim, known: _Known) -> dict[str, object]:
    """Return what a letter without a link tells: names, and the facts of the event; moments in the agency's zone."""
    zone = ZoneInfo(known.head.timezone)
    words: dict[str, object] = {"agency": known.head.agency, "display_name": known.head.recipient, **claim.facts}
    for name in claim.facts.keys() & {"at", "expires_at"}:
        moment = datetime.fromisoformat(claim.facts[name])
        words[name] = (written_day if name == "expires_at" else moment_in_words)(moment, claim.locale, zone)
    if claim.template is Template.DIGEST:
        zone = ZoneInfo(claim.facts["timezone"])
        day = date.fromisoformat(claim.facts["day"])
        words["day"] = day.strftime(DAY[language_of(claim.locale)])
        words["appointments"] = [
            {"starts": _clock(one.starts_at, day, zone), "ends": _clock(one.ends_at, day, zone), "summary": one.summary}
            for one in known.appointments
        ]
    if known.meeting is not None:
        words |= _of_meeting(claim, known, known.meeting)
    return words


def _of_meeting(claim: Claim, known: _Known, meeting: Meeting) -> Words:
    one, zone = meeting.appointment, ZoneInfo(meeting.timezone)
    same_day = one.starts_at.astimezone(zone).date() == one.ends_at.astimezone(zone).date()
    ends = one.ends_at.astimezone(zone).strftime("%H:%M") if same_day else day_and_time(one.ends_at, claim.locale, zone)
    return {
        "summary": one.summary,
        "organizer": known.head.author.name if known.head.author else known.head.agency,
        "starts": day_and_time(one.starts_at, claim.locale, zone),
        "ends": ends,
        "timezone": meeting.timezone,
    }


async def _meeting(tx: Transaction, claim: Claim, now: datetime) -> Meeting:
    """Return an appointment as the recipient is to see it. Raises NoLongerNeeded.

    An invitation tells of it as it is now, and only whoever still takes part; a cancellation of what was called off.
    """
    told = invitation.from_facts(claim.facts)
    if METHODS[claim.template] is Method.CANCEL:
        return told
    found = await appointments.find(tx, told.appointment.id)
    if found is None or claim.recipient_user_id not in found.people:
        raise NoLongerNeeded("not_invited")
    if found.appointment.ends_at <= now:
        raise NoLongerNeeded("appointment_over")
    return found


async def _appointments(tx: Transaction, claim: Claim) -> Sequence[Appointment]:
    """Return the day's appointments as they are now. Raises NoLongerNeeded for a day that became empty."""
    zone, day = ZoneInfo(claim.facts["timezone"]), date.fromisoformat(claim.facts["day"])
    found = await appointments.of_day(tx, claim.recipient_user_id, span_of(day, zone))
    if not found and not claim.facts["when_empty"]:
        raise NoLongerNeeded("no_appointments")
    return found


def _clock(moment: datetime, day: date, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return local.strftime("%H:%M") if local.date() == day else "…"
