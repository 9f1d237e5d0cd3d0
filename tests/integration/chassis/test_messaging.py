"""Events: rows first, messages later, effects once; what fails is kept, retried, parked, replayed."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import aio_pika
import aiohttp
import pytest
import pytest_asyncio

from services.chassis import consuming, outbox
from services.chassis.cursor import START, Cursor
from services.chassis.database import Database, open_database
from services.contracts.queues import QUEUES
from services.contracts.records_events import MatchFound
from services.contracts.vocabulary import TenantId
from tests.conftest import FreshDatabase
from tests.faults.proxy import Proxy
from tests.integration.notifications.post_office import enveloped
from tests.support import echo, listeners
from tests.support.broker import publish_raw
from tests.support.databases import ServiceDatabase
from tests.support.issuer import Issuer
from tests.support.running import eventually, serving, settings_of, until_connected, working

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass
class System:
    """An echo service of the test's own, and its database as the worker sees it."""

    http: aiohttp.ClientSession
    url: str
    bearer: dict[str, str]
    tenant_id: TenantId
    worker_db: Database
    amqp_url: str

    async def announce(self, code: str, often: int) -> None:
        async with self.http.post(
            f"{self.url}/v1/announcements", json={"text": code, "often": often}, headers=self.bearer
        ) as response:
            assert response.status == 202

    async def heard(self) -> list[tuple[UUID, int]]:
        async with self.worker_db.across_tenants() as queries:
            rows = await queries.rows("SELECT user_id, version FROM echoes WHERE version > 0 ORDER BY seq")
        return [(row["user_id"], row["version"]) for row in rows]

    async def outbox_is_empty(self) -> bool:
        async with self.worker_db.across_tenants() as queries:
            return await queries.value("SELECT count(*) = 0 FROM outbox")

    async def failed(self) -> list[tuple[int, bool]]:
        async with self.worker_db.across_tenants() as queries:
            rows = await queries.rows("SELECT attempts, next_try_at IS NULL AS parked FROM failed_messages")
        return [(row["attempts"], row["parked"]) for row in rows]

    async def hurry(self) -> None:
        """Make every waiting retry due now: time is what a test may fake."""
        async with self.worker_db.across_tenants() as queries:
            await queries.execute("UPDATE failed_messages SET next_try_at = now() WHERE next_try_at IS NOT NULL")


async def forget_messages(amqp_url: str) -> None:
    """Delete echo's queues with what other modules' tests have left in them, and nobody was there to consume."""
    async with await aio_pika.connect(amqp_url) as connection:
        channel = await connection.channel()
        for subscription in echo.SERVICE.subscriptions:
            await channel.queue_delete(subscription.queue)


@asynccontextmanager
async def system_on(
    database: ServiceDatabase, issuer: Issuer, amqp_url: str, http: aiohttp.ClientSession, *, workers: int = 1
) -> AsyncGenerator[System]:
    tenant_id = TenantId(uuid4())
    await forget_messages(amqp_url)

    def settings() -> echo.EchoSettings:
        return settings_of(echo.SERVICE, database, amqp_url, jwks_url=issuer.jwks_url)

    async with (
        serving(echo.SERVICE, settings()) as url,
        open_database(database.worker, connections=3, name="test") as worker_db,
        asyncio.TaskGroup() as group,
    ):
        await until_connected(http, url)
        stop = asyncio.Event()

        async def work() -> None:
            async with working(echo.SERVICE, settings()) as worker_url:
                await until_connected(http, worker_url)
                started.release()
                await stop.wait()

        started = asyncio.Semaphore(0)
        for _ in range(workers):
            group.create_task(work())
            await started.acquire()
        try:
            yield System(http, url, issuer.bearer(tenant_id, uuid4()), tenant_id, worker_db, amqp_url)
        finally:
            stop.set()


@pytest_asyncio.fixture(loop_scope="session")
async def system(
    database: FreshDatabase, issuer: Issuer, amqp_url: str, http: aiohttp.ClientSession
) -> AsyncGenerator[System]:
    async with system_on(await database(echo.SERVICE), issuer, amqp_url, http) as made:
        yield made


