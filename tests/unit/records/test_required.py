"""Required fields: against the plainest reading of the rule, for any record, change and choice of fields."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.vocabulary import ListingId, OfficeId, UserId
from services.records.domain.inquiry import Inquiry
from services.records.domain.kinds import PropertyType, StandardStatus, TransactionType
from services.records.domain.listing import Listing
from services.records.domain.required import RequiredFieldMissing, Stage, check, choosable, may_matter, stages_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)
BARE = Listing(
    id=ListingId(UUID(int=1)),
    number="1",
    office_id=OfficeId(UUID(int=2)),
    assignee_id=UserId(UUID(int=3)),
    created_by=UserId(UUID(int=3)),
    transaction_type=TransactionType.SALE,
    property_type=PropertyType.LAND,
    created_at=NOW,
    updated_at=NOW,
)
NAMES = ("title", "rooms", "owner_name")
OFFERED = {"coming_soon", "active", "under_offer", "reserved"}


def _listing(title: str | None, rooms: int | None, owner: str | None, status: StandardStatus) -> Listing:
    return replace(BARE, title=title, rooms=rooms, owner_name=owner, standard_status=status)


listings = st.builds(
    _listing,
    st.sampled_from((None, "Villa")),
    st.sampled_from((None, 0, 3)),
    st.sampled_from((None, "Neri")),
    st.sampled_from(StandardStatus),
)
rules = st.fixed_dictionaries({}, optional={stage: st.frozensets(st.sampled_from(NAMES)) for stage in Stage})


def _wanted(stage: Stage, status: StandardStatus) -> bool:
    return stage is Stage.CREATE or (
        status in OFFERED if stage is Stage.PUBLICATION else status is StandardStatus.ARCHIVED
    )


@given(before=st.none() | listings, after=listings, chosen=rules)
def test_a_stage_is_reached_with_its_fields_and_none_of_them_is_lost(
    before: Listing | None, after: Listing, chosen: dict[Stage, frozenset[str]]
) -> None:
    expected = set[str]()
    for stage, names in chosen.items():
        for name in names:
            empty_now = getattr(after, name) is None
            here = _wanted(stage, after.standard_status)
            arrived = here and (before is None or not _wanted(stage, before.standard_status))
            emptied = before is not None and getattr(before, name) is not None and empty_now
            if empty_now and (arrived or (emptied and here)):
                expected.add(name)
    found = set[str]()
    try:
        check(chosen, before, after)
    except RequiredFieldMissing as refused:
        found = {error.pointer.rpartition("/")[2] for error in refused.errors}
    assert found == expected
    assert may_matter(before, after) or not expected


@pytest.mark.catalogue("IMO-77")
def test_what_can_never_be_empty_and_the_private_note_are_nobodys_to_require() -> None:
    assert {"title", "list_price_minor", "owner_name", "energy_class"} <= choosable(Listing)
    assert not {"number", "office_id", "is_private", "private_note", "banner", "standard_status"} & choosable(Listing)
    assert {"property_types", "client_name"} <= choosable(Inquiry)
    assert stages_of(Listing) == (Stage.CREATE, Stage.PUBLICATION, Stage.ARCHIVE)
    assert stages_of(Inquiry) == (Stage.CREATE, Stage.ARCHIVE)
