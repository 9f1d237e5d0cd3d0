"""The listings of the demo agencies: the same ones each time, and such as could be real."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from deploy.seeds.agencies import Agency, Office, Person, Stock, Town, towns
from deploy.seeds.kinds import KINDS, Family, Kind
from deploy.seeds.wording import Wording

_STATUSES: Final[Mapping[str, int]] = {
    "active": 60,
    "draft": 6,
    "coming_soon": 5,
    "under_offer": 7,
    "reserved": 5,
    "sold": 8,
    "withdrawn": 4,
    "expired": 3,
    "archived": 6,
}
# A month's rent, a week's in season, as parts of the price for which the property would be sold.
_RENTS: Final[Mapping[str, Mapping[str, float]]] = {
    "IT": {"rent": 0.0044, "lease": 0.005, "seasonal": 0.0036},
    "PL": {"rent": 0.0046, "lease": 0.0055, "seasonal": 0.0034},
    "DE": {"rent": 0.0032, "lease": 0.0042, "seasonal": 0.0026},
}
_ENERGY_CLASSES: Final[Mapping[str, Sequence[str]]] = {
    "IT": ("A4", "A3", "A2", "A1", "B", "C", "D", "E", "F", "G"),
    "PL": (),
    "DE": ("A+", "A", "B", "C", "D", "E", "F", "G", "H"),
}
_OLDEST, _MANY, _WELL_INSULATED, _NEWEST = 1890, 1975, 2005, 2024
"""Years of building: the ends, the middle of the boom, and from when on houses are in the better energy classes."""
_WHERE_THE_OFFICE_IS = 5
"""How much likelier the office's own town is than another that it serves."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A listing: who takes it on where for whom, and its fields by their names in the API."""

    number: str
    office: str
    by: str
    assignee: str
    kind: Kind
    town: Town
    fields: Mapping[str, object]
    flags: Mapping[str, bool]
    identity: Mapping[str, str]
    note: str | None

    @property
    def idempotency_key(self) -> str:
        """Return a key that is the same for the same content."""
        content = json.dumps([self.by, self.assignee, self.fields, self.flags, self.identity, self.note])
        return f"demo-{self.number}-{hashlib.sha256(content.encode()).hexdigest()[:16]}"

    def document(self, office_id: str, assignee_id: str) -> dict[str, object]:
        """Return what is sent to take it on."""
        note = {} if self.note is None else {"private_note": {"text": self.note}}
        basic = {"assignee_id": assignee_id, **self.flags}
        return {**self.fields, "office_id": office_id, "basic": basic, "identity": dict(self.identity), **note}


def offers(agency: Agency) -> Sequence[Offer]:
    """Return an agency's listings, each number once; two calls return equal ones."""
    return list(_Maker(agency).offers())


