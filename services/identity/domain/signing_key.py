"""When a key signs, when the next one is due, and when an old one may go.

A new key is published before it signs, so that every service has it by then; an old key stays until the last
token that it signed has expired.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from services.identity.domain.session import ACCESS_LIFETIME

AHEAD: Final = timedelta(minutes=10)
"""Longer than services and gateways keep the published keys."""
SLACK: Final = timedelta(minutes=1)
"""For clocks that differ, and for a process that learns of a new key a little late."""


@dataclass(frozen=True, slots=True)
class KeyTerm:
    """A signing key's id and the instant from which it signs."""

    kid: str
    signs_from: datetime


def signer(keys: Sequence[KeyTerm], now: datetime) -> KeyTerm:
    """Return the key that signs now: the youngest whose time has come, else the first to come."""
    begun = [key for key in keys if key.signs_from <= now]
    return max(begun, key=_order) if begun else min(keys, key=_order)


def next_is_due(keys: Sequence[KeyTerm], now: datetime, term: timedelta) -> bool:
    """Say whether the next key must be made, so that the present one ends after its term."""
    return not keys or max(key.signs_from for key in keys) + term - AHEAD <= now


def outdated(keys: Sequence[KeyTerm], now: datetime) -> Sequence[KeyTerm]:
    """Return the keys of which no token can be alive: a younger one has long been signing."""
    ordered = sorted(keys, key=_order)
    return [key for key, younger in pairwise(ordered) if younger.signs_from + ACCESS_LIFETIME + SLACK <= now]


def _order(key: KeyTerm) -> tuple[datetime, str]:
    return key.signs_from, key.kid
