"""Codes of authenticator apps (RFC 6238 with SHA-1, six digits, thirty seconds, as every app speaks it)."""

import base64
import hashlib
import hmac
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

STEP_SECONDS: Final = 30
DIGITS: Final = 6
_TOLERATED: Final = (0, -1, 1)
"""Steps that a phone's clock may be off."""


def step_of(now: datetime) -> int:
    """Return the number of the half minute that an instant lies in."""
    return int(now.timestamp()) // STEP_SECONDS


def code_at(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """Return the code that an app shows in a half minute (RFC 4226, 5.3)."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), hashlib.sha1)
    offset = mac[-1] & 0xF
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**digits:0{digits}}"


def matching_step(secret: bytes, code: str, now: datetime, after: int) -> int | None:
    """Return the half minute of which this is the code, or None; none up to `after`, which was used."""
    steps = (step_of(now) + off for off in _TOLERATED)
    found = [step for step in steps if hmac.compare_digest(code_at(secret, step).encode(), code.encode())]
    return next((step for step in found if step > after), None)


def enrolment_address(secret: bytes, issuer: str, account: str) -> str:
    """Return what an app reads from a QR code."""
    query = urlencode({"secret": written(secret), "issuer": issuer}, quote_via=quote)
    return f"otpauth://totp/{quote(issuer)}:{quote(account)}?{query}"


def written(secret: bytes) -> str:
    """Return a secret as a person types it into an app."""
    return base64.b32encode(secret).decode().rstrip("=")
