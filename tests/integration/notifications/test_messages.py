"""What somebody writes to many is queued for each of them, at the price of a message to one."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest
import pytest_asyncio

from services.chassis import clock
from services.chassis.database import open_database
from services.notifications.app import SERVICE
from services.notifications.domain.delivery import Category
from services.notifications.operations import messages
from services.notifications.operations.messages import NewMessage
from tests.integration.notifications.agency import Agency
from tests.integration.notifications.post_office import PostOffice
from tests.support.mailsink import Mode
from tests.support.running import eventually, serving, working
from tests.support.wire import counted

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def agency(http: aiohttp.ClientSession, post: PostOffice) -> AsyncGenerator[Agency]:
    async with serving(SERVICE, post.settings()) as url:
        made = Agency(http, url, post)
        made.granted("admin.agents.manage", "communications.read", "communications.resend")
        await made.tell(made.user_id)
        yield made


async def test_a_message_to_many_costs_as_many_statements_as_one_to_one(agency: Agency) -> None:
    contacts = [UUID((await agency.contact())["id"]) for _ in range(50)]
    spent = list[int]()
    async with (
        counted(agency.post.database.app) as (wire, url),
        open_database(url, connections=1, name="counted") as db,
    ):
        for asked in (contacts[:1], contacts[:1], contacts):  # the driver learns the types of a connection once
            before = wire.statements
            message = NewMessage(uuid4(), Category.SUPPORT, "Riunione", "Domani.", asked, None)
            queued = await messages.send(db, agency.tenant_id, agency.user_id, message, clock.now())
            spent.append(wire.statements - before)
            assert [one.recipient_id for one in queued] == asked
            assert all(one.delivery_id and one.decision for one in queued)
    assert spent[1] == spent[2]


async def test_each_is_answered_in_the_order_asked_and_has_a_mail_of_his_own(agency: Agency) -> None:
    first, second = await agency.contact(), await agency.contact()
    same = await agency.contact(email=first["email"])
    nobody = str(uuid4())
    asked = [second["id"], nobody, first["id"], same["id"], second["id"]]
    queued = await agency.write(*asked)
    assert [one["recipient_id"] for one in queued] == asked[:4]
    assert queued[1] == {"recipient_id": nobody, "delivery_id": None, "wanted": None, "ground": None}
    _, history = await agency.call("GET", "/v1/deliveries")
    assert {one["id"]: one["recipient_user_id"] for one in history["items"]} == {
        one["delivery_id"]: one["recipient_id"] for one in queued if one["delivery_id"]
    }
    assert len(history["items"]) == 3
    assert {one["recipient_address"] for one in history["items"]} == {first["email"], second["email"]}


async def test_sent_twice_with_one_key_it_is_queued_once(agency: Agency) -> None:
    contact = await agency.contact()
    body = {"category": "support", "subject": "Riunione", "text": "Domani.", "recipients": [contact["id"]]}
    answers = [await agency.call("POST", "/v1/messages", body, Idempotency_Key="once") for _ in range(2)]
    assert answers[0] == answers[1]
    _, history = await agency.call("GET", "/v1/deliveries")
    assert len(history["items"]) == 1


async def test_sent_twice_with_one_key_it_is_queued_once_though_addresses_changed_between(agency: Agency) -> None:
    contact, gone = await agency.contact(), await agency.contact()
    body = {"category": "support", "subject": "Riunione", "text": "Domani.", "recipients": [contact["id"], gone["id"]]}
    status, first = await agency.call("POST", "/v1/messages", body, Idempotency_Key="once")
    assert status == 202
    card = {"given_name": "Carla", "family_name": "Neri", "locale": "it", "email": "elsewhere@example.test"}
    assert (await agency.call("PUT", f"/v1/contacts/{contact['id']}", card, If_Match='"1"'))[0] == 200
    async with agency.post.db.transaction(agency.tenant_id) as tx:
        await tx.execute("DELETE FROM recipients WHERE id = $1", UUID(gone["id"]))
    status, again = await agency.call("POST", "/v1/messages", body, Idempotency_Key="once")
    assert (status, again["items"][0]) == (202, first["items"][0])
    assert again["items"][1]["delivery_id"] is None
    _, history = await agency.call("GET", "/v1/deliveries")
    assert {one["id"] for one in history["items"]} == {one["delivery_id"] for one in first["items"]}


async def sent(agency: Agency, *recipients: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Write to recipients, and return what became of each one's mail."""
    queued = await agency.write(*(one["id"] for one in recipients))
    shown = [await agency.became(one["delivery_id"]) for one in queued]
    return [(one["state"], one["last_error_code"]) for one in shown]


