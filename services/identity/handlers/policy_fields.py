"""Access policies as clients write and read them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from ipaddress import ip_network
from typing import Annotated, Final
from uuid import UUID

from pydantic import AfterValidator, Field

from services.chassis.web import Input, Output
from services.contracts.instants import Instant
from services.identity.domain.access_policy import AccessPolicy, Network, StatedPolicy, plain
from services.identity.domain.working_hours import ALL_DAY, DAY, Window, WorkingHours, check_hours
from services.identity.operations.access_policies import Impact

LONGEST_NETWORK: Final = 49


class Weekday(StrEnum):
    """The days, Monday first."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


WEEKDAYS: Final = tuple(Weekday)


def _network(text: str) -> str:
    if "%" in text:
        raise ValueError("an interface is not part of a network")
    return str(plain(ip_network(text.strip())))


CIDR = Annotated[
    str,
    Field(max_length=LONGEST_NETWORK, examples=["192.0.2.0/24", "2001:db8::/48", "192.0.2.7"]),
    AfterValidator(_network),
]
"""A network or a single address; mapped IPv4 addresses become IPv4. Host bits are refused."""
ClockTime = Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$", examples=["08:30", "24:00"])]
"""Local time of the agency."""


class WindowFields(Input):
    opens: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["08:30"])]
    """Included."""
    closes: ClockTime
    """Not included; before `opens` it means on the next day."""


class NetworksFields(Input):
    cidrs: list[CIDR] = Field(default=[], max_length=50)
    zones: list[UUID] = Field(default=[], max_length=50)
    """Named network zones. Neither cidrs nor zones: from anywhere."""


class PolicyFields(Input):
    hours: dict[Weekday, Annotated[list[WindowFields], Field(max_length=10)]] | None = None
    """Windows of each day; a day with none is open all day, a day that is not named is closed. null: as above it."""
    networks: NetworksFields | None = None
    """Where from. null: as the level above says."""
    dry_run: bool = False
    """Change nothing and count only."""

    def stated(self, version: int) -> StatedPolicy:
        """Return the policy that is written, of a version. Raises HoursRefused."""
        hours = None if self.hours is None else _hours(self.hours)
        networks = None if self.networks is None else tuple(ip_network(cidr) for cidr in self.networks.cidrs)
        zones = () if self.networks is None else tuple(self.networks.zones)
        return StatedPolicy(AccessPolicy(hours, networks), zones, version)


class EndingPolicyFields(PolicyFields):
    ends_at: Instant | None = None
    """From this instant on access is blocked. null: as the level above says."""
    second_factor_required: bool = False
    """Demand one. Who has none is signed out, and sets one up before anything else."""

    def stated(self, version: int) -> StatedPolicy:
        """Return the policy that is written, of a version. Raises HoursRefused."""
        written = super().stated(version)
        whole = replace(written.policy, ends_at=self.ends_at, second_factor=self.second_factor_required)
        return replace(written, policy=whole)


class WindowShown(Output):
    opens: str
    closes: str


class NetworksShown(Output):
    cidrs: list[str]
    zones: list[UUID]


class PolicyShown(Output):
    hours: dict[Weekday, list[WindowShown]] | None
    networks: NetworksShown | None
    version: int


class EndingPolicyShown(PolicyShown):
    ends_at: datetime | None
    second_factor_required: bool


class ImpactShown(Output):
    affected_users: int
    """People for whom something changes."""
    ended_sessions: int
    """Running sessions that end at once, since they open more than is now allowed."""
    dry_run: bool
    version: int


def impact_shown(impact: Impact, version: int, *, dry_run: bool) -> ImpactShown:
    """Return what became of a change of some version; a dry run leaves the version as it is."""
    return ImpactShown(
        affected_users=impact.affected_users,
        ended_sessions=impact.ended_sessions,
        dry_run=dry_run,
        version=version if dry_run else version + 1,
    )


def hours_shown(hours: WorkingHours | None) -> dict[Weekday, list[WindowShown]] | None:
    """Return hours as they were written; a whole day has no windows."""
    if hours is None:
        return None
    return {
        WEEKDAYS[day]: []
        if windows == (ALL_DAY,)
        else [WindowShown(opens=_clock(one.opens), closes=_clock(one.closes)) for one in windows]
        for day, windows in sorted(hours.days.items())
    }


def networks_shown(stated: StatedPolicy) -> NetworksShown | None:
    """Return the networks that a level states by itself and by zones."""
    if stated.policy.networks is None:
        return None
    return NetworksShown(cidrs=cidrs_shown(stated.policy.networks), zones=list(stated.zones))


def cidrs_shown(networks: Sequence[Network]) -> list[str]:
    """Return networks as text."""
    return [str(network) for network in networks]


def _hours(days: Mapping[Weekday, Sequence[WindowFields]]) -> WorkingHours:
    hours = WorkingHours(
        {
            WEEKDAYS.index(day): tuple(Window(_minutes(one.opens), _minutes(one.closes)) for one in windows)
            or (ALL_DAY,)
            for day, windows in days.items()
        }
    )
    check_hours(hours)
    return hours


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}" if minutes < DAY else "24:00"
