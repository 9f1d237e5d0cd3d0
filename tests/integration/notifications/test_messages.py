"""What somebody writes to many is queued for each of them, at the price of a message to one."""

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
from tests.support.running import serving
from tests.support.wire import counted

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def agency(http: aiohttp.ClientSession, post: PostOffice) -> AsyncGenerator[Agency]:
    async with serving(SERVICE, post.settings()) as url:
        made = Agency(http, url, post)
        made.granted("admin.agents.manage", "communications.read")
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


async def test_each_is_answered_in_the_order_asked_and_an_address_gets_it_once(agency: Agency) -> None:
    first, second = await agency.contact(), await agency.contact()
    same = await agency.contact(email=first["email"])
    nobody = str(uuid4())
    asked = [second["id"], nobody, first["id"], same["id"], second["id"]]
    queued = await agency.write(*asked)
    assert [one["recipient_id"] for one in queued] == asked[:4]
    assert queued[1] == {"recipient_id": nobody, "delivery_id": None, "wanted": None, "ground": None}
    assert queued[2]["delivery_id"] == queued[3]["delivery_id"] != queued[0]["delivery_id"]
    _, history = await agency.call("GET", "/v1/deliveries")
    assert {one["id"] for one in history["items"]} == {queued[0]["delivery_id"], queued[2]["delivery_id"]}
    assert queued[2]["delivery_id"] in {one["id"] for one in history["items"] if _went_to(one, first)}


async def test_sent_twice_with_one_key_it_is_queued_once(agency: Agency) -> None:
    contact = await agency.contact()
    body = {"category": "support", "subject": "Riunione", "text": "Domani.", "recipients": [contact["id"]]}
    answers = [await agency.call("POST", "/v1/messages", body, Idempotency_Key="once") for _ in range(2)]
    assert answers[0] == answers[1]
    _, history = await agency.call("GET", "/v1/deliveries")
    assert len(history["items"]) == 1


def _went_to(delivery: dict[str, Any], contact: dict[str, Any]) -> bool:
    return delivery["recipient_user_id"] == contact["id"]
