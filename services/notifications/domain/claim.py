"""A claim: a delivery in the hands of the worker that is to send it."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from services.contracts.vocabulary import TenantId, UserId
from services.notifications.domain.delivery import Category, State, Template


class LeaseLost(Exception):
    """The lease ran out and another worker has the delivery: whatever this one did counts no more."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a worker knows of a delivery that it holds. Only the claim with the latest version counts."""

    tenant_id: TenantId
    id: UUID
    version: int
    category: Category
    template: Template
    recipient_user_id: UserId
    recipient_address: str
    locale: str
    sender_user_id: UserId | None
    facts: Mapping[str, str]
    traceparent: str
    attempts: int
    uncertain_attempts: int
    last_error_code: str | None
    interrupted: bool
    """Whether an earlier holder vanished while handing the mail over."""
    told: bool
    """Whether the same mail went to this address already, for somebody else who is reached there."""
    awaits: bool
    """Whether it is still being tried there for somebody else, whose turn is first."""

    @property
    def key(self) -> tuple[TenantId, UUID, int]:
        """Return what only this claim of all claims of all deliveries has."""
        return self.tenant_id, self.id, self.version


@dataclass(frozen=True, slots=True)
class Returned:
    """A mail of which a mail system says that it came back, and what we know of it ourselves."""

    address: str
    category: Category
    state: State
    uncertain_attempts: int
    is_open: bool

    @property
    def in_hands(self) -> bool:
        """Say whether a worker is trying it at the moment: what becomes of that is not known yet."""
        return self.state in {State.CLAIMED, State.HANDING_OVER}

    @property
    def went_out(self) -> bool:
        """Say whether it can have come back: it was sent, or nobody knows whether it was."""
        waits = self.is_open and not self.in_hands
        return self.state is State.SENT or (self.uncertain_attempts > 0 and (waits or self.state is State.UNCERTAIN))

    @property
    def was_given_up(self) -> bool:
        """Say whether it was told already that it failed."""
        return self.state is State.UNCERTAIN and not self.is_open