async def test_events_arrive_once_and_in_order(system: System) -> None:
    for _ in range(5):
        await system.announce("GR", 9)

    async def all_heard() -> bool:
        return len(await system.heard()) == 45

    assert await eventually(all_heard)
    versions = [version for _, version in await system.heard()]
    assert versions == [*range(1, 10)] * 5
    assert len({user_id for user_id, _ in await system.heard()}) == 45
    assert await eventually(system.outbox_is_empty)


async def test_each_agency_s_events_stay_in_order_though_several_agencies_are_served_at_once(
    system: System, issuer: Issuer
) -> None:
    agencies = [TenantId(uuid4()) for _ in range(12)]

    async def announce(tenant_id: TenantId) -> None:
        of_it = replace(system, bearer=issuer.bearer(tenant_id, uuid4()))
        for _ in range(5):
            await of_it.announce("GR", 9)

    async def heard() -> dict[UUID, list[int]]:
        async with system.worker_db.across_tenants() as queries:
            rows = await queries.rows(
                "SELECT tenant_id, array_agg(version ORDER BY seq) AS versions FROM echoes GROUP BY tenant_id"
            )
        return {row["tenant_id"]: row["versions"] for row in rows}

    async def all_heard() -> bool:
        return sum(map(len, (await heard()).values())) == 12 * 45

    await asyncio.gather(*map(announce, agencies))
    assert await eventually(all_heard)
    assert await heard() == {tenant_id: [*range(1, 10)] * 5 for tenant_id in agencies}


async def test_two_workers_share_the_work_without_doing_any_twice(
    database: FreshDatabase, issuer: Issuer, amqp_url: str, http: aiohttp.ClientSession
) -> None:
    async with system_on(await database(echo.SERVICE), issuer, amqp_url, http, workers=2) as system:
        await asyncio.gather(*(system.announce("GR", 9) for _ in range(30)))

        async def all_heard() -> bool:
            return len(await system.heard()) >= 270

        assert await eventually(all_heard)
        assert await eventually(system.outbox_is_empty)
        assert len({user_id for user_id, _ in await system.heard()}) == 270 == len(await system.heard())


async def test_a_message_delivered_ten_times_takes_effect_once(system: System) -> None:
    envelope: dict[str, Any] = {
        "id": str(uuid4()),
        "source": "urn:test",
        "type": "identity.user.created.v1",
        "time": "2026-01-01T00:00:00Z",
        "tenantid": str(system.tenant_id),
        "traceparent": f"00-{'1' * 32}-{'2' * 16}-01",
        "data": echo.user_created("GR", 1).model_dump(mode="json"),
        "an_attribute_of_later_years": True,
    }
    for _ in range(10):
        await publish_raw(system.amqp_url, envelope["type"], envelope)
    await system.announce("END", 2)

    async def the_end_was_heard() -> bool:
        return (await system.heard())[-1:] != [] and (await system.heard())[-1][1] == 2

    assert await eventually(the_end_was_heard)
    assert [version for _, version in await system.heard()] == [1, 1, 2]


async def test_a_poisonous_message_holds_up_nobody_is_parked_and_can_be_replayed(system: System) -> None:
    await system.announce(echo.POISON, 1)
    await system.announce("GR", 3)

    async def others_heard() -> bool:
        return [version for _, version in await system.heard()] == [1, 2, 3]

    assert await eventually(others_heard)

    async def parked() -> bool:
        await system.hurry()
        return await system.failed() == [(consuming.ATTEMPTS, True)]

    assert await eventually(parked)
    async with system.worker_db.across_tenants() as queries:
        (waiting,) = await consuming.parked(queries)
    assert (waiting["queue"], waiting["tenant_id"]) == (echo.QUEUE, system.tenant_id)
    assert "cannot digest this" in waiting["last_error"]

    async with system.worker_db.across_tenants() as queries:
        await queries.execute("INSERT INTO echoes (tenant_id, user_id, version) VALUES ($1, $1, 0)", system.tenant_id)
        assert await consuming.replay(queries, waiting["message_id"]) == 1

    async def cured() -> bool:
        return len(await system.heard()) == 4 and await system.failed() == []

    assert await eventually(cured)


