"""From an appointment made over HTTP to the mail of the next morning: records, the broker, notifications."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
import pytest_asyncio

from services.chassis import clock
from services.chassis.database import Database
from services.contracts.vocabulary import UserId
from services.notifications.app import SERVICE as NOTIFICATIONS
from services.notifications.operations import digests
from services.notifications.store import digests as schedules
from services.records.app import SERVICE as RECORDS
from tests.conftest import FreshDatabase
from tests.integration.notifications.agency import Agency as Mailed
from tests.integration.notifications.post_office import PostOffice, databases
from tests.integration.notifications.stub_identity import stub_identity
from tests.integration.records.conftest import Agency, open_agency, records_settings
from tests.integration.records.test_appointments import cancel, change, make, may
from tests.support.databases import ServiceDatabase
from tests.support.issuer import Issuer
from tests.support.mailsink import Received, mail_sink
from tests.support.running import eventually, serving, until_connected, working
from tests.support.stub_authz import EVERYTHING, StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROME = ZoneInfo("Europe/Rome")


@pytest_asyncio.fixture(loop_scope="session")
async def post(database: FreshDatabase, authz: StubAuthz, issuer: Issuer) -> AsyncGenerator[PostOffice]:
    fresh = await database(NOTIFICATIONS)
    async with databases(fresh) as (db, crossing), mail_sink() as sink, stub_identity() as identity:
        yield PostOffice(fresh, db, crossing, sink, identity, authz, issuer)


@pytest_asyncio.fixture(loop_scope="session")
async def told(
    records_database: ServiceDatabase, post: PostOffice, amqp_url: str, http: aiohttp.ClientSession
) -> AsyncGenerator[str]:
    """Records and notifications, both with their workers; yields where notifications answers."""
    records = records_settings(records_database, post.authz, post.issuer, amqp_url=amqp_url)
    async with (
        serving(NOTIFICATIONS, post.settings(amqp_url)) as url,
        working(NOTIFICATIONS, post.settings(amqp_url)) as one,
        working(RECORDS, records) as other,
    ):
        await until_connected(http, one)
        await until_connected(http, other)
        yield url


def _at(day: datetime, hour: int) -> dict[str, dict[str, Any]]:
    local = f"{day.date().isoformat()}T{hour:02}:00"
    return {
        "when": {
            "timezone": "Europe/Rome",
            "starts_local": local,
            "ends_local": f"{local[:11]}{hour + 1:02}:00",
        }
    }


@pytest.mark.catalogue("MG-17")
async def test_tomorrows_digest_holds_what_one_takes_part_in_and_no_one_elses_private_entry(
    http: aiohttp.ClientSession, records_url: str, records_db: Database, post: PostOffice, told: str
) -> None:
    agency = await open_agency(http, records_url, records_db, post.authz, post.issuer)
    mailed = Mailed(http, told, post, agency.tenant_id, agency.bruno)
    mailed.granted("admin.agents.manage", "communications.read")
    await mailed.tell(agency.bruno)
    await mailed.tell(agency.ada)
    await mailed.prefers(str(agency.bruno), appointments=True)
    await _rome(mailed)

    tomorrow = clock.now().astimezone(ROME) + timedelta(days=1)
    boss = may(agency, agency.ada, create=EVERYTHING)
    made = [
        await make(agency, agency.bruno, title="Sopralluogo", note="Signora Neri", **_at(tomorrow, 9)),
        await make(agency, boss, title="Firma", attendees=[str(agency.bruno)], **_at(tomorrow, 11)),
        await make(agency, agency.bruno, title="Dentista", is_private=True, **_at(tomorrow, 8)),
        await make(agency, boss, title="Colloquio riservato", is_private=True, **_at(tomorrow, 10)),
        await make(agency, boss, title="Altrui", **_at(tomorrow, 10)),
        await make(agency, agency.bruno, title="Dopodomani", **_at(tomorrow + timedelta(days=1), 9)),
        await make(agency, agency.bruno, title="Annullato", **_at(tomorrow, 15)),
        await make(agency, agency.bruno, title="Spostato", **_at(tomorrow, 16)),
    ]
    assert (await cancel(agency, agency.bruno, made[6])).status == 204
    assert (await change(agency, agency.bruno, made[7], {**_at(tomorrow, 7), "title": "Anticipato"})).status == 200

    async def arrived() -> bool:
        async with post.db.transaction(agency.tenant_id, readonly=True) as tx:
            rows = await tx.rows("SELECT version FROM appointments ORDER BY version")
        return [row["version"] for row in rows] == [1] * 6 + [2] * 2

    await eventually(arrived)
    await _tick(post, agency, datetime.combine(tomorrow.date(), time(7), ROME).astimezone(UTC))
    address = f"{agency.bruno.hex[:12]}@example.test"

    async def digest() -> list[Received]:
        return [mail for mail in post.sink.to(address) if str(mail.message["Subject"]).startswith("Appuntamenti del")]

    (sent,) = await eventually(digest)
    text = sent.part("plain")
    said = [line[line.index("  ") + 2 :] for line in text.splitlines() if "\N{EN DASH}" in line]
    assert said == ["Anticipato", "Dentista", "Sopralluogo", "Firma"]
    assert "Neri" not in str(sent.message)


async def _rome(mailed: Mailed) -> None:
    path = f"/v1/recipients/{mailed.user_id}/digest"
    _, now = await mailed.call("GET", path)
    body = {"timezone": "Europe/Rome", "local_hour": 7, "when_empty": False}
    status, answer = await mailed.call("PUT", path, body, If_Match=f'"{now["version"]}"')
    assert status == 200, answer


async def _tick(post: PostOffice, agency: Agency, now: datetime) -> None:
    """Do what a scheduler does at a moment for Bruno: everything that is due."""
    who = UserId(agency.bruno)
    while True:
        async with post.crossing.across_tenants() as queries:
            due = [one for one in await schedules.due(queries, now, 1_000) if one.user_id == who]
        if not due:
            return
        await digests.advance(post.db, due[0].tenant_id, due, now)
