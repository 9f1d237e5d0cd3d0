"""Which records somebody would gain by a change of his rights; what he would lose is what the way back would gain.

Memberships in teams and offices stay, so whatever record rights say, they say before and after.
"""

from dataclasses import replace

from services.contracts.access import AccessSnapshot, RecordFacts, Scope
from services.contracts.vocabulary import View
from services.records.domain.record import Section


def deciding_keys(section: Section, action: str) -> tuple[str, str]:
    """Return the keys whose reach decides which records an action reaches."""
    return section.key(action), section.key("private.read")


def is_gained(before: AccessSnapshot, after: AccessSnapshot, key: str, facts: RecordFacts) -> bool:
    """Say whether a record is reached by a key after the change, and was not before."""
    return after.decide(key, facts) is not None and before.decide(key, facts) is None


def where_gained(before: AccessSnapshot, after: AccessSnapshot, section: Section, action: str) -> AccessSnapshot | None:
    """Return a snapshot whose list holds everything that may be gained, and little else; None for nothing.

    A record is gained through a reach that is new, or, being private, because what opens private ones is new. So what
    both reach need not be walked, however much it is.
    """
    key, private = deciding_keys(section, action)
    wider = _beyond(after.scope(key), before.scope(key))
    opened = _beyond(after.scope(private), before.scope(private))
    walked = Scope(
        everything=View.FULL if opened.unlimited else wider.everything,
        offices=wider.offices | opened.offices,
        public_offices=wider.public_offices,
        owners=wider.owners | opened.owners,
        own=wider.own,
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
