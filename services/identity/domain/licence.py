"""An agency and its seats (MG-1)."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from services.chassis.problems import Conflict
from services.contracts.identity_events import LicenceChanged, LicenceCreated, OfficeChanged
from services.contracts.vocabulary import OfficeId, Ownership, RegionId, TenantId, UserId

SEATS_INCLUDED: Final = 3


class LicenceCodeTaken(Conflict):
    code = "licence_code_taken"
    title = "Another agency has this licence code."


class SeatsExhausted(Conflict):
    code = "seats_exhausted"
    title = "All seats of the licence are taken."


@dataclass(frozen=True, slots=True)
class Licence:
    tenant_id: TenantId
    licence_code: str
    name: str
    timezone: str
    locale: str
    ownership: Ownership
    seats_bought: int
    version: int = 1

    @property
    def seats(self) -> int:
        """Return how many users may be active at once."""
        return SEATS_INCLUDED + self.seats_bought

    def created(self, administrator_id: UserId) -> LicenceCreated:
        """Return what the other services are told; this person is the first administrator."""
        return LicenceCreated(
            name=self.name,
            timezone=self.timezone,
            locale=self.locale,
            ownership=self.ownership,
            version=self.version,
            administrator_id=administrator_id,
        )

    def changed(self) -> LicenceChanged:
        """Return what the other services are told of a change."""
        return LicenceChanged(
            name=self.name,
            timezone=self.timezone,
            locale=self.locale,
            ownership=self.ownership,
            version=self.version,
            licence_code=self.licence_code,
            seats=self.seats,
        )


class SeatsTaken(Conflict):
    code = "seats_taken"
    title = "More people are active than there would be seats."


def keep_seats(licence: Licence, active_users: int) -> None:
    """Refuse fewer seats than are taken: nobody is put out by a purchase. Raises SeatsTaken."""
    if active_users > licence.seats:
        raise SeatsTaken(f"{active_users} people are active; suspend some of them first.")


def take_seat(licence: Licence, active_users: int) -> None:
    """Refuse one more active user than there are seats. Raises SeatsExhausted."""
    if active_users >= licence.seats:
        raise SeatsExhausted(f"The licence has {licence.seats} seats and all of them are taken.")


@dataclass(frozen=True, slots=True)
class Office:
    id: UUID
    name: str
    version: int
    region_id: RegionId | None = None

    def changed(self) -> OfficeChanged:
        """Return what the other services are told."""
        return OfficeChanged(
            office_id=OfficeId(self.id), version=self.version, name=self.name, region_id=self.region_id
        )


class OfficeNameTaken(Conflict):
    code = "office_name_taken"
    title = "Another office has this name."
