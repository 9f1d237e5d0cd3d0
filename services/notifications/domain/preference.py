"""Whether somebody gets a mail, and what decides it: the first of a fixed row of grounds that has anything to say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.chassis.problems import Invalid
from services.contracts.vocabulary import UserState
from services.notifications.domain.delivery import Category

MANDATORY: Final = frozenset({Category.SECURITY})
"""What nobody can leave: it protects the account."""
CHOOSABLE: Final = tuple(category for category in Category if category not in MANDATORY)
SYSTEM_DEFAULT: Final[Mapping[Category, bool]] = {
    **dict.fromkeys(CHOOSABLE, True),
    Category.APPOINTMENTS: False,  # MG-17: the daily summary is asked for
}


class Ground(StrEnum):
    """What decides, in this order: the first that has anything to say."""

    RECIPIENT_GONE = "recipient_gone"
    RECEIVING_BLOCKED = "receiving_blocked"
    SENDING_BLOCKED = "sending_blocked"
    ADDRESS_SUPPRESSED = "address_suppressed"
    MANDATORY = "mandatory"
    ACCOUNT_NOT_ACTIVE = "account_not_active"
    OWN_CHOICE = "own_choice"
    AGENCY_DEFAULT = "agency_default"
    SYSTEM_DEFAULT = "system_default"


class NotChoosable(Invalid):
    code = "not_choosable"
    title = "Mail that protects the account cannot be left."


@dataclass(frozen=True, slots=True)
class Standing:
    """All that the decision looks at. The defaults are those of a recipient of whom nothing is known yet."""

    state: UserState = UserState.ACTIVE
    receives: bool = True
    sender_sends: bool = True
    suppressed: bool = False
    choice: bool | None = None
    agency_default: bool | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a mail goes out, and what decided it."""

    wanted: bool
    ground: Ground


@dataclass(frozen=True, slots=True)
class Step:
    """What one ground has to say: `wanted` is None where it has nothing."""

    ground: Ground
    wanted: bool | None


def explain(category: Category, standing: Standing) -> Sequence[Step]:
    """Return what each ground says of a mail, in the order in which they are asked. Source: MG-17, MG-18, SB-17..22."""
    active = standing.state is UserState.ACTIVE
    return (
        Step(Ground.RECIPIENT_GONE, False if standing.state is UserState.GHOST else None),
        Step(Ground.RECEIVING_BLOCKED, None if standing.receives else False),
        Step(Ground.SENDING_BLOCKED, None if standing.sender_sends else False),
        Step(Ground.ADDRESS_SUPPRESSED, False if standing.suppressed else None),
        Step(Ground.MANDATORY, True if category in MANDATORY else None),
        Step(Ground.ACCOUNT_NOT_ACTIVE, None if active else False),
        Step(Ground.OWN_CHOICE, standing.choice),
        Step(Ground.AGENCY_DEFAULT, standing.agency_default),
        Step(Ground.SYSTEM_DEFAULT, SYSTEM_DEFAULT.get(category, True)),
    )


def decide(category: Category, standing: Standing) -> Decision:
    """Return whether a recipient gets mail of a category."""
    return next(Decision(step.wanted, step.ground) for step in explain(category, standing) if step.wanted is not None)


def require_choosable(categories: Mapping[Category, bool | None]) -> None:
    """Refuse a choice about what nobody can leave. Raises NotChoosable."""
    if MANDATORY & categories.keys():
        raise NotChoosable
