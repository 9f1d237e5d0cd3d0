"""The durable queues and what each is bound to.

The map stands in the contracts because the publishing side declares the queues too: an event that somebody
subscribes to is never published into the void, whichever service starts first.
"""

from collections.abc import Mapping
from itertools import chain
from typing import Final

from services.contracts.envelope import Event
from services.contracts.identity_events import (
    ActivationRequested,
    AgentCardChanged,
    AssignmentChanged,
    DeviceAdded,
    LicenceChanged,
    LicenceCreated,
    OfficeChanged,
    PasswordChanged,
    PasswordResetRequested,
    SecondFactorChanged,
    SubAccountGranted,
    SubAccountRevoked,
    TeamChanged,
    TechnicianExpiring,
    UserChanged,
    UserCreated,
    UserStateChanged,
)
from services.contracts.records_events import (
    AppointmentCancelled,
    AppointmentChanged,
    AppointmentScheduled,
    MatchFound,
)

EXCHANGE: Final = "keyholder.events"

QUEUES: Final[Mapping[str, tuple[type[Event], ...]]] = {
    "authz.directory": (
        LicenceCreated,
        LicenceChanged,
        OfficeChanged,
        TeamChanged,
        UserCreated,
        UserChanged,
        UserStateChanged,
        AssignmentChanged,
    ),
    "records.directory": (
        OfficeChanged,
        UserCreated,
        UserChanged,
        UserStateChanged,
        AssignmentChanged,
    ),
    "notifications.invitations": (UserCreated, ActivationRequested),
    "notifications.security": (
        PasswordResetRequested,
        PasswordChanged,
        SecondFactorChanged,
        DeviceAdded,
        TechnicianExpiring,
    ),
    "notifications.appointments": (AppointmentScheduled, AppointmentChanged, AppointmentCancelled),
    "notifications.matches": (MatchFound,),
    "notifications.directory": (
        LicenceCreated,
        LicenceChanged,
        UserCreated,
        UserChanged,
        UserStateChanged,
        AssignmentChanged,
        AgentCardChanged,
        SubAccountGranted,
        SubAccountRevoked,
    ),
}
"""Queue name, `<service>.<consumer>`, to the events that it collects."""

ROUTED: Final = frozenset(event.topic for event in chain.from_iterable(QUEUES.values()))
"""Topics that some durable queue waits for; publishing one of these must find a queue."""
