"""Why did he get this, and why did he not: the history names the deciding step of every mail in it."""

import random
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
import pytest_asyncio

from services.contracts.vocabulary import UserId, UserState
from services.notifications.app import SERVICE
from services.notifications.domain.delivery import Category
from services.notifications.domain.preference import Ground, decide
from services.notifications.domain.suppression import Severity, digest_of
from services.notifications.store import preferences, suppressions
from tests.integration.notifications.agency import Agency
from tests.integration.notifications.post_office import PostOffice
from tests.integration.notifications.test_appointment_mails import event, follow, guest, later
from tests.support.mailsink import Mode
from tests.support.running import eventually, serving, working

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def url(post: PostOffice) -> AsyncGenerator[str]:
    async with serving(SERVICE, post.settings()) as one:
        yield one


@pytest_asyncio.fixture(loop_scope="session")
async def agency(http: aiohttp.ClientSession, url: str, post: PostOffice) -> Agency:
    made = Agency(http, url, post)
    made.granted("admin.agents.manage", "admin.settings.update", "communications.read", "communications.resend")
    await made.tell(made.user_id)
    return made


async def switch(agency: Agency, recipient_id: object, **switches: object) -> None:
    path = f"/v1/recipients/{recipient_id}"
    _, shown = await agency.call("GET", path)
    body = {"receives": True, "sends": True, "sender_address": None} | switches
    assert (await agency.call("PUT", f"{path}/switches", body, If_Match=f'"{shown["version"]}"'))[0] == 200


async def because(agency: Agency, delivery_id: str) -> tuple[str, str | None, bool | None]:
    status, told = await agency.call("GET", f"/v1/deliveries/{delivery_id}/explanation")
    assert status == 200, told
    return told["fate"], told["decided_by"], told["wanted"]


@pytest.mark.catalogue("SB-24", "MG-18")
async def test_every_entry_of_the_history_names_what_decided(agency: Agency, post: PostOffice) -> None:
    expected = dict[str, tuple[str, str | None, bool | None]]()

    async def write(recipient: str, *reason: object, category: str = "support") -> None:
        (queued,) = await agency.write(recipient, category=category)
        expected[queued["delivery_id"]] = reason  # pyright: ignore[reportArgumentType]

    await agency.call("PATCH", "/v1/default-preferences", {"choices": {"domain": False, "general": True}})
    by_default = await agency.contact()
    await write(by_default["id"], "sent", "system_default", True)
    await write(by_default["id"], "sent", "agency_default", True, category="general")
    await write(by_default["id"], "kept_back", "agency_default", False, category="domain")
    chose = (await agency.contact())["id"]
    await agency.prefers(chose, domain=True, support=False)
    await write(chose, "sent", "own_choice", True, category="domain")
    await write(chose, "kept_back", "own_choice", False)
    gone, blocked, away = uuid4(), (await agency.contact())["id"], uuid4()
    await agency.tell(gone, UserState.GHOST)
    await agency.tell(away, UserState.SUSPENDED)
    await write(str(gone), "kept_back", "recipient_gone", False)
    await write(str(away), "kept_back", "account_not_active", False)
    await switch(agency, blocked, receives=False)
    await write(blocked, "kept_back", "receiving_blocked", False)
    bounced = await agency.contact()
    async with post.db.transaction(agency.tenant_id) as tx:
        await suppressions.add(tx, bounced["email"], Severity.HARD, "5.1.1")
    await write(bounced["id"], "kept_back", "address_suppressed", False)
    async with working(SERVICE, post.settings()):
        for delivery_id in expected:
            await agency.became(delivery_id)
    assert {one: await because(agency, one) for one in expected} == expected


@pytest.mark.catalogue("SB-24")
async def test_what_stopped_a_mail_after_the_decision_is_named_too(agency: Agency, post: PostOffice) -> None:
    refused, waiting = await agency.contact(), await agency.contact()
    post.sink.answer(refused["email"], Mode.SPAM)
    post.sink.answer(waiting["email"], Mode.BUSY)
    ((failed,), (under_way,)) = [await agency.write(one["id"]) for one in (refused, waiting)]
    assert await because(agency, under_way["delivery_id"]) == ("under_way", None, None)
    made = event(agency, guests=(guest("drop@client.test"),))
    await follow(agency, made, later(made, guests=()))
    _, page = await agency.call("GET", "/v1/deliveries?category=invitations")
    invited = next(item["id"] for item in page["items"] if item["template"] == "appointment_invited")
    async with working(SERVICE, post.settings()):
        await agency.became(failed["delivery_id"])
        await agency.became(invited)
    assert await because(agency, failed["delivery_id"]) == ("failed", "554", True)
    assert await because(agency, invited) == ("needless", "not_invited", None)
    _, page = await agency.call("GET", "/v1/deliveries?limit=200")
    for item in page["items"]:
        _, reason, _ = await because(agency, item["id"])
        assert reason is not None or item["next_try_at"] is not None, item


