"""Mail that comes back, addresses left alone, history that ends, messages given up and tried again."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import aiohttp
import pytest
import pytest_asyncio

from services.contracts.identity_events import PasswordChanged, TechnicianExpiring, UserFacts
from services.contracts.vocabulary import TenantId, UserId, UserKind, UserState
from services.notifications import jobs
from services.notifications.adapters.bounces import Bounce
from services.notifications.app import SERVICE
from services.notifications.consumers import warn_of_end
from services.notifications.domain.suppression import Severity
from services.notifications.jobs import NOTICE
from services.notifications.operations.deliveries import take_back
from services.notifications.operations.notices import announce_end
from services.notifications.store import claims, recipients, suppressions
from tests.integration.notifications.agency import Agency
from tests.integration.notifications.post_office import Invited, PostOffice, created, enveloped
from tests.support.mailsink import Mode
from tests.support.running import eventually, serving, working
from tests.unit.notifications.test_bounces import report

pytestmark = pytest.mark.asyncio(loop_scope="session")

TOKEN = "bounce-token-of-the-tests"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def url(post: PostOffice) -> AsyncGenerator[str]:
    settings = post.settings(bounce_token=TOKEN, smtp_connections_per_domain=3)
    async with serving(SERVICE, settings) as one, working(SERVICE, settings):
        yield one


@pytest_asyncio.fixture(loop_scope="session")
async def agency(http: aiohttp.ClientSession, url: str, post: PostOffice) -> Agency:
    made = Agency(http, url, post)
    made.granted("admin.agents.manage", "admin.settings.update", "communications.read")
    await made.tell(made.user_id)
    return made


async def hand_in(http: aiohttp.ClientSession, url: str, raw: str, token: str = TOKEN) -> tuple[int, object]:
    bearer = {"Authorization": f"Bearer {token}"}
    async with http.post(f"{url}/v1/bounces", json={"message": raw}, headers=bearer) as response:
        return response.status, (await response.json()).get("understood")


async def test_a_mail_that_comes_back_is_told_and_its_address_left_alone(
    agency: Agency, http: aiohttp.ClientSession
) -> None:
    contact = await agency.contact()
    (queued,) = await agency.write(contact["id"])
    sent = await agency.became(queued["delivery_id"])
    assert sent["state"] == "sent"
    raw = report(message_id=agency.post.sink.to(contact["email"])[0].message_id)
    assert await hand_in(http, agency.url, raw, "somebody else's token") == (401, None)
    for _ in range(2):
        assert await hand_in(http, agency.url, raw) == (202, True)
    assert await hand_in(http, agency.url, "Subject: away\n\n") == (202, False)

    async def bounced() -> bool:
        return (await agency.became(queued["delivery_id"]))["state"] == "bounced"

    await eventually(bounced)
    shown = await agency.became(queued["delivery_id"])
    assert [(moment["state"], moment["code"]) for moment in shown["timeline"]][-1] == ("bounced", "5.1.1")
    (again,) = await agency.write(contact["id"])
    assert (again["wanted"], again["ground"]) == (False, "address_suppressed")
    assert (await agency.became(again["delivery_id"]))["state"] == "suppressed"
    events = await agency.post.events(Invited(agency.tenant_id, UserId(UUID(contact["id"])), ""))
    assert [topic for topic, _ in events].count("notifications.delivery.failed.v1") == 1


@pytest.mark.parametrize("mode", [Mode.CUT, Mode.HANG])
async def test_a_mail_of_which_nobody_knew_whether_it_went_out_comes_back_and_is_sent_no_more(
    agency: Agency, http: aiohttp.ClientSession, mode: Mode
) -> None:
    contact = await agency.contact()
    agency.post.sink.answer(contact["email"], mode)
    (queued,) = await agency.write(contact["id"])
    (mail,) = await agency.post.sink.has(contact["email"])  # the worker waits for a reply, or knows that none comes
    assert await hand_in(http, agency.url, report(message_id=mail.message_id)) == (202, True)
    shown = await agency.became(queued["delivery_id"])
    states = [moment["state"] for moment in shown["timeline"]]
    assert (shown["state"], states) == ("bounced", ["queued", "uncertain", "bounced"])
    _, known = await agency.call("GET", f"/v1/recipients/{contact['id']}")
    assert known["suppression"]["in_force"]
    assert len(agency.post.sink.to(contact["email"])) == 1
    events = await agency.post.events(Invited(agency.tenant_id, UserId(UUID(contact["id"])), ""))
    assert [topic for topic, _ in events].count("notifications.delivery.failed.v1") == 1


@pytest.mark.parametrize(
    ("state", "doubts", "is_open", "becomes", "told", "kept"),
    [
        ("sent", 0, False, "bounced", 1, 0),
        ("uncertain", 1, True, "bounced", 1, 0),
        ("uncertain", 3, False, "bounced", 0, 0),
        ("deferred", 1, True, "bounced", 1, 0),
        ("queued", 1, True, "bounced", 1, 0),
        ("deferred", 0, True, "deferred", 0, 0),
        ("queued", 0, True, "queued", 0, 0),
        ("claimed", 1, True, "claimed", 0, 1),
        ("claimed", 0, True, "claimed", 0, 1),
        ("handing_over", 0, True, "handing_over", 0, 1),
        ("refused", 1, False, "refused", 0, 0),
        ("suppressed", 0, False, "suppressed", 0, 0),
        ("bounced", 0, False, "bounced", 0, 0),
    ],
)
async def test_what_came_back_is_counted_of_mail_that_may_have_gone_out_and_waits_for_mail_in_hand(
    post: PostOffice, state: str, doubts: int, is_open: bool, becomes: str, told: int, kept: int
) -> None:
    person = await post.invite()
    async with post.db.transaction(person.tenant_id) as tx:
        delivery_id = await tx.value(
            """
            UPDATE deliveries
               SET state = $2, uncertain_attempts = $3, next_try_at = CASE WHEN $4 THEN now() + interval '1 h' END,
                   sent_at = CASE WHEN $2 = 'sent' THEN now() END
             WHERE recipient_user_id = $1
            RETURNING id
            """,
            person.user_id,
            state,
            doubts,
            is_open,
        )
    settled = await take_back(post.db, person.tenant_id, Bounce(delivery_id, "5.1.1"))
    (row,) = await post.rows(person)
    assert (settled, row["state"], (row["next_try_at"] is not None)) == (
        not kept,
        becomes,
        is_open and becomes != "bounced",
    )
    assert len(await post.events(person)) == told


async def test_an_address_that_the_mail_server_does_not_know_is_left_alone(agency: Agency) -> None:
    for mode, left_alone in ((Mode.SPAM, False), (Mode.GONE, True)):
        contact = await agency.contact()
        agency.post.sink.answer(contact["email"], mode)
        (queued,) = await agency.write(contact["id"])
        assert (await agency.became(queued["delivery_id"]))["state"] == "refused"
        _, shown = await agency.call("GET", f"/v1/recipients/{contact['id']}")
        assert (shown["suppression"] is not None) == left_alone


async def test_one_domain_never_has_more_than_its_share_and_others_go_on(agency: Agency) -> None:
    slow = [await agency.contact(email=f"{number}@slow.test") for number in range(6)]
    gates = [agency.post.sink.answer(one["email"], Mode.HANG) for one in slow]
    hanging = agency.post.sink.hanging
    await agency.write(*(one["id"] for one in slow))
    quick = await agency.contact(email=f"{uuid4().hex}@quick.test")
    await agency.write(quick["id"])
    await agency.post.sink.has(quick["email"])
    assert agency.post.sink.hanging - hanging <= 3
    assert len(gates) == 6


async def test_history_ends_as_the_agency_chose_and_open_mail_never(post: PostOffice) -> None:
    short, usual = TenantId(uuid4()), TenantId(uuid4())
    async with post.crossing.across_tenants() as queries:
        await queries.execute(
            """
            INSERT INTO agencies (tenant_id, name, timezone, locale, retention_days)
            VALUES ($1, 'A', 'UTC', 'it', 30)
            """,
            short,
        )
    for tenant_id in (short, usual):
        for settled, days in ((True, 31), (True, 29), (False, 999), (True, 731)):
            person = await post.invite(tenant_id)
            async with post.db.transaction(tenant_id) as tx:
                await tx.execute(
                    """
                    UPDATE deliveries
                       SET created_at = now() - interval '1 day' * $2,
                           state = CASE WHEN $3 THEN 'refused' ELSE 'queued' END,
                           next_try_at = CASE WHEN $3 THEN NULL ELSE now() + interval '1 h' END
                     WHERE recipient_user_id = $1
                    """,
                    person.user_id,
                    days,
                    settled,
                )
    async with post.crossing.across_tenants() as queries:
        assert await claims.purge(queries, 1) == 1
        assert await claims.purge(queries, 100) == 2
        left = await queries.rows("SELECT tenant_id, (now() - created_at) AS age FROM deliveries")
        lines = await queries.value("SELECT count(*) FROM delivery_history WHERE tenant_id = ANY($1)", [short, usual])
    assert sorted(row["age"].days for row in left if row["tenant_id"] == short) == [29, 999]
    assert sorted(row["age"].days for row in left if row["tenant_id"] == usual) == [29, 31, 999]
    assert lines == 5


async def test_appointments_and_digests_are_forgotten_with_the_mails_about_them_however_many_there_are(
    post: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "PURGED_AT_ONCE", 2)
    short, usual = TenantId(uuid4()), TenantId(uuid4())
    async with post.crossing.across_tenants() as queries:
        await queries.execute(
            "INSERT INTO agencies (tenant_id, name, timezone, locale, retention_days) VALUES ($1, '', 'UTC', 'it', 30)",
            short,
        )
        for tenant_id in (short, usual):
            await queries.execute(
                """
                WITH old AS (
                    SELECT gen_random_uuid() AS id, now() - interval '1 day' * days AS at
                      FROM unnest('{0, 29, 31, 32, 33, 34, 35, 729, 731}'::integer[]) AS days),
                appointment AS (
                    INSERT INTO appointments (
                        tenant_id, id, version, starts_at, ends_at, summary, is_private, cancelled)
                    SELECT $1, id, 1, at, at, 'Visita', true, false FROM old),
                person AS (
                    INSERT INTO appointment_people (tenant_id, appointment_id, user_id, starts_at, ends_at)
                    SELECT $1, id, $1, at, at FROM old)
                INSERT INTO digest_runs (tenant_id, user_id, local_date, outcome, at)
                SELECT $1, $1, at::date, 'empty', at FROM old
                """,
                tenant_id,
            )

    async def left() -> list[tuple[bool, int, int, int]]:
        async with post.crossing.across_tenants() as queries:
            rows = await queries.rows(
                """
                SELECT asked.tenant_id = $1 AS is_short,
                       (SELECT count(*) FROM appointments AS a WHERE a.tenant_id = asked.tenant_id) AS appointments,
                       (SELECT count(*) FROM appointment_people AS p WHERE p.tenant_id = asked.tenant_id) AS people,
                       (SELECT count(*) FROM digest_runs AS r WHERE r.tenant_id = asked.tenant_id) AS runs
                  FROM unnest(ARRAY[$1, $2]::uuid[]) AS asked (tenant_id) ORDER BY 1
                """,
                short,
                usual,
            )
        return [tuple(row) for row in rows]

    async def forgotten() -> bool:
        return await left() == [(False, 8, 8, 8), (True, 2, 2, 2)]

    async with working(SERVICE, post.settings()):
        assert await eventually(forgotten)


@pytest.mark.catalogue("AM-12")
async def test_a_technician_and_who_let_him_in_are_told_of_the_end(agency: Agency) -> None:
    technician = UserFacts(
        user_id=UserId(uuid4()),
        version=1,
        code="TEC",
        display_name="Tomasz Nowak",
        email=f"{uuid4().hex[:12]}@example.test",
        locale="pl",
        state=UserState.ACTIVE,
        principal_offices=(),
        secondary_offices=(),
        kind=UserKind.EXTERNAL_TECHNICIAN,
        ends_at=datetime(2026, 12, 1, 9, tzinfo=UTC),
    )
    event = TechnicianExpiring(user=technician, sponsor_id=agency.user_id)
    message = enveloped(event, agency.tenant_id)
    for _ in range(2):
        async with agency.post.db.transaction(agency.tenant_id) as tx:
            await warn_of_end(tx, event, message)
    (told,) = await agency.post.sink.has(technician.email)
    (sponsor,) = await agency.post.sink.has(f"{agency.user_id.hex[:12]}@example.test")
    assert "01.12.2026" in told.part("plain")
    assert sponsor.message["Subject"] == "L'accesso di Tomasz Nowak termina il 01/12/2026"


async def test_an_account_that_ends_is_announced_once_however_many_workers_look(agency: Agency) -> None:
    user_id = uuid4()
    address = await agency.tell(user_id)
    async with agency.post.db.transaction(agency.tenant_id) as tx:
        await tx.execute("UPDATE recipients SET ends_at = now() + interval '3 days' WHERE id = $1", user_id)
    async with agency.post.crossing.across_tenants() as queries:
        (one,) = await recipients.ending(queries, NOTICE)
    await asyncio.gather(*(announce_end(agency.post.db, one) for _ in range(3)))
    (mail,) = await agency.post.sink.has(address)
    assert mail.message["Subject"].startswith("Il tuo accesso termina il ")


async def given_up(agency: Agency, person: Invited) -> UUID:
    """Park a message about a person that can be carried out by now; return its id."""
    message = enveloped(PasswordChanged(user=created(person).user), agency.tenant_id)
    async with agency.post.db.transaction(agency.tenant_id) as tx:
        await tx.execute(
            """
            INSERT INTO failed_messages (tenant_id, queue, message_id, topic, body, attempts, last_error)
            VALUES ($1, 'notifications.security', $2, $3, $4, 5, 'RaiseError(''secret details'')')
            """,
            agency.tenant_id,
            message.id,
            message.type,
            message.model_dump_json(),
        )
    return message.id


async def test_given_up_messages_are_seen_and_tried_again_by_whose_they_are(
    agency: Agency, http: aiohttp.ClientSession
) -> None:
    person = Invited(agency.tenant_id, UserId(uuid4()), f"{uuid4().hex[:12]}@example.test")
    message_id = await given_up(agency, person)
    status, found = await agency.call("GET", "/v1/parked-messages")
    assert (status, [item["message_id"] for item in found["items"]]) == (200, [str(message_id)])
    assert [item["error"] for item in found["items"]] == ["RaiseError"]
    assert "secret" not in str(found)
    stranger = Agency(http, agency.url, agency.post)
    stranger.granted("admin.settings.update")
    assert (await stranger.call("GET", "/v1/parked-messages"))[1]["items"] == []
    path = f"/v1/parked-messages/{message_id}/replay"
    assert (await stranger.call("POST", path))[0] == 404
    assert (await agency.call("POST", path))[0] == 204
    assert await agency.post.sink.has(person.address)
    assert (await agency.call("POST", path))[0] == 404
    agency.granted()
    assert (await agency.call("GET", "/v1/parked-messages"))[0] == 403


async def test_given_up_messages_are_shown_by_pages_latest_first(agency: Agency) -> None:
    person = Invited(agency.tenant_id, UserId(uuid4()), f"{uuid4().hex[:12]}@example.test")
    given = [str(await given_up(agency, person)) for _ in range(5)]
    found, path = list[str](), "/v1/parked-messages?limit=2"
    while path:
        status, page = await agency.call("GET", path)
        assert status == 200
        found += [item["message_id"] for item in page["items"]]
        path = page["next"] and f"/v1/parked-messages?limit=2&cursor={page['next']}"
    assert found == given[::-1]
    assert (await agency.call("GET", "/v1/parked-messages?limit=201"))[0] == 422


async def test_given_up_messages_are_dropped_for_good_by_whose_they_are(
    agency: Agency, http: aiohttp.ClientSession
) -> None:
    person = Invited(agency.tenant_id, UserId(uuid4()), f"{uuid4().hex[:12]}@example.test")
    path = f"/v1/parked-messages/{await given_up(agency, person)}"
    stranger = Agency(http, agency.url, agency.post)
    stranger.granted("admin.settings.update")
    assert (await stranger.call("DELETE", path))[0] == 404
    assert (await agency.call("DELETE", path))[0] == 204
    assert (await agency.call("DELETE", path))[0] == 404
    assert (await agency.call("POST", f"{path}/replay"))[0] == 404
    assert (await agency.call("GET", "/v1/parked-messages"))[1]["items"] == []
    agency.granted()
    assert (await agency.call("DELETE", path))[0] == 403


async def test_bounces_are_forgotten_when_they_no_longer_count(post: PostOffice) -> None:
    ours, theirs = TenantId(uuid4()), TenantId(uuid4())
    for tenant_id in (ours, theirs):
        async with post.db.transaction(tenant_id) as tx:
            for severity in Severity:
                await suppressions.add(tx, f"{severity}@gone.example", severity, "5.1.1")
            await tx.execute("UPDATE suppressions SET expires_at = now() WHERE severity = 'soft'")
    async with post.crossing.across_tenants() as queries:
        while await suppressions.purge(queries, 1):
            pass
        left = await queries.rows(
            "SELECT tenant_id, severity FROM suppressions WHERE tenant_id = ANY($1)", [ours, theirs]
        )
    assert {(row["tenant_id"], row["severity"]) for row in left} == {(ours, "hard"), (theirs, "hard")}
