"""Whom the agency can write to, what each wants, and that the mail itself obeys: asked once more when it is sent."""

import asyncio
from collections.abc import AsyncGenerator
from uuid import uuid4

import aiohttp
import pytest
import pytest_asyncio

from services.contracts.vocabulary import UserState
from services.notifications.app import SERVICE
from services.notifications.domain.suppression import Severity
from services.notifications.store import suppressions
from tests.integration.notifications.agency import Agency
from tests.integration.notifications.post_office import PostOffice
from tests.support.mailsink import Mode
from tests.support.running import eventually, serving, working

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def url(post: PostOffice) -> AsyncGenerator[str]:
    async with (
        serving(SERVICE, post.settings(sender_domains="rossi.test, other.test")) as one,
        working(SERVICE, post.settings(sender_domains="rossi.test, other.test")),
    ):
        yield one


@pytest_asyncio.fixture(loop_scope="session")
async def agency(http: aiohttp.ClientSession, url: str, post: PostOffice) -> Agency:
    made = Agency(http, url, post)
    made.granted("admin.agents.manage", "admin.settings.update", "communications.read")
    await made.tell(made.user_id)
    return made


@pytest.mark.catalogue("SB-5", "SB-6", "SB-7", "SB-8", "SB-9", "SB-10", "SB-11", "SB-12", "SB-13", "SB-14", "SB-15")
async def test_a_contact_is_kept_changed_and_removed(agency: Agency) -> None:
    made = await agency.contact(
        company="Neri Srl", telephone="+39 0583 1", address_1="Via A 1", city="Lucca", province="LU", postcode="55100"
    )
    path = f"/v1/contacts/{made['id']}"
    assert await agency.call("GET", path) == (200, made)
    assert made["display_name"] == "Carla Neri"
    shown_only = {"id", "version", "display_name", "account_user_id"}
    fields = {name: value for name, value in made.items() if name not in shown_only}

    assert (await agency.call("PUT", path, fields))[0] == 428
    assert (await agency.call("PUT", path, fields, If_Match='"7"'))[0] == 412
    status, changed = await agency.call("PUT", path, fields | {"city": "Pisa"}, If_Match='"1"')
    assert (status, changed["city"], changed["version"]) == (200, "Pisa", 2)
    status, problem = await agency.call("PUT", path, fields | {"email": "no address"}, If_Match='"2"')
    assert (status, problem["code"]) == (422, "address_unusable")

    assert (await agency.call("DELETE", path, If_Match='"2"'))[0] == 204
    assert (await agency.call("GET", path))[0] == 404


async def test_the_same_idempotency_key_adds_one_contact(agency: Agency) -> None:
    card = {"given_name": "A", "family_name": "B", "locale": "it", "email": "a@example.test"}
    answers = [await agency.call("POST", "/v1/contacts", card, Idempotency_Key="k") for _ in range(3)]
    assert {status for status, _ in answers} == {201}
    assert len({body["id"] for _, body in answers}) == 1


async def test_others_need_a_permission_and_oneself_none(agency: Agency) -> None:
    contact = await agency.contact()
    agency.granted()
    message = {"category": "support", "subject": "s", "text": "t", "recipients": [str(uuid4())]}
    calls: list[tuple[str, str, object]] = [
        ("GET", "/v1/recipients", None),
        ("GET", f"/v1/recipients/{contact['id']}", None),
        ("GET", f"/v1/recipients/{contact['id']}/preferences", None),
        ("GET", f"/v1/recipients/{contact['id']}/explanation?category=support", None),
        ("GET", f"/v1/contacts/{contact['id']}", None),
        ("PATCH", "/v1/default-preferences", {"choices": {}}),
        ("GET", "/v1/wordings", None),
        ("POST", "/v1/messages", message),
    ]
    for method, path, body in calls:
        status, problem = await agency.call(method, path, body)
        assert (status, problem["code"]) == (403, "permission_missing"), path
    assert (await agency.call("GET", f"/v1/recipients/{agency.user_id}/preferences"))[0] == 200
    status, _ = await agency.call(
        "PUT",
        f"/v1/recipients/{agency.user_id}/switches",
        {"receives": True, "sends": True, "sender_address": None},
        If_Match='"1"',
    )
    assert status == 403, "nobody unblocks himself"


