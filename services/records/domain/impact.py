"""Which records somebody would gain by a change of his rights; what he would lose is what the way back would gain.

Memberships in teams and offices stay, so whatever record rights say, they say before and after.
"""

from dataclasses import replace
from typing import Final

from services.contracts.access import AccessSnapshot, RecordFacts, Scope, presupposed
from services.contracts.vocabulary import OfficeId, RecordClass, View
from services.records.domain.record import Section

_BEYOND_LISTS: Final = frozenset({RecordClass.WRITE, RecordClass.IDENTITY})
"""Classes of which an entry opens keys on records that it does not bring into a list."""


def deciding_keys(section: Section, action: str) -> tuple[str, ...]:
    """Return the keys whose reach decides which records an action reaches: its own, what it presupposes, privacy."""
    read = presupposed(section.key(action), section.name)
    return section.key(action), *((read,) if read else ()), section.key("private.read")


def is_gained(before: AccessSnapshot, after: AccessSnapshot, key: str, facts: RecordFacts) -> bool:
    """Say whether a record is reached by a key after the change, and was not before."""
    return after.decide(key, facts) is not None and before.decide(key, facts) is None


def is_widened(before: AccessSnapshot, after: AccessSnapshot, key: str, facts: RecordFacts) -> bool:
    """Say whether a record is reached by a key before and after the change, and seen in a wider view after it."""
    return before.decide(key, facts) is View.PUBLIC and after.decide(key, facts) is View.FULL


def where_gained(before: AccessSnapshot, after: AccessSnapshot, section: Section, action: str) -> AccessSnapshot | None:
    """Return a snapshot whose list holds everything that may be gained, and little else; None for nothing.

    A record is gained through a reach that is new, or, being private, because what opens private ones is new. So what
    both reach need not be walked, however much it is; unless the key itself is new, which entries then may open
    anywhere among what is read.
    """
    *keys, private = deciding_keys(section, action)
    key, read = section.key(action), section.key("read")
    parts = [_beyond(after.scope(each), before.scope(each)) for each in keys]
    opened = _beyond(after.scope(private), before.scope(private))
    if after.classes.get(key) in _BEYOND_LISTS and not before.holds(key):
        parts.append(after.scope(read))
    everything = {part.everything for part in parts}
    walked = Scope(
        everything=View.FULL if opened.unlimited or View.FULL in everything else max(everything, key=bool),
        offices=opened.offices.union(*(part.offices for part in parts)),
        public_offices=frozenset[OfficeId]().union(*(part.public_offices for part in parts)),
        owners=opened.owners.union(*(part.owners for part in parts)),
        own=any(part.own for part in parts),
    )
    if walked.is_empty:
        return None
    return replace(after, scopes={**after.scopes, section.key("list"): walked})


def _beyond(scope: Scope, other: Scope) -> Scope:
    """Return the parts of a scope that the other does not have."""
    if other.unlimited:
        return Scope()
    return Scope(
        everything=None if scope.everything is other.everything else scope.everything,
        offices=scope.offices - other.offices,
        public_offices=scope.public_offices - other.public_offices - other.offices,
        owners=scope.owners - other.owners,
        own=scope.own and not other.own,
    )
