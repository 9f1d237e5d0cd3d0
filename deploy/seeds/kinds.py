"""Which kinds of property the demo agencies offer, how often, how large, and at what part of the town's price level."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Family(StrEnum):
    """Which sentences describe a property."""

    HOME = "home"
    HOUSE = "house"
    COMMERCIAL = "commercial"
    LAND = "land"
    PARKING = "parking"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of offer: `share` is its weight, areas are least and most square metres.

    `price_factor` times the town's price per m² is the price of an m² if it were sold; land is priced by its plot.
    """

    transaction: str
    property_type: str
    sub_type: str
    family: Family
    share: int
    living_m2: tuple[int, int] | None
    plot_m2: tuple[int, int] | None
    price_factor: float

    @property
    def has_rooms(self) -> bool:
        """Say whether people count its rooms."""
        return self.family in {Family.HOME, Family.HOUSE}


_SALE, _RENT, _LEASE, _SEASONAL = "sale", "rent", "lease", "seasonal"
_HOME, _HOUSE, _COMMERCIAL = Family.HOME, Family.HOUSE, Family.COMMERCIAL

KINDS: Final = (
    Kind(_SALE, "residential", "apartment", _HOME, 26, (42, 135), None, 1.0),
    Kind(_SALE, "residential", "studio", _HOME, 4, (24, 40), None, 1.15),
    Kind(_SALE, "residential", "penthouse", _HOME, 3, (75, 180), None, 1.3),
    Kind(_SALE, "residential", "loft", _HOME, 2, (60, 150), None, 1.1),
    Kind(_SALE, "residential", "house", _HOUSE, 3, (90, 180), (100, 500), 0.9),
    Kind(_SALE, "residential", "detached", _HOUSE, 7, (110, 240), (350, 1_500), 1.0),
    Kind(_SALE, "residential", "semi_detached", _HOUSE, 5, (95, 160), (150, 500), 0.95),
    Kind(_SALE, "residential", "terraced", _HOUSE, 6, (85, 150), (60, 250), 0.92),
    Kind(_SALE, "residential", "villa", _HOUSE, 4, (190, 420), (900, 4_000), 1.35),
    Kind(_RENT, "residential", "apartment", _HOME, 14, (42, 120), None, 1.0),
    Kind(_RENT, "residential", "studio", _HOME, 3, (24, 40), None, 1.2),
    Kind(_RENT, "residential", "room", _HOME, 2, (11, 20), None, 1.5),
    Kind(_RENT, "residential", "terraced", _HOUSE, 2, (85, 150), (60, 250), 0.9),
    Kind(_SEASONAL, "residential", "apartment", _HOME, 4, (40, 90), None, 1.0),
    Kind(_SEASONAL, "residential", "villa", _HOUSE, 1, (150, 320), (600, 2_500), 1.1),
    Kind("auction", "residential", "apartment", _HOME, 2, (50, 110), None, 0.65),
    Kind("auction", "commercial_sale", "warehouse", _COMMERCIAL, 1, (200, 900), None, 0.22),
    Kind("exchange", "residential", "detached", _HOUSE, 1, (120, 220), (400, 1_200), 0.95),
    Kind(_SALE, "land", "plot_building", Family.LAND, 4, None, (450, 1_800), 0.07),
    Kind(_SALE, "land", "plot_agricultural", Family.LAND, 2, None, (4_000, 40_000), 0.002),
    Kind(_SALE, "commercial_sale", "office", _COMMERCIAL, 2, (50, 250), None, 0.85),
    Kind(_SALE, "commercial_sale", "retail", _COMMERCIAL, 2, (40, 180), None, 1.05),
    Kind(_SALE, "commercial_sale", "hotel", _COMMERCIAL, 1, (500, 1_600), (800, 3_000), 0.85),
    Kind(_LEASE, "commercial_lease", "office", _COMMERCIAL, 4, (40, 220), None, 0.95),
    Kind(_LEASE, "commercial_lease", "retail", _COMMERCIAL, 4, (35, 160), None, 1.2),
    Kind(_LEASE, "commercial_lease", "warehouse", _COMMERCIAL, 2, (150, 900), None, 0.35),
    Kind(_LEASE, "commercial_lease", "industrial", _COMMERCIAL, 1, (400, 2_000), (800, 4_000), 0.3),
    Kind(_SALE, "business", "other", _COMMERCIAL, 2, (50, 200), None, 0.5),
    Kind(_SALE, "farm", "rural", _HOUSE, 2, (160, 380), (10_000, 80_000), 0.9),
    Kind(_SALE, "income", "building", _COMMERCIAL, 2, (320, 900), (200, 900), 0.75),
    Kind(_SALE, "parking", "garage", Family.PARKING, 3, (13, 28), None, 0.5),
    Kind(_SALE, "parking", "storage", Family.PARKING, 1, (4, 12), None, 0.4),
    Kind(_RENT, "parking", "parking", Family.PARKING, 2, (11, 14), None, 0.6),
)
