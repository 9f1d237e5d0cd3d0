"""Bounce intake: a mail system hands in what it got back for our sender address."""

import asyncio
from typing import Annotated

from pydantic import StringConstraints

from services.chassis import ids
from services.chassis.web import Access, Call, Input, Output, Route
from services.notifications.adapters import bounces as notifications_of_status
from services.notifications.deps import Deps
from services.notifications.operations import bounces as operations


class ReturnedMail(Input):
    message: Annotated[str, StringConstraints(min_length=1, max_length=900_000)]
    """The whole message as it came (RFC 3464); bytes beyond ASCII as the sender wrote them."""


class BounceTaken(Output):
    understood: bool
    """Whether it says of a mail of ours that it failed for good; anything else is dropped."""


async def take_bounce(deps: Deps, _call: Call, asked: ReturnedMail) -> BounceTaken:
    """Take what came back. Needs the bounce token."""
    bounce = await asyncio.to_thread(notifications_of_status.read, asked.message)  # a large one takes a second
    if bounce is None:
        return BounceTaken(understood=False)
    await operations.take(deps.db, ids.uuid7(), bounce)
    return BounceTaken(understood=True)


ROUTES = (
    Route(
        "POST", "/v1/bounces", take_bounce, takes=ReturnedMail, gives=BounceTaken, status=202, access=Access.OPERATOR
    ),
)
