"""The communication history: everybody sees his own mail, others' by grant, nobody another agency's."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest
import pytest_asyncio

from services.contracts.access import Scope
from services.contracts.vocabulary import OfficeId, TenantId, View
from services.notifications.app import SERVICE
from tests.integration.notifications.post_office import Invited, PostOffice
from tests.support.mailsink import Mode
from tests.support.running import serving, working

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass(slots=True)
class Reader:
    """A person who looks at the history, with the rights last given."""

    http: aiohttp.ClientSession
    url: str
    post: PostOffice
    tenant_id: UUID
    user_id: UUID
    access_version: int = 0

    async def call(self, method: str, path: str, **headers: str) -> tuple[int, Any]:
        """Return status and body of a call."""
        sent = self.post.issuer.bearer(self.tenant_id, self.user_id) | {"Access-Version": str(self.access_version)}
        async with self.http.request(method, self.url + path, headers=sent | headers) as response:
            return response.status, await response.json()

    async def listed(self, query: str = "") -> list[str]:
        """Return the recipients on the first page of the history."""
        status, page = await self.call("GET", f"/v1/deliveries{query}")
        assert status == 200, page
        return [item["recipient_user_id"] for item in page["items"]]

    def granted(self, **scopes: Scope) -> None:
        """Give permissions by their last words."""
        named = {f"communications.{word}": scope for word, scope in scopes.items()}
        self.access_version = self.post.authz.give(self.tenant_id, self.user_id, named).version


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def url(post: PostOffice) -> AsyncGenerator[str]:
    """notifications, answering."""
    async with serving(SERVICE, post.settings()) as one:
        yield one


@pytest_asyncio.fixture(loop_scope="session")
async def people(post: PostOffice) -> list[Invited]:
    """Three people of a fresh agency with a mail each."""
    tenant_id = TenantId(uuid4())
    return [await post.invite(tenant_id) for _ in range(3)]


@pytest_asyncio.fixture(loop_scope="session")
async def reader(http: aiohttp.ClientSession, url: str, post: PostOffice, people: list[Invited]) -> Reader:
    """The first of these people."""
    return Reader(http, url, post, people[0].tenant_id, people[0].user_id)


EVERYBODY, ONESELF, ONESELF_AND_SECOND = [2, 1, 0], [0], [1, 0]


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        (Scope(), ONESELF),
        (Scope(own=True), ONESELF),
        (Scope(everything=View.FULL), EVERYBODY),
        (Scope(everything=View.PUBLIC), ONESELF),
        (Scope(offices=frozenset({OfficeId(UUID(int=1))})), ONESELF),
        ("second", ONESELF_AND_SECOND),
    ],
)
@pytest.mark.catalogue("SB-24", "SB-3")
async def test_list_and_single_show_the_same_people(
    reader: Reader, people: list[Invited], scope: Scope | str, seen: list[int]
) -> None:
    reader.granted(read=Scope(owners=frozenset({people[1].user_id})) if isinstance(scope, str) else scope)

    assert await reader.listed() == [str(people[index].user_id) for index in seen]
    for index, person in enumerate(people):
        expected = [str(person.user_id)] if index in seen else []
        assert await reader.listed(f"?recipient_user_id={person.user_id}") == expected
        status, body = await reader.call("GET", f"/v1/deliveries/{await _id(reader.post, person)}")
        assert status == (200 if index in seen else 404), body


async def test_another_agency_is_not_there(reader: Reader, people: list[Invited], post: PostOffice) -> None:
    stranger = replace(reader, tenant_id=uuid4(), user_id=people[0].user_id)
    stranger.granted(read=Scope(everything=View.FULL), resend=Scope(everything=View.FULL))
    mine = await _id(post, people[0])
    assert await stranger.listed() == []
    assert (await stranger.call("GET", f"/v1/deliveries/{mine}"))[0] == 404
    assert (await stranger.call("POST", f"/v1/deliveries/{mine}/resend"))[0] == 404


async def test_pages_join_without_gap_or_repetition(reader: Reader, people: list[Invited], post: PostOffice) -> None:
    more = [await post.invite(people[0].tenant_id) for _ in range(8)]
    reader.granted(read=Scope(everything=View.FULL))
    assert await _walk(reader, "limit=3") == [str(person.user_id) for person in reversed([*people, *more])]

    among = [*people[1:], *more[:4]]
    reader.granted(read=Scope(owners=frozenset(person.user_id for person in among)))
    assert await _walk(reader, "limit=2") == [str(person.user_id) for person in reversed([people[0], *among])]
    assert await _walk(reader, "limit=2&state=sent") == []
    assert len(await _walk(reader, "limit=5&state=queued&category=security")) == len(among) + 1


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "state=lost", "category=gossip", "cursor=x", "unknown=1"])
async def test_a_question_that_makes_no_sense_is_refused(reader: Reader, query: str) -> None:
    status, problem = await reader.call("GET", f"/v1/deliveries?{query}")
    assert (status, problem["code"]) == (422, "invalid")


@pytest.mark.catalogue("SB-24")
async def test_a_mail_is_shown_with_its_text_but_without_its_link(reader: Reader, people: list[Invited]) -> None:
    post, person = reader.post, people[0]
    post.sink.answer(person.address, Mode.BUSY)
    async with working(SERVICE, post.settings()):
        await post.reaches(person, "deferred")
        _, early = await reader.call("GET", f"/v1/deliveries/{await _id(post, person)}")
        await post.let_time_pass(person)
        await post.reaches(person, "sent")
    _, shown = await reader.call("GET", f"/v1/deliveries/{await _id(post, person)}")

    assert (early["state"], early["subject"], early["body"]) == ("deferred", None, None)
    assert shown["subject"] == "Attiva il tuo accesso: Immobiliare Rossi & Figli"
    assert "[…]" in shown["body"]
    assert "Anna Rossi" in shown["body"]
    assert "token" not in str(shown)
    assert [(moment["state"], moment["code"]) for moment in shown["timeline"]] == [
        ("queued", None),
        ("deferred", "451"),
        ("sent", None),
    ]
    assert shown["sent_at"] is not None
    assert shown["next_try_at"] is None


async def test_sending_again_makes_one_new_mail_with_a_fresh_link(reader: Reader, people: list[Invited]) -> None:
    post, person = reader.post, people[0]
    async with working(SERVICE, post.settings()):
        first = (await post.reaches(person, "sent"))["id"]
        path = f"/v1/deliveries/{first}/resend"
        status, problem = await reader.call("POST", path)
        assert (status, problem["code"]) == (403, "permission_missing")

        reader.granted(resend=Scope(everything=View.FULL))
        once = {"Idempotency-Key": "again"}
        answers = [await reader.call("POST", path, **once) for _ in range(3)]
        assert {status for status, _ in answers} == {201}
        (again,) = {body["id"] for _, body in answers}
        mails = await post.sink.has(person.address, 2)

        assert {body["resend_of"] for _, body in answers} == {str(first)}
        status, problem = await reader.call("POST", f"/v1/deliveries/{again}/resend", **once)
        assert (status, problem["code"]) == (409, "idempotency_key_reused")
    assert [mail.message_id for mail in mails] == [f"<{first}@agency.test>", f"<{again}@agency.test>"]
    assert mails[0].part("plain") != mails[1].part("plain")


async def test_a_link_is_not_sent_to_an_address_that_is_no_longer_the_person_s(
    reader: Reader, people: list[Invited]
) -> None:
    post, person = reader.post, people[0]
    post.sink.answer(person.address, Mode.BUSY)
    async with working(SERVICE, post.settings()):
        await post.reaches(person, "deferred")
        post.identity.emails[person.user_id] = "elsewhere@example.test"
        await post.let_time_pass(person)
        row = await post.reaches(person, "cancelled")
        assert row["last_error_code"] == "address_changed"

        post.identity.emails[person.user_id] = person.address.upper()
        reader.granted(resend=Scope(everything=View.FULL))
        status, _ = await reader.call("POST", f"/v1/deliveries/{row['id']}/resend")
        assert status == 201
        await post.sink.has(person.address)


async def test_a_mail_that_is_still_being_sent_is_not_sent_again(reader: Reader, people: list[Invited]) -> None:
    reader.granted(resend=Scope(everything=View.FULL))
    status, problem = await reader.call("POST", f"/v1/deliveries/{await _id(reader.post, people[0])}/resend")
    assert (status, problem["code"]) == (409, "still_under_way")
    status, problem = await reader.call("POST", f"/v1/deliveries/{await _id(reader.post, people[1])}/resend")
    assert (status, problem["code"]) == (404, "not_found"), "resend does not presume read"


async def test_without_authz_nobody_sees_anything(reader: Reader, post: PostOffice) -> None:
    post.authz.down = True
    try:
        assert (await reader.call("GET", "/v1/deliveries"))[0] == 503
    finally:
        post.authz.down = False


async def _id(post: PostOffice, person: Invited) -> UUID:
    delivery_id: UUID = (await post.rows(person))[0]["id"]
    return delivery_id


async def _walk(reader: Reader, query: str) -> list[str]:
    found, cursor = list[str](), ""
    while True:
        _, page = await reader.call("GET", f"/v1/deliveries?{query}{cursor}")
        found += [item["recipient_user_id"] for item in page["items"]]
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"
