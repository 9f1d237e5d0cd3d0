"""Closed sets by which records are sorted and told apart; the terms are those of the RESO Data Dictionary 2.0."""

from enum import StrEnum


class StandardStatus(StrEnum):
    DRAFT = "draft"
    COMING_SOON = "coming_soon"
    ACTIVE = "active"
    UNDER_OFFER = "under_offer"
    RESERVED = "reserved"
    SOLD = "sold"
    RENTED = "rented"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    ARCHIVED = "archived"


class TransactionType(StrEnum):
    SALE = "sale"
    RENT = "rent"
    LEASE = "lease"
    AUCTION = "auction"
    EXCHANGE = "exchange"
    SEASONAL = "seasonal"


class PropertyType(StrEnum):
    RESIDENTIAL = "residential"
    LAND = "land"
    COMMERCIAL_SALE = "commercial_sale"
    COMMERCIAL_LEASE = "commercial_lease"
    BUSINESS = "business"
    FARM = "farm"
    INCOME = "income"
    PARKING = "parking"


class PropertySubType(StrEnum):
    APARTMENT = "apartment"
    HOUSE = "house"
    DETACHED = "detached"
    SEMI_DETACHED = "semi_detached"
    TERRACED = "terraced"
    VILLA = "villa"
    PENTHOUSE = "penthouse"
    LOFT = "loft"
    STUDIO = "studio"
    ROOM = "room"
    RURAL = "rural"
    OFFICE = "office"
    RETAIL = "retail"
    WAREHOUSE = "warehouse"
    INDUSTRIAL = "industrial"
    HOTEL = "hotel"
    PLOT_BUILDING = "plot_building"
    PLOT_AGRICULTURAL = "plot_agricultural"
    GARAGE = "garage"
    PARKING = "parking"
    STORAGE = "storage"
    BUILDING = "building"
    OTHER = "other"


class EnergyClass(StrEnum):
    """Classes of the national energy certificates, Italian `A4` to `A1` and others' `A+++` to `H`."""

    A4 = "A4"
    A3 = "A3"
    A2 = "A2"
    A1 = "A1"
    A_PLUS_3 = "A+++"
    A_PLUS_2 = "A++"
    A_PLUS = "A+"
    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"
    G = "G"
    H = "H"


class PropertyCondition(StrEnum):
    NEW = "new"
    TO_BE_BUILT = "to_be_built"
    UNDER_CONSTRUCTION = "under_construction"
    RENOVATED = "renovated"
    GOOD = "good"
    TO_RENOVATE = "to_renovate"
    SHELL = "shell"
    DEMOLITION = "demolition"


class OccupantType(StrEnum):
    """Who lives in a property."""

    OWNER = "owner"
    TENANT = "tenant"
    VACANT = "vacant"


class ListingAgreement(StrEnum):
    """What the owner has agreed with the agency."""

    EXCLUSIVE_RIGHT_TO_SELL = "exclusive_right_to_sell"
    EXCLUSIVE_AGENCY = "exclusive_agency"
    OPEN = "open"
    VERBAL = "verbal"


class Heating(StrEnum):
    CENTRAL = "central"
    INDEPENDENT = "independent"
    DISTRICT = "district"
    HEAT_PUMP = "heat_pump"
    ELECTRIC = "electric"
    STOVE = "stove"
    NONE = "none"


class Feature(StrEnum):
    """What a property has."""

    ELEVATOR = "elevator"
    BALCONY = "balcony"
    TERRACE = "terrace"
    GARAGE = "garage"
    GARDEN = "garden"
    CELLAR = "cellar"
    ATTIC = "attic"
    FURNISHED = "furnished"
    FITTED_KITCHEN = "fitted_kitchen"
    AIR_CONDITIONING = "air_conditioning"
    FIREPLACE = "fireplace"
    POOL = "pool"
    ALARM = "alarm"
    WHEELCHAIR_ACCESSIBLE = "wheelchair_accessible"
    SEA_VIEW = "sea_view"


class InquiryStatus(StrEnum):
    """Where a search stands; only what is active is matched with listings."""

    ACTIVE = "active"
    PAUSED = "paused"
    FULFILLED = "fulfilled"
    LOST = "lost"
    ARCHIVED = "archived"


class Financing(StrEnum):
    CASH = "cash"
    MORTGAGE_APPROVED = "mortgage_approved"
    MORTGAGE_NEEDED = "mortgage_needed"
    SALE_FIRST = "sale_first"


class Urgency(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class LegalForm(StrEnum):
    PERSON = "person"
    COMPANY = "company"


class ContactRole(StrEnum):
    OWNER = "owner"
    BUYER = "buyer"
    SELLER = "seller"
    TENANT = "tenant"
    LANDLORD = "landlord"
    NOTARY = "notary"
    ARCHITECT = "architect"
    AGENT = "agent"
    PRESS = "press"
    OTHER = "other"


class ProcessingBasis(StrEnum):
    """Why the data of a person may be kept (GDPR article 6)."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    LEGITIMATE_INTEREST = "legitimate_interest"
