"""From a provisioned person to an active one, by the mail that the person got."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypedDict, cast

import aiohttp

from deploy.seeds.gateway import Gateway, Refused, Request

MAIL_SECONDS: Final = 40.0
ASK_AGAIN_SECONDS: Final = 10.0
POLL_SECONDS: Final = 0.15
_TOKEN: Final = re.compile(r"#token=([A-Za-z0-9_=-]+)")

AskAgain = Callable[[], Awaitable[object]]
"""Has the mail sent once more."""


class NoActivationMail(Exception):
    """The mail did not come, or only mails whose links no longer work."""


class _Mail(TypedDict):
    text: str


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The mail catcher."""

    http: aiohttp.ClientSession
    url: str

    async def tokens(self, address: str) -> Sequence[str]:
        """Return the activation tokens that were sent to an address, newest first."""
        async with self.http.get(f"{self.url}/api/messages", params={"to": address}) as answer:
            mails = cast("list[_Mail]", await answer.json())
        return [found[1] for mail in mails if (found := _TOKEN.search(mail["text"]))]


async def activate(
    gateway: Gateway, mailbox: Mailbox, address: str, password: str, ask_again: AskAgain | None = None
) -> None:
    """Choose a person's first password by the newest mail that still works, waiting for one.

    Mails of an earlier load may be in the box: their links are over. Raises NoActivationMail, Refused.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    tried: set[str] = set()
    while loop.time() < began + MAIL_SECONDS:
        for token in await mailbox.tokens(address):
            if token not in tried and await _works(gateway, token, password):
                return
            tried.add(token)
        if ask_again is not None and (tried or loop.time() > began + ASK_AGAIN_SECONDS):
            await ask_again()
            ask_again = None
        await asyncio.sleep(POLL_SECONDS)
    raise NoActivationMail(f"{address} got no mail within {MAIL_SECONDS:.0f} s whose link works.")


async def _works(gateway: Gateway, token: str, password: str) -> bool:
    try:
        await gateway.ask(Request("POST", "identity/v1/activations", {"token": token, "password": password}))
    except Refused as refused:
        if refused.code != "activation_link_over":
            raise
        return False
    return True