async def test_a_slow_message_holds_up_nobody_and_is_tried_for_a_day_before_it_is_parked(system: System) -> None:
    await system.announce(echo.SLOW, 1)
    await system.announce("GR", 3)

    async def others_are_heard_and_it_waits() -> bool:
        return len(await system.heard()) == 3 and [parked for _, parked in await system.failed()] == [False]

    assert await eventually(others_are_heard_and_it_waits, 30)

    async def fail(attempts: int) -> None:
        async with system.worker_db.across_tenants() as queries:
            await queries.execute("UPDATE failed_messages SET attempts = $1, next_try_at = now()", attempts)

        async def failed_again() -> bool:
            return await system.failed() == [(attempts + 1, attempts + 1 == consuming.SLOW_ATTEMPTS)]

        assert await eventually(failed_again, 30)

    await fail(consuming.ATTEMPTS)
    async with system.worker_db.across_tenants() as queries:
        sql = "SELECT extract(epoch FROM next_try_at - now())::float8 FROM failed_messages"
        assert 1000 < await queries.value(sql) <= 1024
    await fail(consuming.SLOW_ATTEMPTS - 1)
    async with system.worker_db.across_tenants() as queries:
        (waiting,) = await consuming.parked(queries)
    assert "statement timeout" in waiting["last_error"]


async def test_an_event_that_was_refused_for_days_holds_up_no_other(system: System) -> None:
    (queue,) = (name for name, events in QUEUES.items() if MatchFound in events)
    async with await aio_pika.connect(system.amqp_url) as connection:
        channel = await connection.channel()
        await channel.queue_delete(queue)
    async with system.worker_db.transaction(system.tenant_id) as tx:
        for attempts in (0, 60, 2000):
            await tx.execute(
                """
                INSERT INTO outbox (tenant_id, id, topic, occurred_at, traceparent, data, attempts)
                VALUES ($1, $2, $3, now(), '', '{}', $4)
                """,
                system.tenant_id,
                uuid4(),
                MatchFound.topic,
                attempts,
            )
    await system.announce("GR", 3)

    async def others_are_heard_and_they_wait() -> bool:
        async with system.worker_db.across_tenants() as queries:
            waits = await queries.rows(
                "SELECT next_try_at > now() + interval '30 seconds' AS long FROM outbox ORDER BY seq"
            )
        return len(await system.heard()) == 3 and [row["long"] for row in waits] == [False, True, True]

    assert await eventually(others_are_heard_and_they_wait)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"specversion":"1.0"}', b"\xff\xfe", b"{\0"])
async def test_an_unreadable_message_is_parked_at_once(system: System, body: bytes) -> None:
    await publish_raw(system.amqp_url, "identity.user.created.v1", body)
    await system.announce("GR", 1)

    async def went_on() -> bool:
        return len(await system.heard()) == 1 and await system.failed() == [(1, True)]

    assert await eventually(went_on)


async def test_rows_that_nobody_can_read_or_mark_end_no_work_on_others(system: System) -> None:
    async with system.worker_db.transaction(system.tenant_id) as tx:
        for body, attempts in (("not JSON", 0), ("not JSON either", 2**31 - 1)):  # the second cannot be counted up
            await tx.execute(
                """
                INSERT INTO failed_messages (
                    tenant_id, queue, message_id, topic, body, attempts, next_try_at, last_error)
                VALUES ($1, $2, $3, 'identity.user.created.v1', $4, $5, now(), '')
                """,
                system.tenant_id,
                echo.QUEUE,
                uuid4(),
                body,
                attempts,
            )

    async def the_first_is_parked() -> bool:
        async with system.worker_db.across_tenants() as queries:  # the other keeps its lease of a minute
            await queries.execute("UPDATE failed_messages SET next_try_at = now() WHERE attempts BETWEEN 1 AND 4")
        return (consuming.ATTEMPTS, True) in await system.failed()

    assert await eventually(the_first_is_parked, 60)
    await system.announce("GR", 3)

    async def others_are_heard() -> bool:
        return len(await system.heard()) == 3

    assert await eventually(others_are_heard)


