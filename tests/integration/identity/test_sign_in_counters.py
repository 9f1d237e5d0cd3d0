"""Each counter of guesses under parallel guesses, a hundred rounds on real connections.

The rounds take tries as a sign-in does, without the hashing that follows one and that would be all of their cost;
test_sign_in_protection.py goes through it. A round begins with a counter that is nearly spent, by its own budget.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import UTC, datetime
from ipaddress import IPv4Address
from typing import Final
from uuid import uuid4

import pytest
import pytest_asyncio
from pydantic import SecretStr

from services.chassis.database import Database, open_database
from services.chassis.ids import uuid7
from services.identity.adapters.keyed_digests import KeyedDigests
from services.identity.domain.sign_in_limits import Counter, TooManyTries
from services.identity.operations import sign_in_limits
from services.identity.operations.sign_in_limits import Try, try_of, try_of_code, try_of_session
from services.identity.store import sign_in_counters
from services.identity.store.sign_in_counters import Refused
from tests.integration.identity.conftest import PASSWORD, SIGNING_KEY_PASSPHRASE, Agency
from tests.integration.identity.test_sign_in_protection import attempt
from tests.support.databases import ServiceDatabase

pytestmark = pytest.mark.asyncio(loop_scope="session")
ROUNDS: Final = 100
LEFT: Final = 2
GUESSES: Final = 5
HOME: Final = IPv4Address("192.0.2.7")
DIGESTS: Final = KeyedDigests(SecretStr(SIGNING_KEY_PASSPHRASE))
Made = Callable[[], list[Try]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def db(identity_database: ServiceDatabase) -> AsyncGenerator[Database]:
    """The service's own view of its database, with a connection for each guess."""
    async with open_database(identity_database.app, connections=GUESSES, name="test") as opened:
        yield opened


def address() -> IPv4Address:
    """Return an address of another network each time."""
    return IPv4Address(0x0A000000 + uuid4().int % 0x1000000)


def at_an_account() -> list[Try]:
    """Return tries at one account, from everywhere."""
    person = str(uuid4())
    return [try_of(DIGESTS, person, None, address()) for _ in range(GUESSES)]


def from_a_network() -> list[Try]:
    """Return tries at many accounts, from neighbours."""
    return [try_of(DIGESTS, str(uuid4()), None, IPv4Address(f"198.51.100.{at}")) for at in range(GUESSES)]


def from_everywhere() -> list[Try]:
    """Return tries at many accounts from many networks."""
    return [try_of(DIGESTS, str(uuid4()), None, address()) for _ in range(GUESSES)]


def from_a_device() -> list[Try]:
    """Return tries from one known device."""
    return [try_of(DIGESTS, "somebody", uuid4(), HOME)] * GUESSES


def in_a_session() -> list[Try]:
    """Return tries of somebody signed in, at his own password."""
    return [try_of_session(DIGESTS, uuid4())] * GUESSES


def at_the_codes() -> list[Try]:
    """Return tries at the second factor of one person."""
    return [try_of_code(DIGESTS, uuid4(), None)] * GUESSES


async def forget_all(db: Database) -> None:
    async with db.across_tenants() as queries:
        await queries.execute("DELETE FROM sign_in_counters")


async def leave(db: Database, one: Try, at: int, left: int, now: datetime) -> None:
    """Spend the budget that stands somewhere in a try, but for so many."""
    key, budget = list(one.budgets.items())[at]
    spent = Counter(now + budget.refill * (budget.tries - left), 0)
    async with db.across_tenants() as queries:
        await sign_in_counters.lock(queries, [key])
        await sign_in_counters.save(queries, {key: spent})


async def take(db: Database, one: Try, now: datetime) -> None:
    """Take a try in a transaction of its own."""
    async with db.across_tenants() as queries:
        await sign_in_limits.take(queries, one, now)


async def taken(db: Database, tries: Sequence[Try], now: datetime) -> list[TooManyTries | None]:
    """Return what became of taking these tries at once: nothing, or why not."""
    found = await asyncio.gather(*(take(db, one, now) for one in tries), return_exceptions=True)
    assert all(one is None or isinstance(one, TooManyTries) for one in found), found
    return [one if isinstance(one, TooManyTries) else None for one in found]


async def wrong(db: Database, one: Try, digest: bytes, now: datetime) -> None:
    """Have a try be wrong, with the password of a digest."""
    refused = Refused(uuid7(), None, None, str(HOME), "wrong_credentials", now)
    await sign_in_limits.count_wrong(db, one, digest, refused)


@pytest.mark.parametrize(
    ("made", "at"),
    [
        (at_an_account, 0),
        (from_a_network, 1),
        (from_everywhere, 2),
        (from_a_device, 0),
        (in_a_session, 0),
        (at_the_codes, 0),
    ],
)
async def test_no_more_is_looked_at_than_is_left(db: Database, made: Made, at: int) -> None:
    now = datetime.now(UTC)
    for number in range(ROUNDS):
        await forget_all(db)
        tries = made()
        await leave(db, tries[0], at, LEFT, now)
        found = await taken(db, tries, now)
        assert sum(one is None for one in found) == LEFT, number
        refill = list(tries[0].budgets.values())[at].refill.total_seconds()
        assert all(0 < (one.retry_after_seconds or 0) <= refill + 1 for one in found if one), number
        assert await taken(db, tries[:1], now) != [None]
        again = await taken(db, tries[-1:], now + LEFT * list(tries[0].budgets.values())[at].refill)
        assert again == [None], number


async def test_the_same_wrong_password_costs_one_try_however_many_try_it_at_once(db: Database) -> None:
    now, same = datetime.now(UTC), b"the same"
    for number in range(ROUNDS):
        await forget_all(db)
        tries = at_an_account()
        for _ in range(2):
            found = await taken(db, tries, now)
            assert found == [None] * GUESSES, number
            await asyncio.gather(*(wrong(db, one, same, now) for one in tries))
        left = tries[0].budgets[tries[0].own].tries - 1
        others = await taken(db, (tries * left)[: left + 2], now)
        assert sum(one is None for one in others) == left, number


async def test_who_guesses_with_every_other_budget_spent_never_keeps_a_device_out(db: Database) -> None:
    now = datetime.now(UTC)
    for number in range(ROUNDS):
        await forget_all(db)
        person, device_id = str(uuid4()), uuid4()
        strangers = [try_of(DIGESTS, person, None, HOME)] * (GUESSES - 1)
        for at in range(3):
            await leave(db, strangers[0], at, 0, now)
        mine = try_of(DIGESTS, person, device_id, HOME)
        *theirs, own = await taken(db, [*strangers, mine], now)
        assert own is None, number
        assert None not in theirs, number


async def test_each_spent_budget_is_told_with_when_to_come_again_and_a_device_gets_in(
    agency: Agency, db: Database
) -> None:
    _, opened, _ = await attempt(agency, PASSWORD)
    one = try_of(DIGESTS, str(agency.administrator_id), None, HOME)
    for at, budget in enumerate(one.budgets.values()):
        await forget_all(db)
        await leave(db, one, at, 0, datetime.now(UTC))
        status, problem, retry = await attempt(agency, PASSWORD, address=str(HOME))
        longest = budget.refill.total_seconds() + 1
        if status == 429:  # the budget of the whole installation refills ten times a second
            assert problem["code"] == "too_many_tries"
            assert 1 <= int(retry or 0) <= longest
        assert status == 429 or longest < 2
        assert (await attempt(agency, PASSWORD, address=str(HOME), device=opened["device_token"]))[0] == 201
