"""The demo agencies, loaded through the public API."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import aiohttp

from deploy.local.parts import together
from deploy.seeds.activation import Mailbox
from deploy.seeds.agencies import Agency, agencies
from deploy.seeds.gateway import Gateway
from deploy.seeds.opening import World, open_agency

AT_ONCE: Final = 8
ANSWER_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class LogIn:
    """What a person types to sign in to the demo, and who that is; who has no password yet has an empty one.

    `role` says in a sentence what the person is and may see, `language` is the person's (BCP 47).
    """

    agency: str
    licence_code: str
    userid: str
    password: str
    role: str
    language: str


async def load(gateway_url: str, mailbox_url: str, operator_token: str) -> list[LogIn]:
    """Load the demo agencies, or what is still missing of them, and return the log-ins.

    Raises Refused, NoActivationMail, aiohttp.ClientError; then the same call again goes on.
    """
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as http:
        gateway = Gateway(http, gateway_url.rstrip("/"), asyncio.Semaphore(AT_ONCE))
        world = World(gateway, Mailbox(http, mailbox_url.rstrip("/")), operator_token)
        await together(*(open_agency(world, agency) for agency in agencies()))
    return log_ins(agencies())


def log_ins(of: Sequence[Agency]) -> list[LogIn]:
    """Return with what people sign in; those who still have to activate their account have no password."""
    return [
        LogIn(
            agency.name,
            agency.licence_code,
            person.userid,
            "" if person.ends == "provisioned" else agency.password,
            person.role,
            agency.locale,
        )
        for agency in of
        for person in agency.people
    ]