@pytest.mark.catalogue("SB-17", "SB-18", "SB-19", "SB-20", "SB-21", "SB-22", "MG-17")
async def test_each_category_follows_ones_own_choice_the_agencys_and_the_systems(agency: Agency) -> None:
    contact = (await agency.contact())["id"]
    before = await agency.prefers(contact)
    assert before.pop("security") == (True, "mandatory")
    assert before.pop("appointments") == (False, "system_default")
    assert set(before.values()) == {(True, "system_default")}

    status, defaults = await agency.call("PATCH", "/v1/default-preferences", {"choices": {"administration": False}})
    assert status == 200
    chosen = {one["category"]: one["choice"] for one in defaults["categories"]}
    assert chosen == dict.fromkeys(chosen) | {"administration": False}
    assert (await agency.prefers(contact))["administration"] == (False, "agency_default")
    assert (await agency.prefers(contact, administration=True))["administration"] == (True, "own_choice")
    assert (await agency.prefers(contact, administration=None))["administration"] == (False, "agency_default")
    status, problem = await agency.call(
        "PATCH", f"/v1/recipients/{contact}/preferences", {"choices": {"security": False}}, If_Match='"9"'
    )
    assert (status, problem["code"]) == (422, "not_choosable")


@pytest.mark.catalogue("SB-16", "SB-22")
async def test_a_contact_without_an_account_gets_what_it_wants_and_nothing_else(agency: Agency) -> None:
    contact = await agency.contact()
    await agency.prefers(contact["id"], administration=True, support=False)
    (kept_back,) = await agency.write(contact["id"])
    (sent,) = await agency.write(contact["id"], category="administration")
    assert (kept_back["wanted"], kept_back["ground"]) == (False, "own_choice")
    assert (sent["wanted"], sent["ground"]) == (True, "own_choice")

    shown = await agency.became(kept_back["delivery_id"])
    assert (shown["state"], shown["ground"], shown["attempts"]) == ("suppressed", "own_choice", 0)
    assert [(moment["state"], moment["code"]) for moment in shown["timeline"]][-1] == ("suppressed", "own_choice")
    shown = await agency.became(sent["delivery_id"])
    assert (shown["state"], shown["ground"]) == ("sent", "own_choice")
    (mail,) = agency.post.sink.to(contact["email"])
    assert mail.message["Subject"] == "Riunione"
    assert "Alle nove." in mail.part("plain")
    assert "unsubscribe" not in shown["body"]


@pytest.mark.catalogue("MG-18")
async def test_a_block_keeps_back_what_was_already_queued(agency: Agency) -> None:
    contact = await agency.contact()
    agency.post.sink.answer(contact["email"], Mode.BUSY)
    (queued,) = await agency.write(contact["id"])
    assert queued["wanted"]

    async def deferred() -> bool:
        _, shown = await agency.call("GET", f"/v1/deliveries/{queued['delivery_id']}")
        return shown["state"] == "deferred"

    await eventually(deferred)
    await _switch(agency, contact["id"], receives=False)
    async with agency.post.db.transaction(agency.tenant_id) as tx:
        await tx.execute("UPDATE deliveries SET next_try_at = now()")
        await tx.execute("SELECT pg_notify('deliveries', '')")
    shown = await agency.became(queued["delivery_id"])
    assert (shown["state"], shown["ground"]) == ("suppressed", "receiving_blocked")
    assert agency.post.sink.to(contact["email"]) == []


