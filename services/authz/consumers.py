"""What authz does with identity's events. Each may come late, twice, or before what it builds on."""

from services.authz.adapters.catalogue_file import permission_catalogue
from services.authz.domain.person import Person
from services.authz.domain.starting_groups import starting_groups
from services.authz.operations import directory, regions
from services.chassis import ids
from services.chassis.consuming import Subscription
from services.chassis.database import Transaction
from services.contracts.envelope import Envelope
from services.contracts.identity_events import (
    AssignmentChanged,
    LicenceChanged,
    LicenceCreated,
    OfficeChanged,
    TeamChanged,
    UserChanged,
    UserCreated,
    UserEvent,
    UserStateChanged,
)


async def take_on_agency(tx: Transaction, event: LicenceCreated, envelope: Envelope) -> None:
    """Give a new agency its permission groups."""
    product = permission_catalogue()
    starting = {ids.uuid7(): group for group in starting_groups(product)}
    await directory.take_on(tx, event, starting, product, envelope.time)


async def keep_agency(tx: Transaction, event: LicenceChanged, envelope: Envelope) -> None:
    """Remember what an agency chose; whose own a record is decides everybody's rights."""
    await directory.keep_licence(tx, event, envelope.time)


async def keep_office(tx: Transaction, event: OfficeChanged, envelope: Envelope) -> None:
    """Remember an office, whose people's rights may change with its region. No event of the region itself matters."""
    await regions.keep_office(tx, event, envelope.time)


async def keep_team(tx: Transaction, event: TeamChanged, envelope: Envelope) -> None:
    """Remember a team, whose members' records others may reach, and whose record rights count for its members."""
    await regions.keep_team(tx, event, envelope.time)


async def keep_person(tx: Transaction, event: UserEvent, envelope: Envelope) -> None:
    """Remember a person, whose rights may change with state and offices."""
    await directory.keep_person(tx, Person.of(event.user), envelope.time)


SUBSCRIPTIONS = (
    Subscription(
        "authz.directory",
        {
            LicenceCreated: take_on_agency,
            LicenceChanged: keep_agency,
            OfficeChanged: keep_office,
            TeamChanged: keep_team,
            UserCreated: keep_person,
            UserChanged: keep_person,
            UserStateChanged: keep_person,
            AssignmentChanged: keep_person,
        },
    ),
)
