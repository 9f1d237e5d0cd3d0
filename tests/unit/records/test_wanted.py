"""Whether a listing answers a search, against the plainest reading of it."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.records.domain.kinds import Feature, PropertyCondition, PropertyType, StandardStatus, TransactionType
from services.records.domain.wanted import Wanted, answers
from tests.unit.records.test_listing import LISTING

few = st.none() | st.integers(1, 4)
towns = st.none() | st.sampled_from(("Lucca", "Pisa"))
areas = st.none() | st.sampled_from((Decimal(50), Decimal("50.01"), Decimal(80)))
years = st.none() | st.sampled_from((1990, 1991, 2020))
features = st.sampled_from(((), (), (Feature.POOL,), (Feature.GARDEN, Feature.POOL)))
listings = st.builds(
    replace,
    st.just(LISTING),
    standard_status=st.sampled_from((StandardStatus.ACTIVE, StandardStatus.ACTIVE, StandardStatus.SOLD)),
    transaction_type=st.sampled_from((TransactionType.SALE, TransactionType.RENT)),
    property_type=st.sampled_from((PropertyType.LAND, PropertyType.RESIDENTIAL)),
    municipality=towns,
    rooms=few,
    bedrooms_total=few,
    year_built=years,
    living_area_m2=areas,
    plot_area_m2=areas,
    condition=st.none() | st.sampled_from((PropertyCondition.GOOD, PropertyCondition.NEW)),
    features=features,
    list_price_minor=few,
    currency=st.sampled_from(("EUR", "PLN")),
)
searches = st.builds(
    Wanted,
    transaction_type=st.sampled_from((TransactionType.SALE, TransactionType.RENT)),
    property_types=st.sampled_from(((), (PropertyType.LAND,), (PropertyType.LAND, PropertyType.RESIDENTIAL))),
    municipalities=st.sampled_from(((), ("Lucca",), ("Lucca", "Pisa"))),
    rooms_min=few,
    rooms_max=few,
    bedrooms_min=few,
    bedrooms_max=few,
    year_built_min=years,
    year_built_max=years,
    plot_area_min_m2=areas,
    plot_area_max_m2=areas,
    conditions=st.sampled_from(((), (PropertyCondition.GOOD,), (PropertyCondition.GOOD, PropertyCondition.NEW))),
    features=features,
    living_area_min_m2=areas,
    living_area_max_m2=areas,
    list_price_minor_min=few,
    list_price_minor_max=few,
    currency=st.sampled_from((None, "EUR")),
)


def fails(value: Any, least: Any, most: Any) -> bool:
    if least is not None and (value is None or value < least):
        return True
    return most is not None and (value is None or value > most)


@settings(max_examples=1000)
@given(listings, searches)
def test_a_listing_answers_when_nothing_that_is_wanted_fails(listing: Any, wanted: Any) -> None:
    failing = [
        listing.standard_status not in {"active", "coming_soon"},
        listing.transaction_type != wanted.transaction_type,
        bool(wanted.property_types) and listing.property_type not in wanted.property_types,
        bool(wanted.municipalities) and listing.municipality not in wanted.municipalities,
        fails(listing.rooms, wanted.rooms_min, wanted.rooms_max),
        fails(listing.bedrooms_total, wanted.bedrooms_min, wanted.bedrooms_max),
        fails(listing.year_built, wanted.year_built_min, wanted.year_built_max),
        fails(listing.plot_area_m2, wanted.plot_area_min_m2, wanted.plot_area_max_m2),
        bool(wanted.conditions) and listing.condition not in wanted.conditions,
        any(feature not in listing.features for feature in wanted.features),
        fails(listing.living_area_m2, wanted.living_area_min_m2, wanted.living_area_max_m2),
        fails(listing.list_price_minor, wanted.list_price_minor_min, wanted.list_price_minor_max),
        wanted.currency == "EUR" and listing.list_price_minor is not None and listing.currency != "EUR",
    ]
    assert answers(listing, wanted) is not any(failing)