async def test_of_two_unreadable_messages_both_are_kept(system: System) -> None:
    for body in (b"{", b"[]", b"{"):
        await publish_raw(system.amqp_url, "identity.user.created.v1", body)

    async def both_are_kept() -> bool:
        return sorted(await system.failed()) == [(1, True), (2, True)]

    assert await eventually(both_are_kept)


async def test_a_message_is_replayed_to_a_release_that_reads_it_or_dropped_and_says_why(system: System) -> None:
    await publish_raw(system.amqp_url, "identity.user.created.v1", b'{"specversion":"2.0"}')

    async def parked() -> bool:
        return await system.failed() == [(1, True)]

    assert await eventually(parked)
    async with system.worker_db.across_tenants() as queries:
        (unreadable,) = await consuming.parked(queries)
        assert "specversion" in unreadable["last_error"]
        assert "literal_error" in unreadable["last_error"]
        assert await consuming.replay(queries, unreadable["message_id"]) == 1
    assert await eventually(parked)
    understood = enveloped(echo.user_created("GR", 1), system.tenant_id).model_dump_json()
    async with system.worker_db.across_tenants() as queries:
        await queries.execute("UPDATE failed_messages SET body = $1", understood)  # a release that reads such a body
        assert await consuming.replay(queries, None) == 1

    async def carried_out() -> bool:
        return len(await system.heard()) == 1 and await system.failed() == []

    assert await eventually(carried_out)

    await publish_raw(system.amqp_url, "identity.user.created.v1", b"{")
    assert await eventually(parked)
    async with system.worker_db.across_tenants() as queries:
        (unreadable,) = await consuming.parked(queries)
        assert await consuming.drop(queries, uuid4()) == 0
        assert await consuming.drop(queries, unreadable["message_id"]) == 1
        assert await consuming.parked(queries) == []


async def test_messages_that_were_given_up_are_shown_page_by_page_latest_first(system: System) -> None:
    async with system.worker_db.transaction(system.tenant_id) as tx:
        await tx.execute(
            """
            INSERT INTO failed_messages
            SELECT $1, 'test', gen_random_uuid(), 't', 'b', 5, NULL, 'e',
                   '2026-01-01'::timestamptz + n / 3 * interval '1 h'
              FROM generate_series(0, 22) AS n
            """,
            system.tenant_id,
        )
        every = [row["message_id"] for row in await consuming.parked(tx)]
        found, after = list[UUID](), START
        while rows := await consuming.parked(tx, after, 5):
            found += [row["message_id"] for row in rows]
            after = Cursor(rows[-1]["first_failed_at"], rows[-1]["message_id"])
        ages = await tx.rows("SELECT message_id FROM failed_messages ORDER BY first_failed_at DESC, message_id DESC")
    assert found == every == [row["message_id"] for row in ages]
    assert len(every) == 23


async def test_a_message_that_is_still_tried_cannot_be_dropped(system: System) -> None:
    await system.announce(echo.POISON, 1)

    async def waits() -> bool:
        return [parked for _, parked in await system.failed()] == [False]

    assert await eventually(waits)
    async with system.worker_db.across_tenants() as queries:
        assert await consuming.drop(queries, await queries.value("SELECT message_id FROM failed_messages")) == 0


async def test_an_event_that_names_no_version_we_know_is_parked_not_lost(system: System) -> None:
    envelope: dict[str, Any] = {
        "id": str(uuid4()),
        "source": "urn:test",
        "type": "identity.user.created.v1",
        "time": "2026-01-01T00:00:00Z",
        "tenantid": str(system.tenant_id),
        "traceparent": "",
        "data": {"of": "another shape"},
    }
    await publish_raw(system.amqp_url, "identity.user.created.v1", envelope)

    async def parked() -> bool:
        await system.hurry()
        return await system.failed() == [(consuming.ATTEMPTS, True)]

    assert await eventually(parked)


