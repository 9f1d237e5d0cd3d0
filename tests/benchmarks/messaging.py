"""Messages and mails in figures: from commit to mail, a backlog, summaries, and what others do in the same time.

    python3 -m deploy bench messaging

Runs identity's and notifications' workers on a durable PostgreSQL, a broker and a mail server of its own: the site of
the tests of faults, without their proxies on the lines, without their gates in the tables, and with a mail server that
does nothing but answer.
"""

import asyncio
import os
import platform
import shutil
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final
from uuid import uuid4

import uvloop
from pydantic import SecretStr

from deploy.local.children import Program
from deploy.local.databases import create_database
from deploy.local.parts import Part
from deploy.local.probes import answers_http
from services.chassis import migrating
from services.chassis.config import Settings
from services.contracts.identity_events import UserCreated
from services.contracts.vocabulary import TenantId
from tests.benchmarks.bare_mail_server import bare_mail_server, hand_over
from tests.benchmarks.messaging_peers import peers
from tests.faults.site import CLONE, SERVICES, VHOST, Site, environment_of, new_addresses, site_in
from tests.support import echo
from tests.support.running import settings_of

AT_ONCE: Final = 20_000
BACKLOG: Final = 100_000
MAILS: Final = 3_000
READERS: Final = 10_000
SMTP_CONNECTIONS: Final = 10
POLL_SECONDS: Final = 0.05
BACKLOG_POLL_SECONDS: Final = 0.5
"""To count a hundred thousand rows takes its time from who is measured."""
WARM_UP: Final = 100
TELL = """
    INSERT INTO outbox (tenant_id, id, topic, occurred_at, traceparent, data)
    SELECT md5('tenant' || number % 20)::uuid, gen_random_uuid(), $1, now(), $2, $3::text::jsonb
      FROM generate_series(1, $4::integer) AS number
"""
LATENCY = """
    SELECT percentile_cont($1::float) WITHIN GROUP (ORDER BY extract(epoch FROM d.at - c.at) * 1000),
           percentile_cont($1::float) WITHIN GROUP (ORDER BY extract(epoch FROM i.processed_at - c.at) * 1000),
           percentile_cont($1::float) WITHIN GROUP (ORDER BY extract(epoch FROM d.at - i.processed_at) * 1000)
      FROM unnest($2::uuid[], $3::timestamptz[]) AS c (event_id, at)
      JOIN faults.carried_out AS d USING (event_id)
      JOIN inbox AS i ON i.message_id = c.event_id AND i.queue = 'notifications.security'
"""
STAGES: Final = (
    "event written to delivery row",
    "  event written to consumer at work",
    "  consumer at work to delivery row",
)
ENQUEUE = """
    INSERT INTO deliveries (tenant_id, id, event_id, category, template, recipient_user_id, recipient_address, locale,
                            traceparent, facts)
    SELECT md5('tenant' || number % 20)::uuid, gen_random_uuid(), gen_random_uuid(), 'security', 'password_changed',
           gen_random_uuid(), gen_random_uuid() || '@domain' || number % 50 || '.test', 'it', $1,
           '{"bench": "", "display_name": "Anna Rossi", "at": "2026-11-22T08:00:00+00:00"}'
      FROM generate_series(1, $2::integer) AS number
"""
LEFT = "SELECT count(*) FROM deliveries WHERE state <> 'sent'"
RATE = "SELECT count(*) / extract(epoch FROM max(sent_at) - min(sent_at)) FROM deliveries WHERE facts ? 'bench'"
SUBSCRIBE = """
    WITH people AS (
        INSERT INTO recipients (tenant_id, id, kind, facts_version, display_name, email, locale, state)
        SELECT md5('tenant' || number % 20)::uuid, gen_random_uuid(), 'user', 1, 'Anna Rossi',
               gen_random_uuid() || '@domain' || number % 50 || '.test', 'it', 'active'
          FROM generate_series(1, $1::integer) AS number
        RETURNING tenant_id, id),
    wishes AS (
        INSERT INTO preferences (tenant_id, recipient_id, category, wanted)
        SELECT tenant_id, id, 'appointments', true FROM people),
    dates AS (
        INSERT INTO appointments (tenant_id, id, version, starts_at, ends_at, summary, is_private, cancelled)
        SELECT tenant_id, id, 1, current_date + interval '23 h', current_date + interval '23.5 h',
               'Visita in via Roma', false, false FROM people),
    taking_part AS (
        INSERT INTO appointment_people (tenant_id, appointment_id, user_id, starts_at, ends_at)
        SELECT tenant_id, id, id, current_date + interval '23 h', current_date + interval '23.5 h' FROM people)
    INSERT INTO digest_schedules (tenant_id, user_id, timezone, local_hour, next_date, next_due_at)
    SELECT tenant_id, id, 'UTC', extract(hour FROM now())::integer, current_date, date_trunc('hour', now()) FROM people
"""


