"""What records keeps of identity's facts: which offices and people there are."""

from services.chassis.consuming import Subscription
from services.chassis.database import Transaction
from services.contracts.envelope import Envelope
from services.contracts.identity_events import (
    AssignmentChanged,
    OfficeChanged,
    UserChanged,
    UserCreated,
    UserEvent,
    UserStateChanged,
)
from services.records.store import directory


async def remember_office(tx: Transaction, event: OfficeChanged, _envelope: Envelope) -> None:
    """Keep an office, so that listings may lie in it."""
    await directory.save_office(tx, event.office_id, event.version)


async def remember_person(tx: Transaction, event: UserEvent, _envelope: Envelope) -> None:
    """Keep a person, so that listings may be assigned to him, and in which office his appointments lie."""
    office_id = next(iter(event.user.principal_offices), None)
    await directory.save_person(tx, event.user.user_id, event.user.version, event.user.state, office_id)


SUBSCRIPTIONS = (
    Subscription(
        "records.directory",
        {
            OfficeChanged: remember_office,
            UserCreated: remember_person,
            UserChanged: remember_person,
            UserStateChanged: remember_person,
            AssignmentChanged: remember_person,
        },
    ),
)
