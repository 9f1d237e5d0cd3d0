"""How soon a change of rights shows, and a suspended person is out, at another service, through the gateway.

Each time counts from the answer to the change until the first answer that shows it, asked for every 5 ms.
"""

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from tests.support.gateway import Agency, Answer, Person
from tests.support.running import eventually

ROUNDS: Final = 50
POLL_SECONDS: Final = 0.005
LISTINGS: Final = "/records/v1/listings?limit=1"


async def measure_rights(admin: Person, card: Any, colleague: Person) -> Sequence[float]:
    """Return how long each change of a group's grants took to show in a member's list."""
    group = (await admin.call("POST", "/authz/v1/groups", {"name": card["userid"]})).expect(201)
    path = f"/authz/v1/groups/{group['id']}"

    async def joined() -> bool:  # authz hears of a new person by message
        answer = await admin.call("PUT", f"{path}/members/{card['id']}", {}, If_Match=f'"{group["version"]}"')
        return answer.status == 200

    await eventually(joined)
    took: list[float] = []
    for number in range(ROUNDS):
        given = number % 2 == 0
        grants = [{"key": "listings.list", "reach": "all", "view": "full"}] if given else []
        version = (await admin.call("GET", path)).expect(200)["version"]
        (await admin.call("PUT", f"{path}/grants", {"grants": grants}, If_Match=f'"{version}"')).expect(200)
        took.append(await seconds_until(colleague, lambda answer, given=given: shows_a_listing(answer) == given))
    return took


async def measure_suspension(agency: Agency, card: Any, colleague: Person) -> Sequence[float]:
    """Return how long each suspension took until records answered 401."""
    admin, path = agency.administrator, f"/identity/v1/users/{card['id']}"
    took: list[float] = []
    for _ in range(ROUNDS):
        card = (await admin.call("GET", path)).expect(200)
        card = await set_state(admin, card, "suspended")
        took.append(await seconds_until(colleague, lambda answer: answer.status == 401))
        await set_state(admin, card, "active")
        (await colleague.sign_in(agency.licence_code, card["userid"])).expect(201)
        (await colleague.call("GET", LISTINGS)).expect(200)
    return took


async def set_state(admin: Person, card: Any, state: str) -> Any:
    path = f"/identity/v1/users/{card['id']}/state"
    return (await admin.call("PUT", path, {"state": state}, If_Match=f'"{card["version"]}"')).expect(200)


async def seconds_until(person: Person, shows: Callable[[Answer], bool]) -> float:
    began = time.monotonic()
    while not shows(await person.call("GET", LISTINGS)):  # noqa: ASYNC110  (what is measured is this)
        await asyncio.sleep(POLL_SECONDS)
    return time.monotonic() - began


def shows_a_listing(answer: Answer) -> bool:
    return bool(answer.expect(200)["items"])


def said(what: str, seconds: Sequence[float]) -> str:
    """Return a line about so many times."""
    hundredths = statistics.quantiles(seconds, n=100, method="inclusive")
    median, late, worst = (round(one * 1000) for one in (hundredths[49], hundredths[98], max(seconds)))
    return f"{what} after {median} ms (p50), {late} ms (p99), {worst} ms (at most), of {len(seconds)}"