@pytest.mark.parametrize("mode", [Mode.GONE, Mode.BUSY])
async def test_a_mail_that_was_turned_away_at_the_door_says_why_its_recipient_was_to_get_it(
    agency: Agency, post: PostOffice, mode: Mode
) -> None:
    contact = await agency.contact()
    post.sink.answer(contact["email"], *[mode] * 9)
    (queued,) = await agency.write(contact["id"])

    async def tried() -> dict[str, Any] | None:
        _, shown = await agency.call("GET", f"/v1/deliveries/{queued['delivery_id']}")
        return shown if shown["attempts"] else None

    async with working(SERVICE, post.settings()):
        shown = await eventually(tried)
    assert shown is not None
    assert (shown["ground"], shown["sent_at"]) == ("system_default", None)
    assert (await because(agency, queued["delivery_id"]))[2] is True


async def test_what_would_be_decided_now_is_for_who_manages_the_recipient_or_is_it(
    agency: Agency, http: aiohttp.ClientSession
) -> None:
    person = Agency(http, agency.url, agency.post, tenant_id=agency.tenant_id)
    await person.tell(person.user_id)
    (to_person,) = await agency.write(str(person.user_id))
    (to_other,) = await agency.write((await agency.contact())["id"])
    path = "/v1/deliveries/{}/explanation".format
    person.granted()
    _, told = await person.call("GET", path(to_person["delivery_id"]))
    assert [step["ground"] for step in told["now"]["steps"]] == list(Ground)
    assert (await person.call("GET", path(to_other["delivery_id"])))[0] == 404
    person.granted("communications.read")
    status, told = await person.call("GET", path(to_other["delivery_id"]))
    assert (status, told["now"]) == (200, None)
    _, told = await agency.call("GET", path(to_other["delivery_id"]))
    assert told["now"]["ground"] == "system_default"
    await switch(agency, agency.user_id, sends=False)
    _, told = await agency.call("GET", path(to_other["delivery_id"]))
    assert told["now"]["ground"] == "sending_blocked", "the sender of this mail counts"


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that has a say about a mail, as it stands in the tables."""

    category: Category
    state: UserState
    receives: bool
    sends: bool | None
    """Of the sender; None for a mail in nobody's name."""
    severity: Severity | None
    bounces: int
    days: int
    """Until the suppression is over; less than nothing for one that is."""
    choice: bool | None
    default: bool | None


def some_cases(number: int) -> list[Case]:
    """Return cases with every value of everything, in many combinations; always the same ones."""
    drawn = random.Random(18)  # noqa: S311 no secret
    some, maybe = (True, True, True, False), (None, None, True, False)
    return [
        Case(
            category=drawn.choice(list(Category)),
            state=drawn.choice([UserState.ACTIVE] * 4 + [UserState.PROVISIONED, UserState.SUSPENDED, UserState.GHOST]),
            receives=drawn.choice(some),
            sends=drawn.choice((*some, None)),
            severity=drawn.choice([None, None, *Severity]),
            bounces=drawn.choice([1, 2, 3, 4]),
            days=drawn.choice([-1, 1]),
            choice=drawn.choice(maybe),
            default=drawn.choice(maybe),
        )
        for _ in range(number)
    ]


def plainly(of: Case) -> tuple[bool, str]:
    """The order of the requirements, over what stands in the tables."""
    counts = of.severity == "hard" or (of.severity == "soft" and of.bounces >= 3)
    table = [
        (of.state == "ghost", False, "recipient_gone"),
        (not of.receives, False, "receiving_blocked"),
        (of.sends is False, False, "sending_blocked"),
        (counts and of.days > 0, False, "address_suppressed"),
        (of.category == "security", True, "mandatory"),
        (of.state != "active", False, "account_not_active"),
        (of.choice is not None, of.choice is True, "own_choice"),
        (of.default is not None, of.default is True, "agency_default"),
        (True, of.category != "appointments", "system_default"),
    ]
    return next((wanted, ground) for applies, wanted, ground in table if applies)


@pytest.mark.catalogue("MG-18", "SB-22")
async def test_what_stands_in_the_tables_is_decided_as_the_requirement_says(agency: Agency, post: PostOffice) -> None:
    cases = some_cases(300)
    assert {ground for _, ground in map(plainly, cases)} == set(Ground)
    for case in cases:
        recipient, sender = uuid4(), UserId(uuid4())
        address = await agency.tell(recipient, case.state)
        await agency.tell(sender)
        async with post.db.transaction(agency.tenant_id) as tx:
            await tx.execute("UPDATE recipients SET receives = $2 WHERE id = $1", recipient, case.receives)
            await tx.execute("UPDATE recipients SET sends = $2 WHERE id = $1", sender, case.sends is not False)
            if case.severity is not None:
                await suppressions.add(tx, address, case.severity, "5.1.1")
                await tx.execute(
                    "UPDATE suppressions SET bounces = $2, expires_at = now() + $3 WHERE address_hash = $1",
                    digest_of(agency.tenant_id, address),
                    case.bounces,
                    timedelta(days=case.days),
                )
            if case.category is not Category.SECURITY:
                await preferences.choose(tx, recipient, case.category, wanted=case.choice)
                await preferences.set_defaults(tx, {case.category: case.default})
            named = None if case.sends is None else sender
            found = await preferences.standing(tx, recipient, address, case.category, named)
        decision = decide(case.category, found)
        assert (decision.wanted, decision.ground.value) == plainly(case), case