async def test_connections_that_the_database_cuts_are_made_anew(system: System) -> None:
    async with system.worker_db.across_tenants() as queries:
        cut = await queries.rows(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()
            """
        )
    assert cut
    await system.announce("GR", 3)

    async def all_heard() -> bool:
        return len(await system.heard()) == 3

    assert await eventually(all_heard)


async def test_events_flow_at_once_though_only_the_line_that_tells_of_them_is_cut(
    database: FreshDatabase,
    issuer: Issuer,
    amqp_url: str,
    http: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox, "POLL_SECONDS", 3600.0)
    async with system_on(await database(echo.SERVICE), issuer, amqp_url, http) as system:
        for count in range(1, 4):
            await listeners.cut(system.worker_db, "outbox")
            await system.announce("GR", 1)

            async def heard(count: int = count) -> bool:
                return len(await system.heard()) == count

            assert await eventually(heard)


async def test_a_rolled_back_change_publishes_nothing(system: System) -> None:
    async def announce_and_fail() -> None:
        async with system.worker_db.transaction(system.tenant_id) as tx:
            await outbox.add(tx, echo.user_created("GR", 1))
            raise LookupError

    with pytest.raises(LookupError):
        await announce_and_fail()
    await system.announce("GR", 1)

    async def the_next_was_heard() -> bool:
        return len(await system.heard()) > 0

    assert await eventually(the_next_was_heard)
    assert len(await system.heard()) == 1
    assert await eventually(system.outbox_is_empty)


async def test_while_the_database_is_away_tidying_waits_its_minute(
    system: System, database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = await database(echo.SERVICE)
    monkeypatch.setattr(consuming, "TIDY_SECONDS", 0.01)
    monkeypatch.setattr(consuming, "PURGED_AT_ONCE", 1)
    parts = urlsplit(fresh.worker)
    proxy = Proxy(parts.port or 5432)
    url = urlunsplit(parts._replace(netloc=f"{parts.netloc.rpartition(':')[0]}:{proxy.port}"))
    async with (
        AsyncExitStack() as stack,
        open_database(fresh.worker, connections=1, name="test") as near,
        open_database(url, connections=1, name="test") as far,
        near.at_once() as queries,
    ):
        await proxy.up()
        stack.push_async_callback(proxy.down)
        await queries.execute(
            """
            INSERT INTO inbox SELECT $1, 'test', gen_random_uuid(), '-infinity' FROM generate_series(1, 2000)
            """,
            system.tenant_id,
        )
        tidying = asyncio.ensure_future(consuming.tidy(far))

        async def begun() -> bool:
            return await queries.value("SELECT count(*) < 2000 FROM inbox")

        assert await eventually(begun)
        monkeypatch.setattr(consuming, "TIDY_SECONDS", 3600.0)
        proxy.turn_away()
        for _ in range(300):  # time in which it would be asked again many times
            await queries.value("SELECT 1")
        assert (proxy.turned_away or 0) <= 1
        tidying.cancel()
        await asyncio.wait([tidying])


async def test_what_was_carried_out_a_month_ago_is_forgotten_and_nothing_younger(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consuming, "TIDY_SECONDS", 0.01)
    monkeypatch.setattr(consuming, "PURGED_AT_ONCE", 2)
    async with system.worker_db.transaction(system.tenant_id) as tx:
        await tx.execute_many(
            "INSERT INTO inbox VALUES ($1, 'test', $2, now() - interval '1 day' * $3)",
            [(system.tenant_id, uuid4(), days) for days in (0, 29, 31, 40, 50, 60, 70)],
        )
        await tx.execute_many(
            "INSERT INTO idempotency_keys VALUES ($1, $1, $2, '', $1, now() - interval '1 day' * $3)",
            [(system.tenant_id, f"{days} {n}", days) for days in (0, 29, 31, 40) for n in range(9 if days > 30 else 1)],
        )
    tidying = asyncio.ensure_future(consuming.tidy(system.worker_db))

    async def left() -> list[int]:
        async with system.worker_db.across_tenants() as queries:
            rows = await queries.rows(
                """
                SELECT extract(day FROM now() - processed_at)::integer AS age FROM inbox WHERE queue = 'test'
                UNION ALL SELECT extract(day FROM now() - created_at)::integer FROM idempotency_keys ORDER BY age
                """
            )
        return [row["age"] for row in rows]

    async def the_old_are_gone() -> bool:
        return await left() == [0, 0, 29, 29]

    assert await eventually(the_old_are_gone)
    tidying.cancel()
    await asyncio.wait([tidying])
