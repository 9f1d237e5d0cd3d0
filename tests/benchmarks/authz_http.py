"""authz over HTTP against Cerbos, question by question in turns; and how soon a revoked right is refused."""

import json
import statistics
import time
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final
from uuid import UUID, uuid4

import aiohttp

from deploy.local.stack import Plan, Stack
from services.contracts.access import RecordFacts
from services.contracts.vocabulary import UserId
from tests.benchmarks import freshness
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
            async with cerbos() as peer:
                async for line in _in_turns(stack, peer, agency, card, colleague):
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


async def _in_turns(stack: Stack, peer: Cerbos, agency: Agency, card: Any, colleague: Person) -> AsyncGenerator[str]:
    user_id, office_id = UserId(UUID(card["id"])), UUID(agency.office_id)
    records = _records(user_id, office_id)
    holder = Holder(user_id, [office_id], [], [(ACTION, "own"), (ACTION, "principal")])
    ours, theirs = await Connection.to(stack.addresses.services["authz"]), await Connection.to(peer.http)
    pids = stack.parts["authz"].pid or 0, peer.pid
    singles = [
        (
            ours.request("POST", "/access/v1/evaluation", _question(user_id, record), colleague.token),
            theirs.request("POST", "/api/check/resources", peer.question(holder, [record])),
        )
        for record in records
    ]
    yield await _paired("AuthZEN evaluation", (ours, theirs), pids, singles, ROUNDS)
    many = [Random(n).choices(records, k=BATCH) for n in range(20)]  # noqa: S311 data, not secrets
    batches = [
        (
            ours.request("POST", "/access/v1/evaluations", _questions(user_id, batch), colleague.token),
            theirs.request("POST", "/api/check/resources", peer.question(holder, batch)),
        )
        for batch in many
    ]
    yield await _paired(f"batch of {BATCH} evaluations", (ours, theirs), pids, batches, BATCHES)


async def _paired(
    what: str,
    connections: tuple[Connection, Connection],
    pids: tuple[int, int],
    requests: Sequence[tuple[bytes, bytes]],
    rounds: int,
) -> str:
    """Return a line about the same questions to both, in turns; the answers must agree."""
    times: tuple[list[float], list[float]] = ([], [])
    used = [0.0, 0.0]
    for at in range(rounds + 50):
        answers = list[list[bool]]()
        for which in (0, 1):
            before, began = _cpu(pids[which]), time.perf_counter()
            answer = await connections[which].send(requests[at % len(requests)][which])
            taken = time.perf_counter() - began
            answers.append(_decisions(answer))
            if at >= 50:  # both are warm by then
                times[which].append(taken * 1e6)
                used[which] += _cpu(pids[which]) - before
        if answers[0] != answers[1]:
            raise BenchFailed(f"{what}: {answers}")
    mine, other = statistics.median(times[0]), statistics.median(times[1])
    ours, theirs = (1e6 * seconds / rounds for seconds in used)
    return (
        f"{what} over HTTP: p50 {mine:.0f} us, Cerbos HTTP {other:.0f} us: {mine / other:.2f} times; "
        f"server CPU {ours:.0f} us, Cerbos {theirs:.0f} us: {ours / theirs:.2f} times"
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
