"""Matches: what a mail keeps of a listing that answers an inquiry, and whether its reader may still know of it."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from services.contracts.access import AccessSnapshot, RecordFacts
from services.contracts.records_events import MatchFound

READ: Final = "listings.read"


def facts_of(event: MatchFound) -> Mapping[str, str]:
    """Return what the mail tells and what the question of rights needs; empty for what the listing does not say."""
    told = event.model_dump(mode="json", exclude={"match_id", "user_id", "is_private"})
    return {name: "" if value is None else str(value) for name, value in told.items()} | {
        "is_private": "yes" if event.is_private else ""
    }


def may_be_told(snapshot: AccessSnapshot, facts: Mapping[str, str]) -> bool:
    """Say whether a person may read the listing as far as grants reach.

    Record rights stand beside the record at records, which asked them when it found the match.
    """
    listing = RecordFacts(
        office_id=UUID(facts["office_id"]),
        assignee_id=UUID(facts["assignee_id"]),
        created_by=UUID(facts["created_by"]),
        is_private=facts["is_private"] == "yes",
        section="listings",
    )
    return snapshot.decide(READ, listing) is not None
