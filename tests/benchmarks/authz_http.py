"""authz over HTTP, Cerbos, and bare aiohttp, question by question in turns; and how soon a revoked right is refused."""

import asyncio
import json
import statistics
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final
from uuid import UUID, uuid4

import aiohttp

from deploy.local.stack import Plan, Stack
from services.contracts.access import RecordFacts
from services.contracts.vocabulary import UserId
from tests.benchmarks import freshness
from tests.benchmarks.bare_evaluations import Bare, bare
from tests.benchmarks.load import Connection
from tests.benchmarks.peers import ACTION, Cerbos, Holder, cerbos
from tests.support.gateway import Agency, Mails, Person, found_agency
from tests.support.running import eventually

ROUNDS: Final = 600
BATCHES: Final = 100
BATCH: Final = 50


class BenchFailed(Exception):
    """The systems did not answer alike."""


async def over_http(clone: Path, folder: Path) -> AsyncGenerator[str]:
    """Yield lines of figures."""
    stack = Stack(clone, folder, Plan(durable=True, log_level="info"))
    await stack.start()
    try:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
            mails = Mails(http, stack.addresses.mailbox)
            agency = await found_agency(http, stack.addresses.gateway, mails, stack.operator_token)
            card, colleague = await agency.active_colleague(principal_offices=[agency.office_id])
            await _give_reading(agency, card)
            async with cerbos() as peer, bare() as floor:
                async for line in _in_turns(stack, peer, floor, agency, card, colleague):
                    yield line
            await _make_listing(agency)
            for person, userid in ((agency.administrator, "admin"), (colleague, card["userid"])):
                (await person.sign_in(agency.licence_code, userid)).expect(201)
            took = await freshness.measure_rights(agency.administrator, card, colleague)
            yield freshness.said("a right given or taken shows at records", took)
            took = await freshness.measure_suspension(agency, card, colleague)
            yield freshness.said("who is suspended is refused by records", took)
    finally:
        await stack.stop()


async def _give_reading(agency: Agency, card: Any) -> None:
    """Let a colleague read what is his and his office's, through a group."""
    group = (await agency.administrator.call("POST", "/authz/v1/groups", {"name": "Readers"})).expect(201)
    path = f"/authz/v1/groups/{group['id']}"
    grants = [{"key": ACTION, "reach": reach, "view": "full"} for reach in ("own", "principal")]
    etag = f'"{group["version"]}"'
    group = (await agency.administrator.call("PUT", f"{path}/grants", {"grants": grants}, If_Match=etag)).expect(200)

    async def joined() -> bool:  # authz hears of a new person by message
        etag = f'"{group["version"]}"'
        answer = await agency.administrator.call("PUT", f"{path}/members/{card['id']}", {}, If_Match=etag)
        return answer.status == 200

    await eventually(joined)


async def _make_listing(agency: Agency) -> None:
    """Let there be something to see."""
    written = {"office_id": agency.office_id, "title": "Trilocale in centro", "property_type": "residential"}
    written |= {"standard_status": "active", "transaction_type": "sale"}
    (await agency.administrator.call("POST", "/records/v1/listings", written)).expect(201)


@dataclass(slots=True)
class _Asked:
    """A server that is asked, and how long each answer took in microseconds."""

    connection: Connection
    pid: int
    requests: Sequence[bytes]
    times: list[float] = field(default_factory=list[float])

    async def ask(self, number: int, *, counts: bool) -> list[bool]:
        """Return what it decides about the question of this number."""
        began = time.perf_counter()
        answer = await self.connection.send(self.requests[number % len(self.requests)])
        if counts:
            self.times.append((time.perf_counter() - began) * 1e6)
        return _decisions(answer)


