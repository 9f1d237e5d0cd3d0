"""What of a listing a caller may see: tiers, views, and nothing in between."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.problems import Invalid
from services.contracts.access import AccessSnapshot, Scope
from services.contracts.vocabulary import ListingId, OfficeId, Ownership, TenantId, UserId, View
from services.records.domain.kinds import PropertyType, TransactionType
from services.records.domain.listing import LISTINGS, Listing
from services.records.domain.projection import project
from services.records.domain.record import Tier, changed

OFFICES = tuple(OfficeId(UUID(int=0x100 + at)) for at in range(2))
PEOPLE = tuple(UserId(UUID(int=0x200 + at)) for at in range(2))
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
LISTING = Listing(
    id=ListingId(UUID(int=1)),
    number="1",
    office_id=OFFICES[0],
    assignee_id=PEOPLE[0],
    created_by=PEOPLE[1],
    transaction_type=TransactionType.SALE,
    property_type=PropertyType.RESIDENTIAL,
    created_at=BEGAN,
    updated_at=BEGAN,
)
KEYS = (
    "listings.list",
    "listings.read",
    "listings.private.read",
    "listings.identity.read",
    "listings.private_note.read",
)

scopes = st.builds(
    Scope,
    everything=st.sampled_from((None, View.PUBLIC, View.FULL)),
    offices=st.frozensets(st.sampled_from(OFFICES)),
    public_offices=st.frozensets(st.sampled_from(OFFICES)),
    own=st.booleans(),
)
snapshots = st.builds(
    AccessSnapshot,
    st.just(TenantId(UUID(int=9))),
    st.sampled_from(PEOPLE),
    st.just(1),
    st.sampled_from(Ownership),
    st.dictionaries(st.sampled_from(KEYS), scopes),
)
listings = st.builds(
    replace,
    st.just(LISTING),
    office_id=st.sampled_from(OFFICES),
    assignee_id=st.sampled_from(PEOPLE),
    created_by=st.sampled_from(PEOPLE),
    is_private=st.booleans(),
)


def test_every_field_is_in_exactly_one_tier() -> None:
    placed = [name for names in LISTINGS.tiers.values() for name in names]
    assert sorted(placed) == sorted(field.name for field in fields(Listing) if field.compare)


def test_a_field_is_pointed_to_where_the_document_has_it() -> None:
    assert [LISTINGS.pointer(name) for name in ("title", "is_private", "owner_name", "private_note")] == [
        "/title",
        "/basic/is_private",
        "/identity/owner_name",
        "/private_note/text",
    ]


@given(listing=listings, snapshot=snapshots, action=st.sampled_from(("list", "read")))
def test_a_projection_holds_the_tiers_that_are_open_and_no_others(
    listing: Listing, snapshot: AccessSnapshot, action: str
) -> None:
    view, facts = snapshot.decide(f"listings.{action}", listing.facts()), listing.facts()
    projection = project(listing, snapshot, action)
    if view is None:
        assert projection is None
        return
    assert projection is not None
    opened = {Tier.PUBLIC}
    if view is View.FULL:
        opened |= {Tier.BASIC}
        if snapshot.decide("listings.identity.read", facts) is View.FULL:
            opened |= {Tier.IDENTITY}
        if snapshot.decide("listings.private_note.read", facts) is View.FULL:
            opened |= {Tier.PRIVATE_NOTE}
    assert projection.view is view
    assert projection.tiers.keys() == opened
    shown = {name: value for names in projection.tiers.values() for name, value in names.items()}
    assert shown == {name: getattr(listing, name) for name, tier in LISTINGS.tier_of.items() if tier in opened}


@given(listing=listings, snapshot=snapshots, more=scopes, key=st.sampled_from(KEYS))
def test_a_wider_reach_never_shows_less(listing: Listing, snapshot: AccessSnapshot, more: Scope, key: str) -> None:
    had = snapshot.scope(key)
    wider = Scope(
        everything=View.FULL if View.FULL in (had.everything, more.everything) else had.everything or more.everything,
        offices=had.offices | more.offices,
        public_offices=had.public_offices | more.public_offices,
        own=had.own or more.own,
    )
    before = project(listing, snapshot)
    after = project(listing, replace(snapshot, scopes={**snapshot.scopes, key: wider}))
    assert before is None or (after is not None and before.tiers.items() <= after.tiers.items())


def test_a_change_is_one_version_on_and_leaves_the_rest() -> None:
    later = BEGAN + timedelta(hours=1)
    after = changed(LISTING, {"title": "New"}, later)
    assert after == replace(LISTING, title="New", version=2, updated_at=later)


def test_a_price_without_its_currency_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        changed(LISTING, {"list_price_minor": 1}, BEGAN)
    assert [(error.pointer, error.code) for error in refused.value.errors] == [("/currency", "currency_missing")]