@pytest.mark.catalogue("MG-18")
async def test_who_may_not_send_reaches_nobody_but_still_receives(agency: Agency) -> None:
    contact = await agency.contact()
    await _switch(agency, str(agency.user_id), sends=False)
    (queued,) = await agency.write(contact["id"])
    shown = await agency.became(queued["delivery_id"])
    assert (shown["state"], shown["ground"]) == ("suppressed", "sending_blocked")
    status, told = await agency.call(
        "GET", f"/v1/recipients/{contact['id']}/explanation?category=support&sender_user_id={agency.user_id}"
    )
    assert (status, told["wanted"], told["ground"]) == (200, False, "sending_blocked")
    assert [step["ground"] for step in told["steps"] if step["decides"]] == ["sending_blocked"]
    _, told = await agency.call("GET", f"/v1/recipients/{agency.user_id}/explanation?category=support")
    assert told["wanted"]


@pytest.mark.catalogue("MG-12")
@pytest.mark.parametrize(
    ("address", "sender", "reply_to"),
    [
        ("ada@rossi.test", "Anna Rossi <ada@rossi.test>", None),
        ("ada@foreign.test", "Anna Rossi <keyholder@agency.test>", "ada@foreign.test"),
        (None, "Anna Rossi <keyholder@agency.test>", None),
    ],
)
async def test_a_mail_bears_the_address_of_who_has_it_sent(
    agency: Agency, address: str | None, sender: str, reply_to: str | None
) -> None:
    contact = await agency.contact()
    await _switch(agency, str(agency.user_id), sender_address=address)
    await agency.write(contact["id"])
    (mail,) = await agency.post.sink.has(contact["email"])
    assert (mail.message["From"], mail.message["Reply-To"]) == (sender, reply_to)
    assert mail.sender == "keyholder@agency.test", "what comes back comes to us"


@pytest.mark.parametrize("state", [UserState.SUSPENDED, UserState.GHOST, UserState.PROVISIONED])
async def test_who_is_not_active_gets_no_mail_that_one_could_choose(agency: Agency, state: UserState) -> None:
    user_id = uuid4()
    await agency.tell(user_id, state)
    (queued,) = await agency.write(str(user_id))
    assert not queued["wanted"]
    _, told = await agency.call("GET", f"/v1/recipients/{user_id}/explanation?category=security")
    assert told["wanted"] == (state is not UserState.GHOST)


async def test_an_older_picture_of_a_person_changes_nothing(agency: Agency) -> None:
    user_id = uuid4()
    await agency.tell(user_id, version=3, name="Third")
    await agency.tell(user_id, version=2, name="Second")
    _, shown = await agency.call("GET", f"/v1/recipients/{user_id}")
    assert shown["display_name"] == "Third"
    await _switch(agency, str(user_id), receives=False)
    await agency.tell(user_id, version=4, name="Fourth")
    _, shown = await agency.call("GET", f"/v1/recipients/{user_id}")
    assert (shown["display_name"], shown["receives"]) == ("Fourth", False), "a block outlives what identity tells"


async def test_an_address_that_gave_mail_back_is_left_alone_until_it_proves_itself(agency: Agency) -> None:
    user_id = uuid4()
    address = await agency.tell(user_id, UserState.PROVISIONED)
    await _bounce(agency, address.upper(), Severity.HARD)
    path = f"/v1/recipients/{user_id}"
    _, told = await agency.call("GET", f"{path}/explanation?category=security")
    assert (told["wanted"], told["ground"]) == (False, "address_suppressed")
    await agency.tell(user_id, UserState.ACTIVE, version=2)
    _, told = await agency.call("GET", f"{path}/explanation?category=support")
    assert (told["wanted"], told["ground"]) == (True, "system_default")

    for bounces in (1, 2, 3):
        await _bounce(agency, address, Severity.SOFT)
        _, told = await agency.call("GET", f"{path}/explanation?category=support")
        assert told["wanted"] == (bounces < 3)
    _, shown = await agency.call("GET", path)
    assert (shown["suppression"]["bounces"], shown["suppression"]["in_force"]) == (3, True)
    assert (await agency.call("DELETE", f"{path}/suppression"))[0] == 204
    _, shown = await agency.call("GET", path)
    assert shown["suppression"] is None