async def test_an_address_that_several_share_gets_it_once_and_each_has_a_history(agency: Agency) -> None:
    address = f"{uuid4().hex[:12]}@example.test"
    family = [await agency.contact(email=address) for _ in range(4)]
    async with working(SERVICE, agency.post.settings()), working(SERVICE, agency.post.settings()):
        became = await sent(agency, *family)
    assert sorted(became) == [*[("cancelled", "same_address")] * 3, ("sent", None)]
    assert len(await agency.post.sink.has(address)) == 1


@pytest.mark.parametrize("blocked", [0, 1])
async def test_who_gets_no_mail_takes_it_from_nobody_who_shares_the_address(agency: Agency, blocked: int) -> None:
    address = f"{uuid4().hex[:12]}@example.test"
    pair = [await agency.contact(email=address) for _ in range(2)]
    switches = {"receives": False, "sends": True, "sender_address": None}
    path = f"/v1/recipients/{pair[blocked]['id']}/switches"
    assert (await agency.call("PUT", path, switches, If_Match='"1"'))[0] == 200
    async with working(SERVICE, agency.post.settings()):
        became = await sent(agency, *pair)
    assert became[blocked] == ("suppressed", "receiving_blocked")
    assert became[1 - blocked] == ("sent", None)
    assert len(await agency.post.sink.has(address)) == 1


async def test_who_is_second_at_an_address_waits_until_the_first_is_settled(agency: Agency) -> None:
    address = f"{uuid4().hex[:12]}@example.test"
    pair = [await agency.contact(email=address) for _ in range(2)]
    agency.post.sink.answer(address, Mode.BUSY)
    queued = await agency.write(*(one["id"] for one in pair))

    async def both_wait() -> bool:
        _, history = await agency.call("GET", "/v1/deliveries")
        return {one["last_error_code"] for one in history["items"]} == {"451", "same_address"}

    async with working(SERVICE, agency.post.settings()):
        assert await eventually(both_wait)
        async with agency.post.db.transaction(agency.tenant_id) as tx:
            await tx.execute("UPDATE deliveries SET next_try_at = now()")
        became = [(await agency.became(one["delivery_id"]))["state"] for one in queued]
    assert became == ["sent", "cancelled"]
    assert len(await agency.post.sink.has(address)) == 1


async def test_a_contact_that_is_removed_while_it_is_written_to_gets_the_mail_or_is_no_recipient(
    agency: Agency,
) -> None:
    for _ in range(50):
        contact = await agency.contact()
        removal = agency.call("DELETE", f"/v1/contacts/{contact['id']}", If_Match='"1"')
        queued, (removed, problem) = await asyncio.gather(agency.write(contact["id"]), removal)
        assert (removed == 204) == (queued[0]["delivery_id"] is None)
        assert removed == 204 or problem["code"] == "has_mail"


async def test_a_mail_is_sent_again_to_where_its_recipient_is_now_and_to_nobody_who_was_removed(agency: Agency) -> None:
    contact = await agency.contact()
    async with working(SERVICE, agency.post.settings()):
        (queued,) = await agency.write(contact["id"])
        assert (await agency.became(queued["delivery_id"]))["state"] == "sent"
        address = f"{uuid4().hex[:12]}@example.test"
        card = {"given_name": "Carla", "family_name": "Neri", "locale": "it", "email": address}
        assert (await agency.call("PUT", f"/v1/contacts/{contact['id']}", card, If_Match='"1"'))[0] == 200
        path = f"/v1/deliveries/{queued['delivery_id']}/resend"
        status, again = await agency.call("POST", path)
        assert (status, again["recipient_address"]) == (201, address)
        assert (await agency.became(again["id"]))["state"] == "sent"

        await agency.prefers(contact["id"], support=False)
        assert (await agency.call("DELETE", f"/v1/contacts/{contact['id']}", If_Match='"3"'))[0] == 204
        status, problem = await agency.call("POST", path)
        assert (status, problem["code"]) == (409, "recipient_gone")
    assert len(agency.post.sink.to(address)) == 1