async def measure(folder: Path) -> None:
    """Print each figure as it becomes known."""
    print(f"{platform.machine()}, {os.cpu_count()} cores shared by all, Python {platform.python_version()}")
    shutil.rmtree(folder, ignore_errors=True)
    async with site_in(folder) as site, bare_mail_server(folder) as smtp_port:
        site.sink.port = smtp_port
        for service in SERVICES:
            await site.script(service, "DROP FUNCTION faults.pass_gate() CASCADE")
            await site.end(f"{service}-work")
            await site.start(f"{service}-work", straight(site, service))
        await latency(site)
        await site.parts["identity-work"].stop()
        await site.parts["notifications-work"].stop()
        await floor(smtp_port)
        await mails(site)
        await summaries(site)
        async with listener(site) as worker:
            await relay_and_inbox(site, worker)
            await backlog(site)
        async for name, rate in peers(site.rabbit.url("admin", VHOST), AT_ONCE):
            say(f"{name}, consumed without dedupe or database, a second", rate)


def straight(site: Site, service: str, **more: object) -> Settings:
    """Return the settings of a process that reaches its servers without a proxy."""
    made = site.databases[service]
    told = {"database_url": made.app, "worker_database_url": made.worker, **more}
    amqp_url = SecretStr(site.rabbit.url("admin", VHOST))
    return site.settings(service, **told).model_copy(update={"amqp_url": amqp_url})


async def latency(site: Site) -> None:
    """Tell fifty events a second for ten seconds, after two seconds in which connections and plans are made."""
    loop = asyncio.get_running_loop()
    await site.connected("identity-work", "notifications-work")
    began = loop.time()
    for number in range(WARM_UP + 500):
        await site.tell(TenantId(uuid4()), *new_addresses(1))
        await asyncio.sleep(max(0, began + (number + 1) / 50 - loop.time()))
    await site.become("identity", "SELECT count(*) FROM outbox", 0)
    await site.become("notifications", "SELECT count(*) FROM faults.carried_out", WARM_UP + 500)
    told = await site.rows("identity", "SELECT event_id, at FROM faults.committed ORDER BY at")
    first = await site.rows("notifications", LATENCY, 1, [told[0]["event_id"]], [told[0]["at"]])
    say(f"{STAGES[0]}, the first after a start, ms", first[0][0])
    values = [row["event_id"] for row in told[WARM_UP:]], [row["at"] for row in told[WARM_UP:]]
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        (found,) = await site.rows("notifications", LATENCY, share, *values)
        for stage, figure in zip(STAGES, found, strict=True):
            say(f"{stage}, {name}, ms", figure)


async def floor(smtp_port: int) -> None:
    """Hand over as many mails as long as ours by the library alone."""
    began = time.perf_counter()
    await hand_over(smtp_port, MAILS, SMTP_CONNECTIONS)
    say("mails handed over to the same server by bare aiosmtplib, a second", MAILS / (time.perf_counter() - began))


async def mails(site: Site) -> None:
    """Send what waits, to a mail server that shares the machine."""
    trace = f"00-{'1' * 32}-{'2' * 16}-01"
    await site.rows("notifications", ENQUEUE, trace, MAILS)
    await site.start("notifications-work-mails", straight(site, "notifications", smtp_connections=SMTP_CONNECTIONS))
    await site.become("notifications", LEFT, 0, seconds=300)
    say("mails written, handed over and recorded, a second", await site.value("notifications", RATE))
    await site.end("notifications-work-mails")


