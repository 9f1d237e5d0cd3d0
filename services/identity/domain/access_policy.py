"""When and from where a person gets in, and until when: the access policy (MG-28..31, MG-61).

A policy has three parts: hours, networks, end. Each is stated, or left to the level above: what the person's own
policy does not state, the template's does, else the agency's; what nobody states is no limit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, collapse_addresses
from typing import Final
from zoneinfo import ZoneInfo

from services.chassis.problems import Conflict, Forbidden
from services.identity.domain.working_hours import WorkingHours

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_MAPPED: Final = 96
"""How many leading bits of an IPv6 address stand before a mapped IPv4 address."""
MOST_IN_A_TOKEN: Final = 16


class Source(StrEnum):
    """Which level a part of the policy comes from, the deciding one first."""

    USER = "user"
    TEMPLATE = "template"
    TENANT = "tenant"


class Refusal(StrEnum):
    """Why a person is not let in, in the order in which it is asked."""

    ENDED = "access_ended"
    HOURS = "outside_hours"
    ADDRESS = "address_not_allowed"


class AccessEnded(Forbidden):
    code = "access_ended"
    title = "The time for which this account was given is over."


class OutsideHours(Forbidden):
    code = "outside_hours"
    title = "This account may not be used at this hour."


class AddressRefused(Forbidden):
    code = "address_not_allowed"
    title = "This account may not be used from your address."


class LocksYouOut(Conflict):
    code = "locks_you_out"
    title = "You would not get in from where you are; make the change from an address that it allows."


PROBLEMS: Final = {Refusal.ENDED: AccessEnded, Refusal.HOURS: OutsideHours, Refusal.ADDRESS: AddressRefused}


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """One level's policy, or what the levels add up to. None is not stated; no network at all means anywhere."""

    hours: WorkingHours | None = None
    networks: tuple[Network, ...] | None = None
    ends_at: datetime | None = None


UNLIMITED: Final = AccessPolicy()


@dataclass(frozen=True, slots=True)
class Levels:
    """The policies that concern one person."""

    user: AccessPolicy = UNLIMITED
    template: AccessPolicy = UNLIMITED
    tenant: AccessPolicy = UNLIMITED

    @property
    def policy(self) -> AccessPolicy:
        """Return what the levels add up to: of each part, what the level nearest to the person states."""
        return AccessPolicy(
            hours=next((one.hours for _, one in self._nearest_first() if one.hours is not None), None),
            networks=next((one.networks for _, one in self._nearest_first() if one.networks is not None), None),
            ends_at=next((one.ends_at for _, one in self._nearest_first() if one.ends_at is not None), None),
        )

    @property
    def hours_from(self) -> Source | None:
        """Return which level states the hours."""
        return next((source for source, one in self._nearest_first() if one.hours is not None), None)

    @property
    def networks_from(self) -> Source | None:
        """Return which level states the networks."""
        return next((source for source, one in self._nearest_first() if one.networks is not None), None)

    @property
    def end_from(self) -> Source | None:
        """Return which level states the end."""
        return next((source for source, one in self._nearest_first() if one.ends_at is not None), None)

    def _nearest_first(self) -> Sequence[tuple[Source, AccessPolicy]]:
        return ((Source.USER, self.user), (Source.TEMPLATE, self.template), (Source.TENANT, self.tenant))


def refusal(policy: AccessPolicy, now: datetime, zone: ZoneInfo, address: Address) -> Refusal | None:
    """Return why a person is not let in at an instant from an address, or None. `zone` is the agency's."""
    if policy.ends_at is not None and now >= policy.ends_at:
        return Refusal.ENDED
    if policy.hours is not None and not policy.hours.covers(now, zone):
        return Refusal.HOURS
    if policy.networks and network_of(policy.networks, address) is None:
        return Refusal.ADDRESS
    return None


def until(policy: AccessPolicy, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the first instant from now on at which nobody is let in from anywhere, or None for never."""
    ends = [policy.ends_at, policy.hours.until(now, zone) if policy.hours is not None else None]
    known = [max(end, now) for end in ends if end is not None]
    return min(known) if known else None


def network_of(networks: Sequence[Network], address: Address) -> Network | None:
    """Return the network that an address lies in, or None; a mapped IPv4 address is that IPv4 address."""
    plain = (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
    return next((network for network in networks if plain in network), None)


def plain(network: Network) -> Network:
    """Return a network of mapped IPv4 addresses as the IPv4 network that it is."""
    if isinstance(network, IPv6Network) and network.prefixlen >= _MAPPED:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return IPv4Network((mapped, network.prefixlen - _MAPPED))
    return network


def joined(networks: Sequence[Network]) -> tuple[Network, ...]:
    """Return the same addresses in as few networks as possible, in order."""
    fours = [network for network in networks if isinstance(network, IPv4Network)]
    sixes = [network for network in networks if isinstance(network, IPv6Network)]
    return (*collapse_addresses(fours), *collapse_addresses(sixes))


def for_token(policy: AccessPolicy, address: Address) -> tuple[Network, ...]:
    """Return the networks that an access token names; none for anywhere.

    A token has room for so many; with more, it names only the one where its holder is, who refreshes elsewhere.
    """
    networks = joined(policy.networks or ())
    if len(networks) <= MOST_IN_A_TOKEN:
        return networks
    return tuple(network for network in networks if network == network_of(networks, address))


def still_allowed(held: Sequence[Network], allowed: Sequence[Network]) -> bool:
    """Say whether tokens that name these networks open nothing that is no longer allowed; none means anywhere."""
    if not allowed:
        return True
    wide = joined(allowed)
    return bool(held) and all(
        any(
            (isinstance(one, IPv4Network) and isinstance(other, IPv4Network) and one.subnet_of(other))
            or (isinstance(one, IPv6Network) and isinstance(other, IPv6Network) and one.subnet_of(other))
            for other in wide
        )
        for one in held
    )
