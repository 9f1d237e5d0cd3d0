"""Tokens with which machines come in: what for, for whom, from where and until when (ADR-0014)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.chassis.problems import Conflict, FieldError, Forbidden, Invalid, Unauthenticated
from services.contracts.identity_events import MachineTokenFacts
from services.contracts.vocabulary import UserId
from services.identity.domain.access_policy import Address, AddressRefused, Admission, Network, network_of

LONGEST_LIFE: Final = timedelta(days=366)


class MachineScope(StrEnum):
    """What a token is good for."""

    SCIM = "scim"
    """Provisioning people and teams at /scim/v2, with the token itself."""
    API = "api"
    """Everything that the person it acts for may do, with access tokens that it is exchanged for."""


class MachineTokenInvalid(Unauthenticated):
    """One answer for a token that never was, has ended, was revoked, or is good for something else."""

    code = "invalid_token"
    title = "The token is not valid here."


class EndNotAllowed(Invalid):
    code = "end_refused"
    title = "The token must end at another time."


class PersonNeeded(Invalid):
    code = "person_needed"
    title = "Name an active colleague for whom a token of scope api acts, and nobody for any other."


class MachineNotAllowed(Forbidden):
    code = "machine_not_allowed"
    title = "Only a person who has signed in may do this."


class ShownOnce(Conflict):
    code = "shown_once"
    title = "An earlier request made this token, which is shown only once; revoke it and make another."


@dataclass(frozen=True, slots=True)
class MachineToken:
    id: UUID
    name: str
    scopes: tuple[MachineScope, ...]
    acts_for: UserId | None
    """Whose rights a token of scope `api` has."""
    networks: tuple[Network, ...]
    """Where it may be used from; none for anywhere."""
    issued_by: UserId
    created_at: datetime
    ends_at: datetime
    last_used_at: datetime | None = None
    """To the minute."""
    revoked_at: datetime | None = None

    def facts(self) -> MachineTokenFacts:
        """Return what others are told of the token."""
        return MachineTokenFacts(
            machine_id=self.id,
            name=self.name,
            scopes=tuple(scope.value for scope in self.scopes),
            acts_for=self.acts_for,
            networks=tuple(str(network) for network in self.networks),
            ends_at=self.ends_at,
        )


def check_issue(token: MachineToken, now: datetime) -> None:
    """Refuse a token without an end within a year, or with the wrong person. Raises EndNotAllowed, PersonNeeded."""
    if not now < token.ends_at <= now + LONGEST_LIFE:
        wrong = FieldError("/ends_at", "out_of_range", f"A token ends within {LONGEST_LIFE.days} days.")
        raise EndNotAllowed(errors=[wrong])
    if (token.acts_for is not None) != (MachineScope.API in token.scopes):
        raise PersonNeeded


def check_use(token: MachineToken | None, scope: MachineScope, now: datetime, address: Address) -> MachineToken:
    """Return the token if it is good for this, now and from there. Raises MachineTokenInvalid, AddressRefused."""
    if token is None or token.revoked_at is not None or now >= token.ends_at or scope not in token.scopes:
        raise MachineTokenInvalid
    if token.networks and network_of(token.networks, address) is None:
        raise AddressRefused
    return token


def narrowed(admission: Admission, networks: Sequence[Network], address: Address) -> Admission:
    """Return what is left of an admission within a token's own networks: the narrowest one around the address."""
    around = [network_of(some, address) for some in (admission.networks, networks) if some]
    found = [network for network in around if network is not None]
    return Admission(tuple(sorted(found, key=lambda one: one.prefixlen)[-1:]), admission.until)
