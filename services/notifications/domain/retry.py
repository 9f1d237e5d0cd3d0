"""When to try again, and when to stop."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from services.notifications.domain.delivery import State

AWAY: Final = timedelta(seconds=5)
"""Until the next try while identity is away, which is no try of the mail server and not counted."""
LADDER: Final = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    *(timedelta(hours=4),) * 18,
)
"""Waits between counted tries: short for a hiccup, three days in all for a mailbox that is full over a weekend."""
UNCERTAIN_LADDER: Final = (timedelta(minutes=1), timedelta(minutes=15))
"""Waits after tries that may have succeeded: few, since each may put the same mail in the mailbox again."""
_TEMPORARY, _PERMANENT, _BEYOND = 400, 500, 600
_NO_SUCH_MAILBOX: Final = frozenset({550, 551, 553})
_STATUS: Final = re.compile(r"5\.\d{1,3}\.\d{1,3}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one try. `tried` is false when the mail server was not asked."""

    state: State
    code: str | None = None
    tried: bool = True
    status: str | None = None
    """What was said of the recipient's address for good, as an enhanced status code (RFC 3463)."""
    ground: str | None = None
    """What decided whether the recipient gets it; None where it was neither tried nor kept back."""


@dataclass(frozen=True, slots=True)
class Step:
    """How a delivery goes on. `wait` is how long until the next try, None for never."""

    state: State
    code: str | None
    attempts: int
    uncertain_attempts: int
    wait: timedelta | None
    ground: str | None

    @property
    def failed(self) -> bool:
        """Say whether the mail is given up without knowing that it arrived."""
        return self.wait is None and self.state in {State.REFUSED, State.UNCERTAIN}


def of_recipient(code: int, text: str) -> Outcome:
    """Return what an SMTP reply to the naming of a recipient means; its enhanced status code stands first in the text.

    Source: RFC 2034. A server that gives none says with 550, 551 and 553 that there is no such mailbox.
    """
    outcome = of_reply(code, State.DEFERRED)
    if outcome.state is not State.REFUSED:
        return outcome
    match = _STATUS.match(text)
    return replace(outcome, status=match.group(0) if match else "5.1.1" if code in _NO_SUCH_MAILBOX else None)


def of_reply(code: int, otherwise: State) -> Outcome:
    """Return what an SMTP reply to a recipient or to a mail means; `otherwise` is for replies that SMTP does not know.

    Source: RFC 5321 section 4.2.1.
    """
    if _TEMPORARY <= code < _PERMANENT:
        return Outcome(State.DEFERRED, str(code))
    if _PERMANENT <= code < _BEYOND:
        return Outcome(State.REFUSED, str(code))
    return Outcome(otherwise, "unreadable_reply")


def after(outcome: Outcome, attempts: int, uncertain_attempts: int) -> Step:
    """Return how a delivery goes on after a try, given how many tries were counted before it."""
    attempts += outcome.tried
    uncertain_attempts += outcome.state is State.UNCERTAIN
    match outcome.state:
        case State.DEFERRED:
            wait = _rung(LADDER, attempts) if outcome.tried else AWAY
        case State.UNCERTAIN:
            wait = _rung(UNCERTAIN_LADDER, uncertain_attempts)
        case _:
            wait = None
    gave_up = outcome.state is State.DEFERRED and wait is None
    state = State.REFUSED if gave_up else outcome.state
    return Step(state, outcome.code, attempts, uncertain_attempts, wait, outcome.ground)


def _rung(ladder: tuple[timedelta, ...], tries: int) -> timedelta | None:
    return ladder[tries - 1] if tries <= len(ladder) else None