async def _in_turns(
    stack: Stack, peer: Cerbos, floor: Bare, agency: Agency, card: Any, colleague: Person
) -> AsyncGenerator[str]:
    user_id, office_id = UserId(UUID(card["id"])), UUID(agency.office_id)
    records = _records(user_id, office_id)
    holder = Holder(user_id, [office_id], [], [(ACTION, "own"), (ACTION, "principal")])
    ours, theirs = await Connection.to(stack.addresses.services["authz"]), await Connection.to(peer.http)
    least, pid = await Connection.to(floor.http), stack.parts["authz"].pid or 0
    many = [Random(n).choices(records, k=BATCH) for n in range(20)]  # noqa: S311 data, not secrets
    singles = [_question(user_id, record) for record in records]
    batches = [_questions(user_id, batch) for batch in many]
    for what, path, questions, about, rounds in (
        ("AuthZEN evaluation", "/access/v1/evaluation", singles, [[record] for record in records], ROUNDS),
        (f"batch of {BATCH} evaluations", "/access/v1/evaluations", batches, many, BATCHES),
    ):
        checks = [theirs.request("POST", "/api/check/resources", peer.question(holder, each)) for each in about]
        asked = [ours.request("POST", path, question, colleague.token) for question in questions]
        unsigned = [least.request("POST", path, question) for question in questions]
        sides = _Asked(ours, pid, asked), _Asked(theirs, peer.pid, checks), _Asked(least, floor.pid, unsigned)
        yield f"{what} over HTTP: {await _compared(sides, rounds)}"


async def _compared(sides: tuple[_Asked, _Asked, _Asked], rounds: int) -> str:
    """Return what the same questions cost us, the peer and bare aiohttp, in turns; ours and the peer's must agree."""
    before = [0.0 for _ in sides]
    for at in range(rounds + 50):
        if at == 50:  # all are warm by now
            before = [_cpu(side.pid) for side in sides]
        mine, other, _ = [await side.ask(at, counts=at >= 50) for side in sides]
        if mine != other:
            raise BenchFailed(f"{mine} {other}")
    await asyncio.sleep(0.2)  # what is done once an answer is out, as its access line, counts as well
    ours, theirs, least = (statistics.median(side.times) for side in sides)
    mine_used, other_used, least_used = (
        (_cpu(side.pid) - then) / rounds * 1e6 for side, then in zip(sides, before, strict=True)
    )
    return (
        f"p50 {ours:.0f} us, Cerbos HTTP {theirs:.0f} us: {ours / theirs:.2f} times; "
        f"server CPU {mine_used:.0f} us, Cerbos {other_used:.0f} us: {mine_used / other_used:.2f} times; "
        f"bare aiohttp, a constant: p50 {least:.0f} us, CPU {least_used:.0f} us: {least_used / other_used:.2f} times"
    )


def _cpu(pid: int) -> float:
    """Return the processor time that a process's threads have used, in seconds."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def _decisions(answer: bytes) -> list[bool]:
    if answer[9:12] != b"200":
        raise BenchFailed(answer.decode())
    document = json.loads(answer.partition(b"\r\n\r\n")[2])
    if "decision" in document:
        return [document["decision"]]
    if "evaluations" in document:
        return [one["decision"] for one in document["evaluations"]]
    return [one["actions"][ACTION] == "EFFECT_ALLOW" for one in document["results"]]


def _question(user_id: UserId, record: RecordFacts) -> dict[str, Any]:
    return {
        "subject": {"type": "user", "id": str(user_id)},
        "action": {"name": ACTION},
        "resource": _resource(record),
    }


def _questions(user_id: UserId, records: Sequence[RecordFacts]) -> dict[str, Any]:
    return {
        "subject": {"type": "user", "id": str(user_id)},
        "action": {"name": ACTION},
        "evaluations": [{"resource": _resource(record)} for record in records],
    }


def _resource(record: RecordFacts) -> dict[str, Any]:
    properties = {"office_id": str(record.office_id), "assignee_id": str(record.assignee_id)}
    properties["created_by"] = str(record.created_by)
    return {"type": "listings", "id": str(uuid4()), "properties": {**properties, "is_private": False}}


def _records(user_id: UserId, office_id: UUID) -> list[RecordFacts]:
    random = Random(1)  # noqa: S311 data, not secrets
    people = [user_id, UUID(int=7), UUID(int=8)]
    return [
        RecordFacts(random.choice([office_id, UUID(int=99)]), random.choice(people), random.choice(people), False)
        for _ in range(100)
    ]
