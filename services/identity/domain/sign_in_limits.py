"""How many wrong sign-ins are evaluated, and who pays for them.

A try from a known device is counted against that device alone; any other against the account as seen from unknown
devices, the network that it comes from, and the installation. So whoever guesses from outside shuts out other
strangers, never the person himself at a device that he has used before. Codes of the second factor are counted by
the same parting. Nothing locks for good but the count in a row (NIST SP 800-63B-4, 3.2.2), which ends with the next
success, a new password or, for codes, a new beginning without a factor.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Final

from services.chassis.problems import Limited


class TooManyTries(Limited):
    code = "too_many_tries"
    title = "Too many sign-ins failed; try again later."


@dataclass(frozen=True, slots=True)
class Budget:
    """Tries that may be spent at once; one comes back after each `refill`."""

    tries: int
    refill: timedelta
    most_in_a_row: int | None = None


@dataclass(frozen=True, slots=True)
class Counter:
    """When all spent tries will have come back, and how many failed since the last success."""

    busy_until: datetime
    in_a_row: int


DEVICE: Final = Budget(10, timedelta(minutes=1))
ACCOUNT: Final = Budget(10, timedelta(minutes=5), most_in_a_row=100)
NETWORK: Final = Budget(100, timedelta(seconds=6))
EVERYWHERE: Final = Budget(2_000, timedelta(milliseconds=100))
CODE: Final = Budget(5, timedelta(minutes=1), most_in_a_row=50)
"""Codes of the second factor: only who has the right password comes to try one."""
RESET: Final = Budget(3, timedelta(minutes=10))
"""Mails that anybody may have sent to a person."""
SHUT: Final = timedelta(hours=1)
"""When to try again where only a new password or a known device helps; the answer does not say so."""


def wait(budget: Budget, counter: Counter, now: datetime) -> timedelta:
    """Return how long until a try may be spent; nothing if at once."""
    if budget.most_in_a_row is not None and counter.in_a_row >= budget.most_in_a_row:
        return SHUT
    return max(_busy_until(budget, counter, now) - now - budget.refill * (budget.tries - 1), timedelta(0))


def spend(budget: Budget, counter: Counter, now: datetime) -> Counter:
    """Return the counter with one try more."""
    return Counter(max(_busy_until(budget, counter, now), now) + budget.refill, counter.in_a_row + 1)


def give_back(budget: Budget, counter: Counter) -> Counter:
    """Return the counter with one try less: it was right, or was not evaluated, or is counted already."""
    return Counter(counter.busy_until - budget.refill, max(counter.in_a_row - 1, 0))


def forgive(counter: Counter, now: datetime) -> Counter:
    """Return the counter of somebody who has just proved who he is."""
    return Counter(min(counter.busy_until, now), 0)


def network_of(address: IPv4Address | IPv6Address) -> str:
    """Return the neighbourhood that pays together: a /24, or the /56 that one IPv6 subscriber commonly has."""
    return str(ip_network((address, 24 if address.version == 4 else 56), strict=False))  # noqa: PLR2004


def _busy_until(budget: Budget, counter: Counter, now: datetime) -> datetime:
    """Return it as it can be at most, so that a clock that was set back shuts nobody out for long."""
    return min(counter.busy_until, now + budget.refill * budget.tries)