async def test_recipients_are_listed_page_by_page(agency: Agency) -> None:
    made = [(await agency.contact())["id"] for _ in range(5)]
    found, cursor = list[str](), ""
    while True:
        _, page = await agency.call("GET", f"/v1/recipients?kind=contact&limit=2{cursor}")
        found += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert found == made[::-1]


async def test_another_agency_sees_nothing_of_it(agency: Agency, http: aiohttp.ClientSession) -> None:
    contact = await agency.contact()
    stranger = Agency(http, agency.url, agency.post)
    stranger.granted("admin.agents.manage")
    assert (await stranger.call("GET", f"/v1/contacts/{contact['id']}"))[0] == 404
    assert (await stranger.call("GET", f"/v1/recipients/{contact['id']}/preferences"))[0] == 404
    (answer,) = await stranger.write(contact["id"])
    assert answer == {"recipient_id": contact["id"], "delivery_id": None, "wanted": None, "ground": None}


async def test_one_click_leaves_and_looking_does_not(agency: Agency, http: aiohttp.ClientSession) -> None:
    contact = await agency.contact()
    await agency.write(contact["id"])
    (mail,) = await agency.post.sink.has(contact["email"])
    link = mail.message["List-Unsubscribe"].strip("<>")
    assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in mail.part("plain")
    assert link in mail.part("html")
    path = f"{agency.url}/v1/unsubscriptions/{link.rpartition('/')[2]}"
    for _ in range(3):
        async with http.get(path) as response:
            assert (response.status, (await response.json())["wanted"]) == (200, True)
    for _ in range(2):
        async with http.post(path, data={"List-Unsubscribe": "One-Click"}, allow_redirects=False) as response:
            assert (response.status, (await response.json())["wanted"]) == (200, False)
            assert "Set-Cookie" not in response.headers
    (queued,) = await agency.write(contact["id"])
    assert (queued["wanted"], queued["ground"]) == (False, "own_choice")
    async with http.post(path[:-1] + ("A" if path[-1] != "A" else "B")) as response:
        assert response.status == 404


@pytest.mark.catalogue("SB-17", "SB-18", "SB-19", "SB-20", "SB-21")
async def test_each_category_says_in_five_languages_what_belongs_to_it(agency: Agency) -> None:
    agency.granted()
    status, told = await agency.call("GET", "/v1/categories")
    assert status == 200
    assert [one["category"] for one in told["items"] if one["mandatory"]] == ["security"]
    assert [one["category"] for one in told["items"] if not one["wanted"]] == ["appointments"]
    _, preferences = await agency.call("GET", f"/v1/recipients/{agency.user_id}/preferences")
    assert [one["category"] for one in told["items"]] == [one["category"] for one in preferences["categories"]]
    for language in ("it", "pl", "de", "fr", "en"):
        names = [one["words"][language]["name"] for one in told["items"]]
        assert len(set(names)) == len(told["items"])
    assert all(one["words"][language]["about"] for one in told["items"] for language in one["words"])


@pytest.mark.parametrize(
    "category",
    ["general", "services", "domain", "administration", "support", "appointments", "matches", "invitations"],
)
async def test_whoever_follows_the_link_changes_nothing_and_whoever_posts_leaves_that_category_alone(
    agency: Agency, http: aiohttp.ClientSession, category: str
) -> None:
    contact = await agency.contact()
    before = await agency.prefers(contact["id"], appointments=True)
    await agency.write(contact["id"], category=category)
    (mail,) = await agency.post.sink.has(contact["email"])
    token = mail.message["List-Unsubscribe"].strip("<>").rpartition("/")[2]
    path = f"{agency.url}/v1/unsubscriptions/{token}"
    for _ in range(3):
        async with http.get(path) as response:
            told = await response.json()
            assert (told["category"], set(told["names"])) == (category, {"it", "pl", "de", "fr", "en"})
    assert await agency.prefers(contact["id"]) == before
    async with http.post(path, data={"List-Unsubscribe": "One-Click"}) as response:
        assert response.status == 200
    assert await agency.prefers(contact["id"]) == before | {category: (False, "own_choice")}


