"""Which permissions it takes to write a listing's fields."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from services.contracts.access import AccessSnapshot, RecordFacts
from services.contracts.vocabulary import View
from services.records.domain.kinds import StandardStatus
from services.records.domain.listing import TIER_OF, TIERS, Listing, Tier

UPDATE: Final = "listings.update"
CREATE_PRIVATE: Final = "listings.private.create"
ARCHIVE: Final = "listings.archive.now"
RESTORE: Final = "listings.restore.now"
_NEVER: Final = frozenset({"id", "number", "created_by", "version", "created_at", "updated_at"})

CHANGED_BY: Final[Mapping[str, str]] = {
    **{name: UPDATE for tier in (Tier.PUBLIC, Tier.BASIC) for name in TIERS[tier] if name not in _NEVER},
    **dict.fromkeys(("assignee_id", "office_id"), "listings.assignee.update"),
    **{flag: f"listings.{flag}.update" for flag in ("superoffer", "no_commission", "banner")},
    **dict.fromkeys(TIERS[Tier.IDENTITY], "listings.identity.update"),
    "private_note": "listings.private_note.update",
}
"""Field to the permission that changes it; what is not here never changes."""

UNSCOPED: Final = frozenset({CREATE_PRIVATE})


def refused(listing: Listing, changes: Mapping[str, object], snapshot: AccessSnapshot) -> Sequence[tuple[str, str]]:
    """Return the fields that the caller may not change so, each with the permission that is missing.

    Decided on the listing as it is. Whether a field is named counts, not whether its value differs: who may not
    read a field must not learn by trying values.
    """
    facts = listing.facts()
    return [(name, key) for name, key in _needed(listing, changes) if not _permits(snapshot, key, name, facts)]


def refused_at_creation(listing: Listing, snapshot: AccessSnapshot) -> Sequence[tuple[str, str]]:
    """Return the fields with which the caller may not create a listing, each with the permission that is missing.

    `listings.create` brings along whatever describes the property and its owner. What has a permission of its own
    (a flag, the private note, another assignee, privacy, the archive) is decided as a change of the bare listing.
    """
    bare = replace(
        listing,
        assignee_id=listing.created_by,
        standard_status=StandardStatus.DRAFT,
        superoffer=False,
        no_commission=False,
        banner=False,
        private_note=None,
    )
    beyond = {name: value for name in CHANGED_BY if (value := getattr(listing, name)) != getattr(bare, name)}
    if listing.is_private:
        beyond["is_private"] = True
    return [(name, key) for name, key in refused(bare, beyond, snapshot) if key != UPDATE]


def _needed(listing: Listing, changes: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, value in changes.items():
        yield name, CHANGED_BY[name]
        if name == "is_private" and value is True:
            yield name, CREATE_PRIVATE
        if name == "standard_status":
            into, out_of = value is StandardStatus.ARCHIVED, listing.standard_status is StandardStatus.ARCHIVED
            if into != out_of:
                yield name, ARCHIVE if into else RESTORE


def _permits(snapshot: AccessSnapshot, key: str, name: str, facts: RecordFacts) -> bool:
    """Say whether the key may be used on the field; in the public view it reaches public fields only."""
    if key in UNSCOPED:
        return snapshot.holds(key)
    view = snapshot.decide(key, facts)
    return view is View.FULL or (view is View.PUBLIC and TIER_OF[name] is Tier.PUBLIC)
