"""When and from where a person gets in, and until when: the access policy (MG-28..31, MG-61).

A policy has four parts. Hours, networks and end are each stated, or left to the level above: what the person's own
policy does not state, the template's does, else the agency's; what nobody states is no limit. A second factor is
demanded if any level demands it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, collapse_addresses
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from services.chassis.problems import Conflict, Forbidden, Invalid
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


class AccessRefused(Forbidden):
    """Told only to who has proved who he is."""

    code = "access_refused"
    title = "This account may not be used now, or not from here."


class AccessEnded(AccessRefused):
    code = "access_ended"
    title = "The time for which this account was given is over."


class OutsideHours(AccessRefused):
    code = "outside_hours"
    title = "This account may not be used at this hour."


class AddressRefused(AccessRefused):
    code = "address_not_allowed"
    title = "This account may not be used from your address."


class NotConfirmed(Conflict):
    code = "not_confirmed"
    title = "Confirm how many people this concerns."


class ZoneInUse(Conflict):
    code = "zone_in_use"
    title = "Some access policy names this zone."


class ZoneNameTaken(Conflict):
    code = "zone_name_taken"
    title = "Another zone has this name."


class TemplateInUse(Conflict):
    code = "template_in_use"
    title = "Some people have this template."


class TemplateNameTaken(Conflict):
    code = "template_name_taken"
    title = "Another template has this name."


class UnknownZone(Invalid):
    code = "unknown_zone"
    title = "There is no such network zone."


class UnknownTemplate(Invalid):
    code = "unknown_template"
    title = "There is no such template."


class LocksYouOut(Conflict):
    code = "locks_you_out"
    title = "You would not get in from where you are; make the change from an address that it allows."


PROBLEMS: Final[Mapping[Refusal, type[AccessRefused]]] = {
    Refusal.ENDED: AccessEnded,
    Refusal.HOURS: OutsideHours,
    Refusal.ADDRESS: AddressRefused,
}


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """One level's policy, or what the levels add up to. None is not stated; no network at all means anywhere."""

    hours: WorkingHours | None = None
    networks: tuple[Network, ...] | None = None
    ends_at: datetime | None = None
    second_factor: bool = False
    """Whether it demands one; what any level demands is demanded."""


UNLIMITED: Final = AccessPolicy()


@dataclass(frozen=True, slots=True)
class StatedPolicy:
    """A level's policy as its administrator wrote it: with named zones beside single networks."""

    policy: AccessPolicy = UNLIMITED
    zones: tuple[UUID, ...] = ()
    version: int = 0


@dataclass(frozen=True, slots=True)
class NetworkZone:
    """Networks with a name, such as those of an office, which many policies may refer to."""

    id: UUID
    name: str
    networks: tuple[Network, ...]
    version: int


@dataclass(frozen=True, slots=True)
class AccessTemplate:
    """A named policy that any number of people may have; each person has one at most."""

    id: UUID
    name: str
    stated: StatedPolicy


@dataclass(frozen=True, slots=True)
class Admission:
    """What a person was let in for: tokens name these networks (none for anywhere) and end by `until`."""

    networks: tuple[Network, ...] = ()
    until: datetime | None = None


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
            second_factor=any(one.second_factor for _, one in self._nearest_first()),
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

    @property
    def second_factor_from(self) -> Source | None:
        """Return the nearest level that demands a second factor."""
        return next((source for source, one in self._nearest_first() if one.second_factor), None)

    def _nearest_first(self) -> Sequence[tuple[Source, AccessPolicy]]:
        return ((Source.USER, self.user), (Source.TEMPLATE, self.template), (Source.TENANT, self.tenant))


def refusal(policy: AccessPolicy, now: datetime, zone: ZoneInfo, address: Address) -> Refusal | None:
    """Return why a person is not let in at an instant from an address, or None. `zone` is the agency's."""
    if policy.ends_at is not None and now >= policy.ends_at:
        return Refusal.ENDED
    if policy.hours is not None and not policy.hours.covers(now, zone):
        return Refusal.HOURS
    return None if opens_from(policy, address) else Refusal.ADDRESS


def opens_from(policy: AccessPolicy, address: Address) -> bool:
    """Say whether a person is let in from an address, at whatever time."""
    return not policy.networks or network_of(policy.networks, address) is not None


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


def admitted(policy: AccessPolicy, now: datetime, zone: ZoneInfo, address: Address) -> Admission:
    """Return what a person is let in for. Raises AccessEnded, OutsideHours, AddressRefused."""
    why = refusal(policy, now, zone, address)
    if why is not None:
        raise PROBLEMS[why]
    return Admission(for_token(policy, address), until(policy, now, zone))


def survives(held: Admission, policy: AccessPolicy, now: datetime, zone: ZoneInfo, lifetime: timedelta) -> bool:
    """Say whether a session may go on under a changed policy: no token of it opens what is now forbidden.

    Its last token ends by itself within `lifetime`.
    """
    end = until(policy, now, zone)
    last = now + lifetime if held.until is None else min(held.until, now + lifetime)
    return (end is None or end >= last) and still_allowed(held.networks, policy.networks or ())


def must_let_in(policy: AccessPolicy, now: datetime, address: Address) -> None:
    """Refuse a change that would keep its own author out; hours pass, an end or a wrong network does not.

    So there is always somebody who still gets in and can undo it. Raises LocksYouOut.
    """
    if refusal(replace(policy, hours=None), now, ZoneInfo("UTC"), address) is not None:
        raise LocksYouOut
