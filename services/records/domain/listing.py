"""A listing, the tiers of its fields, and what of it a caller may see."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.chassis.problems import Conflict, FieldError, Invalid
from services.contracts.access import AccessSnapshot, RecordFacts, RecordRight
from services.contracts.vocabulary import ListingId, OfficeId, UserId, View
from services.records.domain.kinds import EnergyClass, PropertySubType, PropertyType, StandardStatus, TransactionType

LIST: Final = "listings.list"
READ: Final = "listings.read"
CREATE: Final = "listings.create"


class NumberTaken(Conflict):
    code = "number_taken"
    title = "Another listing has this number."


class UnknownOffice(Invalid):
    code = "unknown_office"
    title = "There is no such office."


class UnknownAssignee(Invalid):
    code = "unknown_assignee"
    title = "There is nobody to whom a listing could be assigned so."


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A property on offer. Money in minor units of the currency, areas in square metres with two decimals."""

    id: ListingId
    number: str
    """What people call it by, unique in the agency."""
    office_id: OfficeId
    assignee_id: UserId
    created_by: UserId
    is_private: bool = False
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
    street_name: str | None = None
    street_number: str | None = None
    unit_number: str | None = None
    owner_name: str | None = None
    owner_phone: str | None = None
    owner_email: str | None = None
    private_note: str | None = None
    version: int = 1
    created_at: datetime
    updated_at: datetime
    rights: tuple[RecordRight, ...] = field(default=(), compare=False)
    """The record rights that count for whoever asked."""

    def facts(self) -> RecordFacts:
        """Return what the rule of access must know of the listing."""
        return RecordFacts(self.office_id, self.assignee_id, self.created_by, self.is_private, "listings", self.rights)


class Burial(StrEnum):
    """Why a listing was deleted."""

    DELETED = "deleted"
    OBJECTION = "objection"


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is left of a deleted listing besides its number."""

    cause: Burial
    ground: str | None
    by: UserId
    at: datetime


class Tier(StrEnum):
    """How far a field may travel."""

    PUBLIC = "public"
    BASIC = "basic"
    IDENTITY = "identity"
    PRIVATE_NOTE = "private_note"


TIERS: Final[Mapping[Tier, tuple[str, ...]]] = {
    Tier.PUBLIC: (
        *("id", "number", "office_id", "version", "created_at", "updated_at"),
        *("standard_status", "transaction_type", "property_type", "property_sub_type", "title", "description"),
        *("country", "region", "province", "municipality", "district", "postal_code"),
        *("list_price_minor", "currency", "living_area_m2", "plot_area_m2"),
        *("rooms", "bedrooms_total", "bathrooms_total", "floor", "year_built", "energy_class"),
    ),
    Tier.BASIC: ("assignee_id", "created_by", "is_private", "superoffer", "no_commission", "banner"),
    Tier.IDENTITY: ("street_name", "street_number", "unit_number", "owner_name", "owner_phone", "owner_email"),
    Tier.PRIVATE_NOTE: ("private_note",),
}
"""Every field of a listing, in exactly one tier."""

TIER_OF: Final[Mapping[str, Tier]] = {name: tier for tier, names in TIERS.items() for name in names}

OPENED_BY: Final[Mapping[Tier, str]] = {
    Tier.IDENTITY: "listings.identity.read",
    Tier.PRIVATE_NOTE: "listings.private_note.read",
}
"""Tiers with a permission of their own; the full view opens the others."""


def pointer(name: str) -> str:
    """Return where a field stands in the document that the API speaks (RFC 6901)."""
    match TIER_OF[name]:
        case Tier.PUBLIC:
            return f"/{name}"
        case Tier.PRIVATE_NOTE:
            return "/private_note/text"
        case tier:
            return f"/{tier}/{name}"


@dataclass(frozen=True, slots=True)
class Projection:
    """What one caller may see of a listing: whole tiers. A tier that is not there is hidden, not empty."""

    view: View
    tiers: Mapping[Tier, Mapping[str, object]]


def project(listing: Listing, snapshot: AccessSnapshot, key: str = READ) -> Projection | None:
    """Return what the caller may see by a key (`listings.read` opens, `listings.list` lists), or None for nothing.

    The public view shows public fields only, whatever other keys would open.
    """
    facts = listing.facts()
    view = snapshot.decide(key, facts)
    if view is None:
        return None
    tiers = [Tier.PUBLIC]
    if view is View.FULL:
        tiers += [Tier.BASIC]
        tiers += [tier for tier, opens in OPENED_BY.items() if snapshot.decide(opens, facts) is View.FULL]
    return Projection(view, {tier: {name: getattr(listing, name) for name in TIERS[tier]} for tier in tiers})


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingFilter:
    """Which listings a list shows; None asks for nothing.

    All but the assignee are public fields. A listing that is seen in the public view never matches an assignee:
    what is hidden cannot be asked for.
    """

    standard_status: StandardStatus | None = None
    transaction_type: TransactionType | None = None
    property_type: PropertyType | None = None
    municipality: str | None = None
    office_id: UUID | None = None
    assignee_id: UUID | None = None
    currency: str | None = None
    list_price_minor_min: int | None = None
    list_price_minor_max: int | None = None


def changed(listing: Listing, changes: Mapping[str, object], now: datetime) -> Listing:
    """Return the listing with these fields changed, one version on. Raises Invalid for fields that do not agree."""
    after = replace(listing, **changes, version=listing.version + 1, updated_at=now)
    check(after)
    return after


def check(listing: Listing) -> None:
    """Refuse fields that do not agree with each other. Raises Invalid."""
    if listing.list_price_minor is not None and listing.currency is None:
        raise Invalid(
            errors=[FieldError(pointer("currency"), "currency_missing", "A price needs the currency it is in.")]
        )
