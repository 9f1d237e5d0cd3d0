"""What happens to a mail after it was sent: it comes back, or its reader wants no more; both by the gateway."""

from email import message_from_string, policy
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

import pytest

from deploy.local.stack import Stack
from tests.support.gateway import Agency
from tests.support.running import eventually
from tests.unit.notifications.test_bounces import report

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def contact_of(agency: Agency) -> dict[str, Any]:
    """Add a contact, to whom nobody has written yet."""
    card = {"given_name": "Carla", "family_name": "Neri", "locale": "it", "email": f"{uuid4().hex[:12]}@example.test"}
    contact: dict[str, Any] = (await agency.administrator.call("POST", "/notifications/v1/contacts", card)).expect(201)
    return contact


async def write(agency: Agency, contact: dict[str, Any]) -> dict[str, Any]:
    """Write to a contact; return what becomes of it."""
    body = {"category": "support", "subject": "Riunione", "text": "Domani.", "recipients": [contact["id"]]}
    answer = (await agency.administrator.call("POST", "/notifications/v1/messages", body)).expect(202)
    queued: dict[str, Any] = answer["items"][0]
    return queued


async def mail_to(agency: Agency, contact: dict[str, Any]) -> EmailMessage:
    """Return the first mail to a contact as it came."""

    async def first() -> str:
        mails = await agency.mails.to(contact["email"])
        if not mails:
            return ""
        async with agency.mails.http.get(f"{agency.mails.url}/mails/{mails[0]['id']}/source") as response:
            return await response.text()

    return message_from_string(await eventually(first, 20), policy=policy.default)


@pytest.mark.catalogue("SB-24")
async def test_a_mail_system_hands_in_what_came_back(stack: Stack, agency: Agency) -> None:
    contact = await contact_of(agency)
    queued = await write(agency, contact)
    returned = {"message": report(message_id=str((await mail_to(agency, contact))["Message-ID"]))}
    admin, path = agency.administrator, "/notifications/v1/bounces"
    assert (await admin.call("POST", path, returned)).status == 401
    assert (await admin.call("POST", path, returned, Authorization=f"Bearer {stack.operator_token}")).status == 401
    taken = await admin.call("POST", path, returned, Authorization=f"Bearer {stack.bounce_token}")
    assert taken.expect(202) == {"understood": True}

    async def bounced() -> bool:
        shown = await admin.call("GET", f"/notifications/v1/deliveries/{queued['delivery_id']}")
        return bool(shown.expect(200)["state"] == "bounced")

    await eventually(bounced, 20)
    assert (await write(agency, contact))["ground"] == "address_suppressed"


@pytest.mark.catalogue("MG-17")
async def test_one_click_in_a_mail_program_ends_mail_of_the_kind_and_looking_ends_nothing(
    stack: Stack, agency: Agency
) -> None:
    contact = await contact_of(agency)
    await write(agency, contact)
    mail = await mail_to(agency, contact)
    url = str(mail["List-Unsubscribe"]).strip("<>")
    assert url.startswith(f"{agency.administrator.url}/unsubscribe/")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    http = agency.mails.http
    async with http.get(url) as page:
        assert (page.status, page.content_type) == (200, "text/html")
    token = url.rpartition("/")[2]
    shown = await agency.administrator.call("GET", f"/notifications/v1/unsubscriptions/{token}", Authorization="")
    told = shown.expect(200)
    assert told.pop("names")["it"] == "Assistenza"
    assert told == {"agency": "Agenzia Prova", "category": "support", "wanted": True}
    for _ in range(2):
        async with http.post(url, data={"List-Unsubscribe": "One-Click"}) as answer:
            assert answer.status == 200
            assert (await answer.json())["wanted"] is False
    assert (await write(agency, contact))["wanted"] is False
    async with http.post(url[:-4] + "AAAA", data={"List-Unsubscribe": "One-Click"}) as answer:
        assert answer.status == 404

    async def everything_is_written_down() -> bool:
        log = (stack.folder / "logs/gateway.log").read_text("utf-8")
        return log.count('"method":"POST","path":"/unsubscribe","status"') >= 3

    assert await eventually(everything_is_written_down)
    for log in (stack.folder / "logs").glob("*.log"):
        assert token not in log.read_text("utf-8", "replace"), log.name