async def summaries(site: Site) -> None:
    """Queue and send a day's summaries."""
    await site.rows("notifications", SUBSCRIBE, READERS)
    began = time.perf_counter()
    await site.start("notifications-work-summaries", straight(site, "notifications", smtp_connections=SMTP_CONNECTIONS))
    await site.become("notifications", "SELECT count(*) FROM digest_runs", READERS, seconds=300)
    say(f"{READERS} summaries queued, s", time.perf_counter() - began)
    await site.become("notifications", LEFT, 0, seconds=600)
    say(f"{READERS} summaries sent, s", time.perf_counter() - began)
    await site.end("notifications-work-summaries")


@asynccontextmanager
async def listener(site: Site) -> AsyncGenerator[Part]:
    """Yield the smallest consumer there is on the chassis, not yet started: its handler writes one row."""
    made = await create_database(site.postgres.url, "echo", "faults_echo")
    await migrating.migrate(made.owner, echo.SERVICE.migrations, frozenset({"pre", "post"}))
    settings = settings_of(echo.SERVICE, made, site.rabbit.url("admin", VHOST), jwks_url="http://127.0.0.1:1")
    argv = [sys.executable, "-m", "tests.support.echo", "work"]
    program = Program("echo", argv, environment_of("echo", settings), CLONE, site.folder / "logs/echo.log")
    part = Part(program, lambda: answers_http(settings.work_port, "/live"), folder=site.folder / "run")
    try:
        yield part
    finally:
        await part.stop()


async def relay_and_inbox(site: Site, worker: Part) -> None:
    """Publish rows while nobody consumes, then consume while nobody publishes."""
    await tell(site, AT_ONCE)
    await site.start("identity-work")
    published = partial(left_of, site, AT_ONCE)
    say("outbox rows published and confirmed, a second", await rate_of(published, AT_ONCE))
    await worker.start()
    say("messages carried out once, a row each, a second", await rate_of(partial(heard, site), AT_ONCE))


async def backlog(site: Site) -> None:
    """Let both work off what gathered while the relay was away."""
    await site.parts["identity-work"].stop()
    before = await heard(site)
    await tell(site, BACKLOG)
    began = time.perf_counter()
    await site.start("identity-work")
    while await heard(site) < before + BACKLOG:  # noqa: ASYNC110 what is measured is this
        await asyncio.sleep(BACKLOG_POLL_SECONDS)
    say(f"backlog of {BACKLOG} events published and carried out, s", time.perf_counter() - began)


async def tell(site: Site, count: int) -> None:
    """Write events into identity's outbox."""
    event = echo.user_created("GR", 1)
    await site.rows("identity", "ALTER TABLE outbox DISABLE TRIGGER USER")
    trace = f"00-{'1' * 32}-{'2' * 16}-01"
    await site.rows("identity", TELL, UserCreated.topic, trace, event.model_dump_json(), count)
    await site.rows("identity", "ANALYZE outbox")


async def left_of(site: Site, count: int) -> int:
    """Return how many of the events have left the outbox."""
    return count - int(await site.value("identity", "SELECT count(*) FROM outbox"))


async def heard(site: Site) -> int:
    """Return how many events took effect."""
    return int(await site.value("echo", "SELECT count(*) FROM echoes"))


async def rate_of(count: Callable[[], Awaitable[int]], wanted: int) -> float:
    """Return how many a second come about, from the first on: the start is not what is measured."""
    first, began = 0, time.perf_counter()
    while (now := await count()) < wanted:
        if not first:
            first, began = now, time.perf_counter()
        await asyncio.sleep(POLL_SECONDS)
    return (wanted - first) / (time.perf_counter() - began)


def say(what: str, figure: float) -> None:
    print(f"  {what:<70} {figure:>10.1f}", flush=True)


if __name__ == "__main__":
    uvloop.run(measure(Path(os.environ["KEYHOLDER_TEST_FOLDER"]) / "bench-messaging"))
