"""The broker may be absent at the start and killed at any time: work goes on, and nothing is lost."""

import asyncio
from collections.abc import AsyncGenerator

import aiohttp
import pytest
import pytest_asyncio

from deploy.local.stack import Stack
from tests.e2e.conftest import running_stack
from tests.support.gateway import Mails, Person, found_agency
from tests.support.running import eventually

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def fragile(postgres_url: str) -> AsyncGenerator[Stack]:
    """A system with a broker of its own, to be killed."""
    async with running_stack(postgres_url, None) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def whole(fragile: Stack, http: aiohttp.ClientSession) -> None:
    """Mend what a test that failed half-way left broken."""
    if fragile.parts["rabbitmq"].pid is None:
        await fragile.restart("rabbitmq")
    await eventually(lambda: all_are(fragile, http, "connected"), 60)


async def all_are(stack: Stack, http: aiohttp.ClientSession, bus: str) -> bool:
    """Say whether all processes are up and say so of the broker."""
    return set((await bus_states(stack, http)).values()) == {(200, bus)}


async def bus_states(stack: Stack, http: aiohttp.ClientSession) -> dict[str, tuple[int, str]]:
    """Return what each process says of itself and of the broker."""
    states = dict[str, tuple[int, str]]()
    for name, url in stack.addresses.services.items():
        async with http.get(f"{url}/ready") as response:
            states[name] = (response.status, (await response.json())["bus"])
    return states


async def test_with_the_broker_killed_work_goes_on_and_every_mail_follows(
    fragile: Stack, http: aiohttp.ClientSession
) -> None:
    mails = Mails(http, fragile.addresses.mailbox)
    agency = await found_agency(http, fragile.addresses.gateway, mails, fragile.operator_token)
    admin = agency.administrator
    _, colleague = await agency.active_colleague(principal_offices=[agency.office_id])

    written = {
        "office_id": agency.office_id,
        "standard_status": "active",
        "transaction_type": "sale",
        "property_type": "residential",
        "title": "Durante il guasto",
    }

    async def records_knows_the_office() -> bool:
        return (await admin.call("POST", "/records/v1/listings", written)).status == 201

    assert await eventually(records_knows_the_office, 30)
    await fragile.kill("rabbitmq")

    assert await eventually(lambda: all_are(fragile, http, "disconnected"), 30)
    made = [
        (
            await admin.call(
                "POST",
                "/identity/v1/users",
                {
                    "userid": f"user{number}",
                    "code": f"U{number}",
                    "given_name": "Nuova",
                    "family_name": "Persona",
                    "email": f"user{number}-{agency.licence_code.lower()}@agency.example",
                },
            )
        ).expect(201)
        for number in range(20)
    ]
    again = Person(http, admin.url)
    (await again.sign_in(agency.licence_code, "admin")).expect(201)
    (await again.call("GET", "/records/v1/listings")).expect(200)
    (await again.call("POST", "/records/v1/listings", written)).expect(201)
    (await colleague.call("GET", "/records/v1/listings")).expect(200)
    assert [await mails.to(user["email"]) for user in made] == [[]] * 20

    await fragile.restart("rabbitmq")

    async def all_mails_are_there() -> bool:
        found = await asyncio.gather(*(mails.to(user["email"]) for user in made))
        return all(len(each) == 1 for each in found)

    assert await eventually(all_mails_are_there, 60)

    assert await eventually(lambda: all_are(fragile, http, "connected"), 30)


async def test_services_that_start_without_a_broker_serve_and_catch_up(
    fragile: Stack, http: aiohttp.ClientSession
) -> None:
    mails = Mails(http, fragile.addresses.mailbox)
    agency = await found_agency(http, fragile.addresses.gateway, mails, fragile.operator_token)
    await fragile.kill("rabbitmq")
    for name in ("identity", "identity-work", "notifications", "notifications-work"):
        await fragile.restart(name)
    admin = Person(http, fragile.addresses.gateway)
    (await admin.sign_in(agency.licence_code, "admin")).expect(201)
    card = {
        "userid": "late",
        "code": "LATE",
        "given_name": "Tarda",
        "family_name": "Sera",
        "email": f"late-{agency.licence_code.lower()}@agency.example",
    }
    (await admin.call("POST", "/identity/v1/users", card)).expect(201)

    await fragile.restart("rabbitmq")
    assert await mails.activation_token(card["email"], 60)