class _Maker:
    """Makes one agency's listings from one source of chance."""

    def __init__(self, agency: Agency) -> None:
        self._agency = agency
        self._towns = towns(agency.country)
        self._chance = Random(agency.licence_code)  # noqa: S311  (made up, and the same each time)
        self._wording = Wording(agency.locale, self._chance)

    def offers(self) -> Iterator[Offer]:
        """Yield the agency's stock. Every kind and every status is dealt once before chance decides."""
        total = sum(row.count for row in self._agency.stock)
        kinds, statuses = iter(self._dealt_kinds(total)), self._dealt_statuses(total)
        given = dict.fromkeys((office.key for office in self._agency.offices), 0)
        for row in self._agency.stock:
            for _ in range(row.count):
                given[row.office] += 1
                yield self._offer(row, given[row.office], next(kinds), statuses)

    def _dealt_kinds(self, count: int) -> Sequence[Kind]:
        rest = self._chance.choices(KINDS, [kind.share for kind in KINDS], k=count - len(KINDS))
        return self._chance.sample([*KINDS, *rest], count)

    def _dealt_statuses(self, count: int) -> list[str]:
        names = list(_STATUSES)
        rest = self._chance.choices(names, list(_STATUSES.values()), k=count - len(names))
        return self._chance.sample([*names, *rest], count)

    def _offer(self, row: Stock, serial: int, kind: Kind, statuses: list[str]) -> Offer:
        office, creator = self._agency.office(row.office), self._agency.person(row.by)
        town = self._town(office, kind)
        district = self._chance.choice(list(town.districts)) if town.districts else None
        number = f"{office.prefix}-{serial:04}"
        owner = self._wording.owner()
        return Offer(
            number=number,
            office=row.office,
            by=row.by,
            assignee=row.assignee,
            kind=kind,
            town=town,
            fields={
                "number": number,
                "standard_status": _status(kind, creator, statuses),
                **self._place(town, district),
                **self._property(kind, town, district),
            },
            flags=self._flags(creator),
            identity={
                "street_name": self._wording.street(),
                "street_number": str(self._chance.randint(1, 140)),
                "owner_name": owner.name,
                "owner_phone": owner.phone,
                "owner_email": owner.email,
            },
            note=self._wording.note() if "note" in creator.powers and self._is_one_in(3) else None,
        )

    def _town(self, office: Office, kind: Kind) -> Town:
        served = [self._towns[name] for name in office.towns]
        if kind.transaction == "seasonal":
            served = [town for town in served if town.seaside] or served
        weights = [_WHERE_THE_OFFICE_IS if town.name == office.towns[0] else 1 for town in served]
        return self._chance.choices(served, weights)[0]

    def _place(self, town: Town, district: str | None) -> dict[str, object]:
        return {
            "country": self._agency.country,
            "region": town.region,
            "province": town.province,
            "municipality": town.name,
            "postal_code": town.districts[district] if district else town.postal_code,
            **({"district": district} if district else {}),
        }

    def _property(self, kind: Kind, town: Town, district: str | None) -> dict[str, object]:
        living = self._chance.randint(*kind.living_m2) if kind.living_m2 else None
        plot = self._chance.randrange(kind.plot_m2[0], kind.plot_m2[1], 10) if kind.plot_m2 else None
        rooms = max(1, round((living or 0) / 28)) if kind.has_rooms else 0
        sizes = {"living_area_m2": living, "plot_area_m2": plot}
        return {
            "transaction_type": kind.transaction,
            "property_type": kind.property_type,
            "property_sub_type": kind.sub_type,
            "title": self._wording.title(kind, rooms, town, district),
            "description": self._wording.description(kind),
            "list_price_minor": self._price_minor(kind, town, living or plot or 0),
            "currency": self._agency.currency,
            **{name: size for name, size in sizes.items() if size is not None},
            **(self._rooms(rooms) if kind.has_rooms else {}),
            **({"floor": self._chance.randint(0, 6)} if kind.family is Family.HOME else {}),
            **self._building(kind),
        }

    def _rooms(self, rooms: int) -> dict[str, object]:
        return {"rooms": rooms, "bedrooms_total": max(1, rooms - 1), "bathrooms_total": 1 + rooms // 4}

    def _building(self, kind: Kind) -> dict[str, object]:
        if kind.family in {Family.LAND, Family.PARKING}:
            return {}
        year = round(self._chance.triangular(_OLDEST, _NEWEST, _MANY))
        classes = _ENERGY_CLASSES[self._agency.country]
        middle = len(classes) // 2
        likely = classes[:middle] if year >= _WELL_INSULATED else classes[middle:]
        return {"year_built": year, **({"energy_class": self._chance.choice(likely)} if likely else {})}

    def _price_minor(self, kind: Kind, town: Town, area_m2: int) -> int:
        """Return a price in minor units, rounded as people round prices."""
        worth = town.price_m2 * kind.price_factor * area_m2 * self._chance.uniform(0.85, 1.18)
        part = _RENTS[self._agency.country].get(kind.transaction)
        price, step = (worth * part, 5) if part else (worth, 500)
        return max(step, round(price / step) * step) * 100

    def _flags(self, creator: Person) -> dict[str, bool]:
        flags = {"is_private": "private" in creator.powers and self._is_one_in(8)}
        if "promote" in creator.powers:
            flags |= {name: self._is_one_in(4) for name in ("superoffer", "no_commission", "banner")}
        return {name: True for name, is_set in flags.items() if is_set}

    def _is_one_in(self, count: int) -> bool:
        return self._chance.randrange(count) == 0


def _status(kind: Kind, creator: Person, statuses: list[str]) -> str:
    """Take the next status that the creator may give; what is let is rented, not sold."""
    may_archive = "archive" in creator.powers
    at = next((at for at, status in enumerate(statuses) if may_archive or status != "archived"), None)
    status = "active" if at is None else statuses.pop(at)
    return "rented" if status == "sold" and kind.transaction in {"rent", "lease", "seasonal"} else status
