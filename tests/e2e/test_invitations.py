"""From an appointment in somebody's calendar to the calendars of those who take part."""

from datetime import UTC, datetime, timedelta
from email import message_from_string, policy
from uuid import uuid4

import icalendar
import pytest

from tests.support.gateway import Agency
from tests.support.running import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


def sequence(calendar: icalendar.Calendar) -> int:
    """Return the version of the appointment that a calendar tells of."""
    return int(str(calendar.events[0]["SEQUENCE"]))


async def calendars(agency: Agency, address: str, expected: int) -> list[icalendar.Calendar]:
    """Return the calendars in the mails to an address, oldest first, once there are so many."""

    async def come() -> bool:
        return len(await agency.mails.to(address)) == expected

    await eventually(come, 20)
    found = list[icalendar.Calendar]()
    for listed in await agency.mails.to(address):
        async with agency.mails.http.get(f"{agency.mails.url}/mails/{listed['id']}/source") as response:
            mail = message_from_string(await response.text(), policy=policy.default)
        (ics,) = [part for part in mail.walk() if part.get_filename() == "appointments.ics"]
        read = icalendar.Calendar.from_ical(str(ics.get_content()))
        assert isinstance(read, icalendar.Calendar)
        found.append(read)
    return sorted(found, key=sequence)


@pytest.mark.catalogue("MG-17")
async def test_a_guest_is_invited_and_told_when_it_is_off(agency: Agency) -> None:
    admin, guest = agency.administrator, f"{uuid4().hex[:12]}@client.example"
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    body = {
        "kind": "viewing",
        "title": "Sopralluogo",
        "when": {
            "timezone": "Europe/Rome",
            "starts_local": f"{tomorrow}T10:00",
            "ends_local": f"{tomorrow}T11:00",
        },
        "guests": [{"email": guest, "display_name": "Carla Neri", "locale": "it"}],
    }
    made = (await admin.call("POST", "/records/v1/appointments", body)).expect(201)
    (invited,) = await calendars(agency, guest, 1)
    path = f"/records/v1/appointments/{made['id']}"
    assert (await admin.call("DELETE", path, If_Match=f'"{made["version"]}"')).status == 204
    _, off = await calendars(agency, guest, 2)
    assert [str(invited["METHOD"]), str(off["METHOD"])] == ["REQUEST", "CANCEL"]
    assert invited.events[0]["UID"] == off.events[0]["UID"] == f"{made['id']}@keyholder"
    assert sequence(invited) < sequence(off)
    assert str(invited.events[0]["SUMMARY"]) == "Sopralluogo"
