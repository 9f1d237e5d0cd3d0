"""A person of an agency (the agent card) and the states of the account."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.chassis.problems import Conflict, FieldError, Invalid
from services.contracts.identity_events import UserFacts
from services.contracts.vocabulary import OfficeId, UserId, UserKind, UserState

MANAGE: Final = "admin.agents.manage"
"""The permission to manage people and offices (IMO-68)."""
ADMINISTRATION: Final = "admin.permissions.manage"
"""The permission to manage rights, and with them everything."""
LONGEST_VISIT: Final = timedelta(days=7)


class UseridTaken(Conflict):
    code = "userid_taken"
    title = "Another user has this user id."


class CodeTaken(Conflict):
    code = "code_taken"
    title = "Another user has this code."


class EmailTaken(Conflict):
    code = "email_taken"
    title = "Another user has this e-mail address."


class StateNotAllowed(Conflict):
    code = "state_not_allowed"
    title = "The account cannot go from its present state to that one."


class EndRefused(Invalid):
    code = "end_refused"
    title = "Access must end at another time."


class UnknownOffice(Invalid):
    code = "unknown_office"
    title = "There is no such office."


@dataclass(frozen=True, slots=True)
class Assignments:
    """Where a person works: as a principal, as a secondary, in no office twice (MG-14)."""

    principal: tuple[OfficeId, ...] = ()
    secondary: tuple[OfficeId, ...] = ()


@dataclass(frozen=True, slots=True)
class User:
    id: UserId
    userid: str
    code: str
    """Short sign, usually initials; unique in the agency (MG-4)."""
    given_name: str
    family_name: str
    email: str
    locale: str
    state: UserState
    assignments: Assignments
    version: int
    created_at: datetime
    kind: UserKind = UserKind.COLLEAGUE
    ends_at: datetime | None = None
    """From when on the access policy lets the person in no more; read with the person, written with the policy."""
    sponsor_id: UserId | None = None
    """Who let an external technician in."""

    @property
    def display_name(self) -> str:
        return f"{self.given_name} {self.family_name}"

    def facts(self) -> UserFacts:
        """Return what the other services are told of the person."""
        return UserFacts(
            user_id=self.id,
            version=self.version,
            code=self.code,
            display_name=self.display_name,
            email=self.email,
            locale=self.locale,
            state=UserState.SUSPENDED if self.state is UserState.EXPIRED else self.state,
            principal_offices=self.assignments.principal,
            secondary_offices=self.assignments.secondary,
            kind=self.kind,
            ends_at=self.ends_at,
        )


MOVES: Final[Mapping[UserState, frozenset[UserState]]] = {
    UserState.PROVISIONED: frozenset({UserState.SUSPENDED, UserState.GHOST}),
    UserState.ACTIVE: frozenset({UserState.SUSPENDED, UserState.GHOST}),
    UserState.SUSPENDED: frozenset({UserState.ACTIVE, UserState.PROVISIONED, UserState.GHOST}),
    UserState.GHOST: frozenset({UserState.PROVISIONED, UserState.SUSPENDED}),
    UserState.EXPIRED: frozenset({UserState.GHOST}),
}
"""Where an administrator may move an account. `active` is first reached by activation, never by decree (AM-16).

Who was suspended before that is invited again instead. So is a ghost, who may come back suspended first: a directory
has people whom it knows and does not let in.

Into `expired` and back leads the end date alone.
"""


def move(user: User, state: UserState, now: datetime) -> None:
    """Refuse a change of state that the life of an account does not know, and a return after its end.

    Who is let in or invited after his end would be gone at once, and so would a technician who is no ghost.
    Raises StateNotAllowed.
    """
    if state not in MOVES[user.state]:
        raise StateNotAllowed(f"An account that is {user.state} cannot become {state}.")
    returns = state in {UserState.ACTIVE, UserState.PROVISIONED} or (
        user.kind is UserKind.EXTERNAL_TECHNICIAN and user.state is UserState.GHOST
    )
    if returns and user.ends_at is not None and user.ends_at <= now:
        raise StateNotAllowed("Access has ended; move its end first.")


def has_ended(user: User, now: datetime) -> bool:
    """Say whether the account is to end by itself now: a colleague's while active, a technician's in any state."""
    lives = user.state is UserState.ACTIVE or (
        user.kind is UserKind.EXTERNAL_TECHNICIAN and user.state is not UserState.GHOST
    )
    return lives and user.ends_at is not None and user.ends_at <= now


def check_end(user: User, now: datetime) -> None:
    """Refuse an external technician whose visit has no end, or one far away (AM-12). Raises EndRefused."""
    if user.kind is not UserKind.EXTERNAL_TECHNICIAN:
        return
    if user.ends_at is None:
        raise EndRefused(errors=[FieldError("/ends_at", "end_needed", "Say when the technician's visit ends.")])
    if user.ends_at > now + LONGEST_VISIT:
        wrong = FieldError("/ends_at", "too_late", f"A visit lasts {LONGEST_VISIT.days} days at most.")
        raise EndRefused(errors=[wrong])


def check_assignments(assignments: Assignments, known: frozenset[OfficeId]) -> None:
    """Refuse offices that do not exist or are named twice. Raises UnknownOffice, Invalid."""
    given = [
        *((f"/principal_offices/{at}", office) for at, office in enumerate(assignments.principal)),
        *((f"/secondary_offices/{at}", office) for at, office in enumerate(assignments.secondary)),
    ]
    unknown = [
        FieldError(at, "unknown_office", "There is no such office.") for at, office in given if office not in known
    ]
    if unknown:
        raise UnknownOffice(errors=unknown)
    seen = set[OfficeId]()
    for at, office in given:
        if office in seen:
            raise Invalid(errors=[FieldError(at, "office_twice", "A person is either principal or secondary there.")])
        seen.add(office)
