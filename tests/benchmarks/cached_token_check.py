"""How long it takes to check an access token that was checked before."""

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
