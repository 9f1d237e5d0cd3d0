"""People and teams as the agency's own directory (Entra ID, Okta) sees and wants them.

It sees colleagues who are no ghosts. Whom it deletes becomes a ghost, and is gone for it.
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count
from typing import Final

from services.chassis.problems import Unavailable
from services.contracts.vocabulary import TeamId, UserId, UserState
from services.identity.domain.organisation import Team
from services.identity.domain.user import User

_LATIN: Final = re.compile(r"LATIN (?:CAPITAL|SMALL) LETTER ([A-Z])")


class Contended(Unavailable):
    code = "contended"
    title = "Too many others change the same; try again."


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """What only the directory says: its own id of a person or team; its name of a person; which address is primary."""

    external_id: str | None = None
    display_name: str | None = None
    calls_address_primary: bool = True


NO_ENTRY: Final = DirectoryEntry()


@dataclass(frozen=True, slots=True)
class DirectoryPerson:
    user: User
    entry: DirectoryEntry
    teams: tuple[tuple[TeamId, str], ...]
    """The person's teams, by id and name."""
    has_password: bool
    changed_at: datetime

    @property
    def active(self) -> bool:
        """Say whether the account may be used, or will be once the person has activated it."""
        return self.user.state in {UserState.PROVISIONED, UserState.ACTIVE}

    def state_for(self, *, active: bool) -> UserState | None:
        """Return the state to move to, or None to stay. Without a password only an activation makes active."""
        if active == self.active:
            return None
        if not active:
            return UserState.SUSPENDED
        return UserState.ACTIVE if self.has_password else UserState.PROVISIONED


@dataclass(frozen=True, slots=True)
class WantedPerson:
    """A person as the directory wants him."""

    userid: str
    given_name: str
    family_name: str
    email: str
    active: bool
    entry: DirectoryEntry


@dataclass(frozen=True, slots=True)
class DirectoryTeam:
    team: Team
    entry: DirectoryEntry
    seen: tuple[UserId, ...]
    """Those members whom the directory sees."""
    created_at: datetime
    changed_at: datetime

    def members_with(self, wanted: Collection[UserId]) -> tuple[UserId, ...]:
        """Return who is in the team once the directory's members are these: whom it does not see, stays."""
        unseen = (member for member in self.team.members if member not in self.seen)
        return tuple(sorted({*unseen, *wanted}))


@dataclass(frozen=True, slots=True)
class WantedTeam:
    """A team as the directory wants it; members who are nobody here are left out."""

    name: str
    members: frozenset[UserId]
    entry: DirectoryEntry


def free_code(given_name: str, family_name: str, taken: Collection[str]) -> str:
    """Return initials for a new person, numbered where somebody has them. `taken` is in upper case."""
    initials = f"{_initial(given_name)}{_initial(family_name)}" or "X"
    numbered = (f"{initials}{number}" for number in count(2))
    return next(code for code in chain((initials,), numbered) if code not in taken)


def _initial(name: str) -> str:
    """Return the first Latin letter of a name as a plain capital, whatever marks it bears; none if it has none."""
    letters = (_LATIN.match(unicodedata.name(letter, "")) for letter in name)
    return next((found[1] for found in letters if found), "")
