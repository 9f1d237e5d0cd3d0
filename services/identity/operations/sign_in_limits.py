"""Counting tries: taken before the password is evaluated, so that parallel guesses cannot pass the budget."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final
from uuid import UUID

from services.chassis import outbox
from services.chassis.database import Database, Queries, Transaction
from services.chassis.tokens import Address
from services.contracts.identity_events import SignInRefused
from services.contracts.vocabulary import UserId
from services.identity.adapters.keyed_digests import KeyedDigests
from services.identity.domain import sign_in_limits
from services.identity.domain.sign_in_limits import (
    ACCOUNT,
    CODE,
    DEVICE,
    EVERYWHERE,
    NETWORK,
    RESET,
    Budget,
    Counter,
    TooManyTries,
    network_of,
)
from services.identity.store import devices, sign_in_counters
from services.identity.store.sign_in_counters import Refused

BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class Try:
    """One try at somebody's password: the budgets that pay for it, the person's or device's own first."""

    budgets: Mapping[bytes, Budget]

    @property
    def own(self) -> bytes:
        """Return the key of the account or device."""
        return next(iter(self.budgets))


def try_of(digests: KeyedDigests, person: str, device_id: UUID | None, address: Address) -> Try:
    """Return who pays for a try. `person` is any text that is the same for all tries at one account."""
    if device_id is not None:
        return Try({digests.of("device", str(device_id)): DEVICE})
    return Try(
        {
            digests.of("account", person): ACCOUNT,
            digests.of("network", network_of(address)): NETWORK,
            digests.of("everywhere"): EVERYWHERE,
        }
    )


def try_of_session(digests: KeyedDigests, session_id: UUID) -> Try:
    """Return who pays where somebody signed in proves his password again: the session alone."""
    return Try({digests.of("session", str(session_id)): DEVICE})


def try_of_code(digests: KeyedDigests, user_id: UUID, device_id: UUID | None) -> Try:
    """Return who pays for tries at the second factor of a person whose password is known already."""
    return Try({_code_key(digests, device_id or user_id): CODE})


def try_of_passkey(digests: KeyedDigests, address: Address) -> Try:
    """Return who pays for a sign-in by passkey, of whom nobody knows yet who it is: the network."""
    return Try({digests.of("passkeys", network_of(address)): NETWORK})


def reset_of(digests: KeyedDigests, person: str, address: Address) -> Try:
    """Return who pays for a mail that anybody may ask for."""
    return Try({digests.of("reset", person): RESET, digests.of("resets", network_of(address)): NETWORK})


async def take(queries: Queries, one: Try, now: datetime) -> None:
    """Spend a try. Raises TooManyTries when one of the budgets has none left; then none is spent.

    The transaction must end at once: all who try wait for its locks.
    """
    counters = await sign_in_counters.lock(queries, list(one.budgets))
    longest = max(sign_in_limits.wait(budget, counters[key], now) for key, budget in one.budgets.items())
    if longest > timedelta(0):
        raise TooManyTries(retry_after_seconds=ceil(longest.total_seconds()))
    await sign_in_counters.save(
        queries, {key: sign_in_limits.spend(budget, counters[key], now) for key, budget in one.budgets.items()}
    )


async def give_back(db: Database, one: Try) -> None:
    """Return a try that was not evaluated."""
    async with db.across_tenants() as queries:
        await _return(queries, one)


async def count_wrong(db: Database, one: Try, digest: bytes, refused: Refused) -> None:
    """Leave a wrong try spent, and write the refusal down.

    The same wrong password is spent on once by the person or device, and each time by those who pay for the work.
    """
    async with db.across_tenants() as queries:
        await sign_in_counters.write_down(queries, refused)
        if not await sign_in_counters.remember_wrong(queries, one.own, digest, refused.refused_at):
            await _return(queries, Try({one.own: one.budgets[one.own]}))


async def forgive(queries: Queries, one: Try, now: datetime) -> None:
    """Return a try that was right, and forget the person's or device's wrong ones before it."""
    await _return(queries, one, lambda counter: sign_in_limits.forgive(counter, now))


async def forget(tx: Transaction, digests: KeyedDigests, user_id: UserId, now: datetime) -> None:
    """Forget the wrong passwords and codes tried at an account, whose password has just been set anew."""
    await _forget(tx, [digests.of("account", str(user_id)), *await _code_keys(tx, digests, user_id)], now)


async def forget_codes(tx: Transaction, digests: KeyedDigests, user_id: UserId, now: datetime) -> None:
    """Forget the wrong codes of a person who has just become one without a second factor."""
    await _forget(tx, await _code_keys(tx, digests, user_id), now)


async def tell_refusals(db: Database) -> int:
    """Turn refused sign-ins of people who exist into events; return how many. `db` crosses tenants.

    Not told by the sign-in itself, which must cost the same whether or not the person exists.
    """
    async with db.across_tenants() as queries:
        tenants = await sign_in_counters.tenants_to_tell(queries)
    told = 0
    for tenant_id in tenants:
        async with db.transaction(tenant_id) as tx:
            untold = await sign_in_counters.take_untold(tx, BATCH)
            await outbox.add(
                tx,
                *(
                    SignInRefused(user_id=one.user_id, address=one.address, reason=one.reason)
                    for one in untold
                    if one.user_id is not None
                ),
            )
        told += len(untold)
    return told


def _code_key(digests: KeyedDigests, payer: UUID) -> bytes:
    """Return the key of a device's tries at codes, or of a person's from all others."""
    return digests.of("code", str(payer))


async def _code_keys(tx: Transaction, digests: KeyedDigests, user_id: UserId) -> Sequence[bytes]:
    return [_code_key(digests, payer) for payer in (user_id, *await devices.of(tx, user_id))]


async def _forget(queries: Queries, keys: Sequence[bytes], now: datetime) -> None:
    counters = await sign_in_counters.lock(queries, keys)
    await sign_in_counters.save(
        queries, {key: sign_in_limits.forgive(counter, now) for key, counter in counters.items()}
    )


async def _return(queries: Queries, one: Try, own: Callable[[Counter], Counter] = lambda counter: counter) -> None:
    counters = await sign_in_counters.lock(queries, list(one.budgets))
    returned = {key: sign_in_limits.give_back(budget, counters[key]) for key, budget in one.budgets.items()}
    await sign_in_counters.save(queries, {**returned, one.own: own(returned[one.own])})
