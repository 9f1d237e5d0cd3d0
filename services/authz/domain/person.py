"""A person as authz knows him from identity."""

from dataclasses import dataclass
from datetime import datetime

from services.contracts.identity_events import UserFacts
from services.contracts.vocabulary import OfficeId, UserId, UserState


@dataclass(frozen=True, slots=True)
class Person:
    """What was told of a person, as of identity's `version`."""

    id: UserId
    version: int
    state: UserState
    code: str
    display_name: str
    principal: frozenset[OfficeId]
    secondary: frozenset[OfficeId]
    ends_at: datetime | None = None
    """From when on identity does not let the person in any more; None for never."""

    @classmethod
    def of(cls, facts: UserFacts) -> "Person":
        """Return the person whom the facts describe."""
        return cls(
            id=facts.user_id,
            version=facts.version,
            state=facts.state,
            code=facts.code,
            display_name=facts.display_name,
            principal=frozenset(facts.principal_offices),
            secondary=frozenset(facts.secondary_offices),
            ends_at=facts.ends_at,
        )

    def stands_as(self, other: "Person") -> bool:
        """Say whether both have the same rights as far as the person decides them."""
        return (
            (self.state is UserState.ACTIVE) == (other.state is UserState.ACTIVE)
            and self.principal == other.principal
            and self.secondary == other.secondary
        )
