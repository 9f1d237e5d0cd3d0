"""A contact that may sign in is the same contact: one set of choices, one history, and no account left behind."""

from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest
import pytest_asyncio

from services.contracts.identity_events import AgentCardChanged, SubAccountGranted, SubAccountRevoked
from services.contracts.vocabulary import UserId, UserState
from services.notifications.app import SERVICE
from services.notifications.consumers import follow_card, follow_sub_account
from services.notifications.operations.appointments import PictureIncomplete
from tests.integration.notifications.agency import Agency
from tests.integration.notifications.post_office import PostOffice, enveloped
from tests.support.running import serving, working

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def url(post: PostOffice) -> AsyncGenerator[str]:
    async with (
        serving(SERVICE, post.settings(sender_domains="rossi.test")) as one,
        working(SERVICE, post.settings(sender_domains="rossi.test")),
    ):
        yield one


@pytest_asyncio.fixture(loop_scope="session")
async def agency(http: aiohttp.ClientSession, url: str, post: PostOffice) -> Agency:
    made = Agency(http, url, post)
    made.granted("admin.agents.manage", "admin.settings.update", "communications.read")
    await made.tell(made.user_id)
    return made


async def ticked(agency: Agency, contact_id: str, user_id: UUID, version: int = 1, *, on: bool = True) -> None:
    """Have identity tell that a contact may sign in, or not any more."""
    kind = SubAccountGranted if on else SubAccountRevoked
    event = kind(contact_id=UUID(contact_id), user_id=UserId(user_id), version=version)
    async with agency.post.db.transaction(agency.tenant_id) as tx:
        await follow_sub_account(tx, event, enveloped(event, agency.tenant_id))


async def account(agency: Agency, http: aiohttp.ClientSession) -> tuple[dict[str, Any], Agency]:
    """Return a contact with an account, and the agency as this account sees it: without any permission."""
    contact = await agency.contact()
    own = Agency(http, agency.url, agency.post, tenant_id=agency.tenant_id)
    own.granted()
    await agency.tell(own.user_id)
    await ticked(agency, contact["id"], own.user_id)
    return contact, own


@pytest.mark.catalogue("SB-1", "SB-16", "SB-25")
async def test_the_choices_of_contact_and_account_are_the_same_from_either_side(
    agency: Agency, http: aiohttp.ClientSession
) -> None:
    contact = await agency.contact()
    await agency.prefers(contact["id"], administration=True, support=False)
    own = Agency(http, agency.url, agency.post, tenant_id=agency.tenant_id)
    own.granted()
    await agency.tell(own.user_id)
    assert (await own.prefers(str(own.user_id)))["support"] == (True, "system_default")
    await ticked(agency, contact["id"], own.user_id)

    chosen = await own.prefers(str(own.user_id), general=False)
    assert [chosen[name] for name in ("administration", "support", "general")] == [
        (True, "own_choice"),
        (False, "own_choice"),
        (False, "own_choice"),
    ]
    assert await agency.prefers(contact["id"]) == chosen
    (to_account,) = await agency.write(str(own.user_id), category="general")
    assert (to_account["wanted"], to_account["ground"]) == (False, "own_choice")
    _, shown = await agency.call("GET", f"/v1/contacts/{contact['id']}")
    assert shown["account_user_id"] == str(own.user_id)


@pytest.mark.catalogue("SB-25", "SB-22")
async def test_without_the_tick_the_account_ends_and_the_contact_keeps_everything(
    agency: Agency, http: aiohttp.ClientSession
) -> None:
    contact, own = await account(agency, http)
    await own.prefers(str(own.user_id), administration=True, support=False)
    await ticked(agency, contact["id"], own.user_id, 2, on=False)
    await agency.tell(own.user_id, UserState.GHOST, version=2)

    kept = await agency.prefers(contact["id"])
    assert (kept["administration"], kept["support"]) == ((True, "own_choice"), (False, "own_choice"))
    (sent,) = await agency.write(contact["id"], category="administration")
    assert (await agency.became(sent["delivery_id"]))["state"] == "sent"
    _, shown = await agency.call("GET", f"/v1/contacts/{contact['id']}")
    assert shown["account_user_id"] is None
    _, page = await own.call("GET", "/v1/deliveries")
    assert page["items"] == [], "what was the contact's is no longer the account's"


