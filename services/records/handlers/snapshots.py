"""What several people may do, for handlers that answer about others."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from services.chassis.web import Call
from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import UserId
from services.records.deps import Deps

AT_ONCE: Final = 8


async def snapshots_of(deps: Deps, call: Call, people: Iterable[UserId]) -> Sequence[AccessSnapshot]:
    """Return what people may do, in their order; a few are asked about at a time. Raises Unavailable."""
    free = asyncio.Semaphore(AT_ONCE)

    async def of(user_id: UserId) -> AccessSnapshot:
        async with free:
            return await deps.access.of(replace(call.caller, user_id=user_id), call.now, call.access_version)

    return await asyncio.gather(*map(of, people))
