"""Matches: what a mail keeps of a listing that answers what a client looks for, and who may still know of it."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID, uuid5

from services.contracts.access import AccessSnapshot
from services.contracts.records_events import MatchFound

_MATCHES: Final = UUID("8d0e3c2b-5f64-4c0c-9d0a-3f1c0f0c7b1e")
"""Names matches, so that each is told once however often records finds it (RFC 9562, version 5)."""
_SIDES: Final[Mapping[str, str]] = {"inquiry": "inquiries.read", "criteria": "contacts.read"}


def name_of(event: MatchFound) -> UUID:
    """Return what stands for a match of this listing, this client and this reader."""
    return uuid5(_MATCHES, f"{event.user_id} {event.listing_id} {event.searcher} {event.searcher_id}")


def facts_of(event: MatchFound) -> Mapping[str, str]:
    """Return what the mail tells: the numbers by which the agency calls both sides, and no field of either."""
    return {name: str(value) for name, value in event.model_dump(mode="json", exclude={"user_id"}).items()}


def may_be_told(snapshot: AccessSnapshot, facts: Mapping[str, str]) -> bool:
    """Say whether a person still reads listings, and that kind of client, at all.

    Which of them, records knew when it found the match: it tells only whoever may open both sides.
    """
    return snapshot.holds("listings.read") and snapshot.holds(_SIDES[facts["searcher"]])