@pytest.mark.catalogue("SB-3", "SB-24")
async def test_an_account_reads_the_history_of_its_contact_and_of_nobody_else(
    agency: Agency, http: aiohttp.ClientSession
) -> None:
    contact, own = await account(agency, http)
    other = await agency.contact()
    (mine,) = await agency.write(contact["id"])
    (foreign,) = await agency.write(other["id"])
    await agency.became(mine["delivery_id"])
    _, page = await own.call("GET", "/v1/deliveries")
    assert [item["id"] for item in page["items"]] == [mine["delivery_id"]]
    status, shown = await own.call("GET", f"/v1/deliveries/{mine['delivery_id']}")
    assert (status, shown["recipient_user_id"]) == (200, contact["id"])
    assert (await own.call("GET", f"/v1/deliveries/{foreign['delivery_id']}"))[0] == 404
    _, page = await own.call("GET", f"/v1/deliveries?recipient_user_id={other['id']}")
    assert page["items"] == []


async def test_an_account_manages_its_contacts_choices_but_neither_its_switches_nor_others(
    agency: Agency, http: aiohttp.ClientSession
) -> None:
    contact, own = await account(agency, http)
    other = await agency.contact()
    assert (await own.prefers(contact["id"], domain=False))["domain"] == (False, "own_choice")
    assert (await own.call("GET", f"/v1/recipients/{contact['id']}/explanation?category=domain"))[0] == 200
    body = {"receives": True, "sends": True, "sender_address": None}
    path = f"/v1/recipients/{contact['id']}/switches"
    assert (await own.call("PUT", path, body, If_Match='"2"'))[0] == 403, "nobody unblocks himself"
    assert (await own.call("GET", f"/v1/recipients/{other['id']}/preferences"))[0] == 403
    await ticked(agency, contact["id"], own.user_id, 2, on=False)
    assert (await own.call("GET", f"/v1/recipients/{contact['id']}/preferences"))[0] == 403


async def test_a_block_of_the_contact_counts_for_its_account(agency: Agency, http: aiohttp.ClientSession) -> None:
    contact, own = await account(agency, http)
    body = {"receives": False, "sends": True, "sender_address": None}
    path = f"/v1/recipients/{contact['id']}/switches"
    assert (await agency.call("PUT", path, body, If_Match='"1"'))[0] == 200
    (kept_back,) = await agency.write(str(own.user_id))
    assert kept_back["ground"] == "receiving_blocked"


async def test_news_that_come_late_or_twice_change_nothing(agency: Agency) -> None:
    contact, user_id = await agency.contact(), uuid4()
    for version, on, signs_in in (
        (3, True, True),
        (2, False, True),
        (3, True, True),
        (4, False, False),
        (3, True, False),
    ):
        await ticked(agency, contact["id"], user_id, version, on=on)
        _, shown = await agency.call("GET", f"/v1/contacts/{contact['id']}")
        assert (shown["account_user_id"] is not None) == signs_in


async def test_a_contact_with_an_account_is_not_removed(agency: Agency, http: aiohttp.ClientSession) -> None:
    contact, own = await account(agency, http)
    status, problem = await agency.call("DELETE", f"/v1/contacts/{contact['id']}", If_Match='"1"')
    assert (status, problem["code"]) == (409, "has_account")
    await ticked(agency, contact["id"], own.user_id, 2, on=False)
    assert (await agency.call("DELETE", f"/v1/contacts/{contact['id']}", If_Match='"1"'))[0] == 204


@pytest.mark.catalogue("MG-12")
async def test_mails_bear_the_address_of_the_agent_card_unless_one_is_set_here(agency: Agency) -> None:
    async def card(version: int, address: str | None, user_id: UUID = agency.user_id) -> None:
        event = AgentCardChanged(
            user_id=UserId(user_id), version=version, title="", colour=None, sender_address=address, shown=()
        )
        async with agency.post.db.transaction(agency.tenant_id) as tx:
            await follow_card(tx, event, enveloped(event, agency.tenant_id))

    async def sender() -> str:
        contact = await agency.contact()
        await agency.write(contact["id"])
        (mail,) = await agency.post.sink.has(contact["email"])
        return str(mail.message["From"])

    await card(2, "anna@rossi.test")
    await card(1, "old@rossi.test")
    assert await sender() == "Anna Rossi <anna@rossi.test>"
    await card(3, "anna\r\nBcc: eve@rossi.test")
    assert await sender() == "Anna Rossi <keyholder@agency.test>", "what is no address is none"
    await card(4, "anna@rossi.test")
    _, shown = await agency.call("GET", f"/v1/recipients/{agency.user_id}")
    body = {"receives": True, "sends": True, "sender_address": "ada@rossi.test"}
    path = f"/v1/recipients/{agency.user_id}/switches"
    assert (await agency.call("PUT", path, body, If_Match=f'"{shown["version"]}"'))[0] == 200
    assert await sender() == "Anna Rossi <ada@rossi.test>"
    with pytest.raises(PictureIncomplete):
        await card(1, None, uuid4())
