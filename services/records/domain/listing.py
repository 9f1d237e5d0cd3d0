"""A property on offer, and the tiers of its fields."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Final
from uuid import UUID

from services.chassis.problems import FieldError, Invalid
from services.contracts.vocabulary import ListingId, UserId
from services.records.domain.kinds import EnergyClass, PropertySubType, PropertyType, StandardStatus, TransactionType
from services.records.domain.record import EVER, Filter, Record, Section, Tier, archive_of

LISTINGS: Final = Section(
    name="listings",
    tiers={
        Tier.PUBLIC: (
            *("id", "number", "office_id", "version", "created_at", "updated_at"),
            *("standard_status", "transaction_type", "property_type", "property_sub_type", "title", "description"),
            *("country", "region", "province", "municipality", "district", "postal_code"),
            *("list_price_minor", "currency", "living_area_m2", "plot_area_m2"),
            *("rooms", "bedrooms_total", "bathrooms_total", "floor", "year_built", "energy_class"),
        ),
        Tier.BASIC: (
            *("assignee_id", "created_by", "is_private"),
            *("superoffer", "no_commission", "banner", "investment", "key_holder_id"),
        ),
        Tier.IDENTITY: ("street_name", "street_number", "unit_number", "owner_name", "owner_phone", "owner_email"),
        Tier.PRIVATE_NOTE: ("private_note",),
    },
    actions={
        **dict.fromkeys(("assignee_id", "office_id"), "assignee.update"),
        **{flag: f"{flag}.update" for flag in ("superoffer", "no_commission", "banner", "investment")},
        "key_holder_id": "key_holder.update",
    },
    bare={
        "standard_status": StandardStatus.DRAFT,
        "superoffer": False,
        "no_commission": False,
        "banner": False,
        "investment": False,
        "key_holder_id": None,
        "private_note": None,
    },
    searched=("number", "title", "description", "region", "province", "municipality", "district", "postal_code"),
    archived=StandardStatus.ARCHIVED,
    restored=StandardStatus.DRAFT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Record):
    """A property on offer. Money in minor units of the currency, areas in square metres with two decimals."""

    section: ClassVar[Section] = LISTINGS

    id: ListingId
    standard_status: StandardStatus = StandardStatus.DRAFT
    transaction_type: TransactionType
    property_type: PropertyType
    property_sub_type: PropertySubType | None = None
    title: str | None = None
    description: str | None = None
    country: str | None = None
    region: str | None = None
    province: str | None = None
    municipality: str | None = None
    district: str | None = None
    postal_code: str | None = None
    list_price_minor: int | None = None
    currency: str | None = None
    living_area_m2: Decimal | None = None
    plot_area_m2: Decimal | None = None
    rooms: int | None = None
    bedrooms_total: int | None = None
    bathrooms_total: int | None = None
    floor: int | None = None
    year_built: int | None = None
    energy_class: EnergyClass | None = None
    superoffer: bool = False
    no_commission: bool = False
    banner: bool = False
    investment: bool = False
    """Part of a development project."""
    key_holder_id: UserId | None = None
    """The colleague who keeps the keys."""
    street_name: str | None = None
    street_number: str | None = None
    unit_number: str | None = None
    owner_name: str | None = None
    owner_phone: str | None = None
    owner_email: str | None = None
    private_note: str | None = None

    def check(self) -> None:
        """Refuse fields that do not agree with each other. Raises Invalid."""
        if self.list_price_minor is not None and self.currency is None:
            raise Invalid(errors=[FieldError("/currency", "currency_missing", "A price needs the currency it is in.")])


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingFilter(Filter):
    """Which listings a list shows. Both ends of a range are included; what has no value is in none.

    The assignee and the flags are no public fields: a listing that is seen in the public view never matches one.
    """

    standard_status: Sequence[StandardStatus] | None = None
    """Any of them."""
    transaction_type: TransactionType | None = None
    property_type: PropertyType | None = None
    municipality: str | None = None
    currency: str | None = None
    list_price_minor_min: int | None = None
    list_price_minor_max: int | None = None
    property_sub_type: PropertySubType | None = None
    district: str | None = None
    living_area_min_m2: Decimal | None = None
    living_area_max_m2: Decimal | None = None
    plot_area_min_m2: Decimal | None = None
    plot_area_max_m2: Decimal | None = None
    rooms_min: int | None = None
    rooms_max: int | None = None
    bedrooms_min: int | None = None
    bedrooms_max: int | None = None
    floor_min: int | None = None
    floor_max: int | None = None
    year_built_min: int | None = None
    year_built_max: int | None = None
    created_since: datetime = EVER
    updated_since: datetime = EVER
    is_private: bool | None = None
    superoffer: bool | None = None
    no_commission: bool | None = None
    banner: bool | None = None
    investment: bool | None = None
    answers_inquiry: UUID | None = None
    """Those on offer that an inquiry searches for, which the caller must be allowed to read."""
    answers_criteria: UUID | None = None

    @property
    def archive(self) -> Sequence[bool]:
        """Say where it looks: outside the archive (False), in it (True), or both."""
        return archive_of(self.standard_status)
