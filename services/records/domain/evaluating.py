"""What somebody may do with a record, asked by the name of an action."""

from dataclasses import replace
from typing import Final

from services.contracts.access import IN_BOTH_FORMS, AccessSnapshot, RecordFacts, key_of
from services.contracts.vocabulary import View

_OF_NO_RECORD: Final = frozenset({"create", "private.create"})
"""What follows the section in keys that are held or not, whichever record is asked about."""


def evaluate(snapshot: AccessSnapshot, section: str, action: str, facts: RecordFacts) -> View | None:
    """Return the view in which somebody may do something with a record, or None."""
    # The catalogue is authz's. What is not held opens nothing under either name, unless it is a key under both.
    key = key_of(section, action, lambda key: key in IN_BOTH_FORMS or key in snapshot.scopes)
    if key.removeprefix(f"{section}.") in _OF_NO_RECORD:
        return View.FULL if snapshot.holds(key) else None
    return snapshot.decide(key, facts)


def readers_list(snapshot: AccessSnapshot, section: str) -> AccessSnapshot:
    """Return the snapshot of somebody whose list shows exactly what he may read."""
    reads = snapshot.scope(f"{section}.read")
    return replace(snapshot, scopes={**snapshot.scopes, f"{section}.list": reads})
