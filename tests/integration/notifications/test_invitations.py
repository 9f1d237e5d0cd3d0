"""From a message in the broker to a mail in the mailbox."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

import aiohttp
import pytest

from services.contracts.identity_events import (
    ActivationRequested,
    DeviceAdded,
    PasswordChanged,
    PasswordResetRequested,
    SecondFactorChanged,
    UserEvent,
)
from services.contracts.vocabulary import TenantId, UserId
from services.notifications.app import SERVICE
from services.notifications.consumers import invite
from tests.integration.notifications.post_office import Invited, PostOffice, created, enveloped
from tests.support.broker import publish_raw
from tests.support.running import eventually, until_connected, working

pytestmark = pytest.mark.asyncio(loop_scope="session")

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
FACTS = created(Invited(TenantId(UUID(int=1)), UserId(UUID(int=2)), "a@example.test")).user


@pytest.mark.catalogue("AM-16")
async def test_a_new_person_gets_one_mail_however_often_the_broker_tells(
    post: PostOffice, amqp_url: str, http: aiohttp.ClientSession
) -> None:
    person = post.known()
    message = enveloped(created(person, "de"), person.tenant_id)
    async with (
        working(SERVICE, post.settings(amqp_url)) as one,
        working(SERVICE, post.settings(amqp_url)) as two,
    ):
        await until_connected(http, one)
        await until_connected(http, two)
        await asyncio.gather(*(publish_raw(amqp_url, message.type, message.model_dump(mode="json")) for _ in range(10)))
        row = await post.reaches(person, "sent")
        other = await _another(post, amqp_url, person)
        assert len(await post.rows(person)) == 2

    assert (row["event_id"], row["locale"]) == (message.id, "de")
    assert row["traceparent"].split("-")[1] == message.traceparent.split("-")[1]
    assert [mail.message_id for mail in post.sink.to(person.address)] == [
        f"<{row['id']}@agency.test>",
        f"<{other}@agency.test>",
    ]


async def test_one_event_makes_one_delivery_even_without_the_inbox(post: PostOffice) -> None:
    person = await post.invite()
    (row,) = await post.rows(person)
    message = enveloped(created(person), person.tenant_id).model_copy(update={"id": row["event_id"]})
    async with post.db.transaction(person.tenant_id) as tx:
        await invite(tx, created(person), message)
    assert len(await post.rows(person)) == 1
    assert await post.timeline(person) == [("queued", None)]


async def test_a_message_that_cannot_be_read_holds_up_no_other(
    post: PostOffice, amqp_url: str, http: aiohttp.ClientSession
) -> None:
    person = post.known()
    message = enveloped(created(person), person.tenant_id)
    async with working(SERVICE, post.settings(amqp_url)) as url:
        await until_connected(http, url)
        await publish_raw(amqp_url, message.type, b"{")
        await publish_raw(
            amqp_url, message.type, message.model_copy(update={"id": uuid4(), "data": {}}).model_dump(mode="json")
        )
        await publish_raw(amqp_url, message.type, message.model_dump(mode="json"))
        await post.reaches(person, "sent")


@pytest.mark.parametrize(
    ("event", "subject", "said"),
    [
        (PasswordResetRequested(user=FACTS), "Scegli una nuova password: ", "/password-reset-links#token="),
        (PasswordChanged(user=FACTS), "La tua password è stata cambiata: ", "è stata cambiata il "),
        (SecondFactorChanged(user=FACTS, in_use=True), "Secondo fattore del tuo account: ", "è stato attivato"),
        (
            SecondFactorChanged(user=FACTS, in_use=False),
            "Secondo fattore del tuo account: ",
            "basta di nuovo la password",
        ),
        (DeviceAdded(user=FACTS, address="192.0.2.7", signed_in_at=AT), "Nuovo accesso al tuo account: ", "192.0.2.7"),
    ],
    ids=["reset", "changed", "second factor", "no second factor", "device"],
)
async def test_what_happens_to_an_account_is_told_to_its_owner(
    post: PostOffice, amqp_url: str, http: aiohttp.ClientSession, event: UserEvent, subject: str, said: str
) -> None:
    person = post.known()
    event = event.model_copy(update={"user": created(person).user})
    message = enveloped(event, person.tenant_id)
    async with working(SERVICE, post.settings(amqp_url)) as url:
        await until_connected(http, url)
        await publish_raw(amqp_url, message.type, message.model_dump(mode="json"))
        row = await post.reaches(person, "sent")
    (mail,) = post.sink.to(person.address)
    assert mail.message["Subject"].startswith(subject)
    assert said in mail.part("plain")
    assert "#token=" not in row["body_redacted"]
    assert mail.message["List-Unsubscribe"] is None
    assert (row["category"], row["ground"]) == ("security", "mandatory")


async def _another(post: PostOffice, amqp_url: str, person: Invited) -> object:
    """Have an administrator ask for the mail again; return the id of the second delivery once it is sent."""
    asked = ActivationRequested(user=created(person).user)
    message = enveloped(created(person), person.tenant_id)
    again = message.model_copy(update={"type": asked.topic, "data": asked.model_dump(mode="json")})
    await publish_raw(amqp_url, again.type, again.model_dump(mode="json"))

    async def second() -> object:
        rows = await post.rows(person)
        return rows[1]["id"] if len(rows) == 2 and rows[1]["state"] == "sent" else None

    return await eventually(second)
