"""Why somebody would get in or not: every step of the decision, and what decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.contracts.vocabulary import UserState
from services.identity.domain.access_policy import Address, Levels, Source, network_of


class Part(StrEnum):
    """What is asked, in this order; the first that is not passed decides."""

    STATE = "state"
    END = "end"
    HOURS = "hours"
    NETWORKS = "networks"


@dataclass(frozen=True, slots=True)
class Step:
    """One question: whether it is passed, by whose policy, and in words."""

    part: Part
    passed: bool
    source: Source | None
    detail: str


def steps(levels: Levels, state: UserState, now: datetime, zone: ZoneInfo, address: Address) -> Sequence[Step]:
    """Return every step of deciding whether a person gets in at an instant from an address."""
    policy, local = levels.policy, now.astimezone(zone)
    clock = f"{local:%A %H:%M} in {zone.key}"
    network = network_of(policy.networks or (), address)
    return (
        Step(Part.STATE, state is UserState.ACTIVE, None, f"The account is {state}."),
        Step(
            Part.END,
            policy.ends_at is None or now < policy.ends_at,
            levels.end_from,
            "Access has no end." if policy.ends_at is None else f"Access ends at {policy.ends_at.isoformat()}.",
        ),
        Step(
            Part.HOURS,
            policy.hours is None or policy.hours.covers(now, zone),
            levels.hours_from,
            f"No level limits the hours; it is {clock}." if policy.hours is None else f"It is {clock}.",
        ),
        Step(
            Part.NETWORKS,
            not policy.networks or network is not None,
            levels.networks_from,
            _where(limited=bool(policy.networks), network=str(network) if network else None, address=address),
        ),
    )


def _where(*, limited: bool, network: str | None, address: Address) -> str:
    if not limited:
        return "Any address will do."
    return f"{address} lies in {network}." if network else f"{address} lies in none of the networks."
