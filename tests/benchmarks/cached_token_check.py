"""How long it takes to check an access token that was checked before. Run by `python3 -m deploy bench identity`."""

import asyncio
import sys
import time
from typing import Final
from uuid import uuid4

from services.chassis import clock
from services.chassis.tokens import Verifier
from tests.support.issuer import Issuer

ROUNDS: Final = 200_000


async def check() -> tuple[float, float]:
    """Return microseconds of a first and of a further check."""
    issuer = Issuer()

    async def find(_kid: str) -> object:
        return issuer.key.public_key()

    verifier = Verifier(find)  # pyright: ignore[reportArgumentType]
    now = clock.now()
    fresh = [issuer.token(uuid4(), uuid4()) for _ in range(1000)]
    began = time.perf_counter()
    for token in fresh:
        await verifier.caller(token, now)
    first = (time.perf_counter() - began) / len(fresh)
    began = time.perf_counter()
    for _ in range(ROUNDS):
        await verifier.caller(fresh[0], now)
    return first * 1e6, (time.perf_counter() - began) / ROUNDS * 1e6


if __name__ == "__main__":
    first, further = asyncio.run(check())
    sys.stdout.write(f"  {'first check of an access token, µs':<60} {first:>10.3f}\n")
    sys.stdout.write(f"  {'further check of an access token, µs':<60} {further:>10.3f}\n")