async def test_an_agency_writes_its_mails_in_its_own_words(agency: Agency) -> None:
    contact = await agency.contact()
    path = "/v1/wordings/message/it"
    words = {
        "subject": "[{{ agency }}] {{ subject }}",
        "text": "Gentile {{ display_name }},\n\n{{ text }}",
        "html": None,
    }
    status, seen = await agency.call("POST", f"{path}/preview", words)
    assert (status, seen["subject"]) == (200, "[Casa Bella] Riunione")
    assert (await agency.call("PUT", path, words, If_Match='"4"'))[0] == 412
    status, kept = await agency.call("PUT", path, words, If_Match='"0"')
    assert (status, kept["version"]) == (200, 1)
    assert (await agency.call("PUT", path, words, If_Match='"0"'))[0] == 412
    await agency.write(contact["id"])
    (mail,) = await agency.post.sink.has(contact["email"])
    assert mail.message["Subject"] == "[Keyholder] Riunione"
    assert mail.part("plain").startswith("Gentile Carla Neri,")
    assert "Gentile Carla Neri," in mail.part("html")

    status, problem = await agency.call("PUT", path, words | {"text": "{{ text * 9 }}"}, If_Match='"1"')
    assert (status, problem["code"]) == (422, "wording_not_usable")
    _, found = await agency.call("GET", "/v1/wordings")
    assert [item["subject"] for item in found["items"]] == [words["subject"]]
    assert (await agency.call("DELETE", path, If_Match='"1"'))[0] == 204
    assert (await agency.call("DELETE", path, If_Match='"1"'))[0] == 404
    assert (await agency.call("POST", "/v1/wordings/nothing/it/preview", words))[0] == 404


async def _switch(agency: Agency, recipient_id: str, **switches: object) -> None:
    _, shown = await agency.call("GET", f"/v1/recipients/{recipient_id}")
    body = {"receives": True, "sends": True, "sender_address": None} | switches
    status, answer = await agency.call(
        "PUT", f"/v1/recipients/{recipient_id}/switches", body, If_Match=f'"{shown["version"]}"'
    )
    assert status == 200, answer


async def _bounce(agency: Agency, address: str, severity: Severity) -> None:
    async with agency.post.db.transaction(agency.tenant_id) as tx:
        await suppressions.add(tx, address, severity, "5.1.1")


async def test_choices_of_the_agency_in_any_order_wait_for_each_other_and_for_nothing_more(agency: Agency) -> None:
    names = ["general", "services", "support", "domain", "matches"]

    async def choose(order: list[str], *, wanted: bool | None) -> int:
        choices = dict.fromkeys(order, wanted)
        return (await agency.call("PATCH", "/v1/default-preferences", {"choices": choices}))[0]

    for turn in range(50):
        wanted = [True, False, None][turn % 3]
        both = await asyncio.gather(choose(names, wanted=wanted), choose(names[::-1], wanted=wanted))
        assert both == [200, 200]


async def test_whether_a_colleague_s_mails_are_blocked_is_for_who_manages_people(
    agency: Agency, http: aiohttp.ClientSession
) -> None:
    colleague = Agency(http, agency.url, agency.post, agency.tenant_id)
    await colleague.tell(colleague.user_id)
    colleague.granted()
    asked = f"/v1/recipients/{colleague.user_id}/explanation?category=general"
    status, problem = await colleague.call("GET", f"{asked}&sender_user_id={agency.user_id}")
    assert (status, problem["code"]) == (403, "permission_missing")
    for sender in ("", f"&sender_user_id={colleague.user_id}"):
        assert (await colleague.call("GET", f"{asked}{sender}"))[0] == 200
    assert (await agency.call("GET", f"{asked}&sender_user_id={agency.user_id}"))[0] == 200
