"""What records tells of appointments: the picture of it that digests need, and the mails that go out at once."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID, uuid5

from services.chassis import ids
from services.chassis.database import Transaction
from services.contracts.envelope import Envelope
from services.contracts.records_events import AppointmentCancelled, AppointmentEvent, Guest
from services.contracts.vocabulary import TenantId, UserId
from services.notifications.domain import invitation
from services.notifications.domain.delivery import Category, NewDelivery, Template
from services.notifications.domain.invitation import Meeting
from services.notifications.domain.recipient import Recipient
from services.notifications.store import appointments, deliveries, guests, recipients

_GUESTS: Final = UUID("5b1c1f57-7d0a-4d0e-9a6b-0a54d3c6a5a9")
"""Names guests by their addresses, so that each is known again (RFC 9562, version 5)."""


class PictureIncomplete(Exception):
    """An appointment names a colleague of whom identity's event is still on its way; the message is tried again."""


async def follow(tx: Transaction, event: AppointmentEvent, envelope: Envelope) -> None:
    """Take over an appointment as it is now, and queue the mails that tell of it. Raises PictureIncomplete."""
    before = await appointments.find(tx, event.appointment_id, lock=True)
    named = {_id_of(tx.tenant_id, guest): guest for guest in event.guests}
    if not await appointments.follow(tx, event, named, cancelled=isinstance(event, AppointmentCancelled)):
        return
    for guest_id, guest in named.items():
        await guests.welcome(tx, guest_id, guest)
    after = await appointments.find(tx, event.appointment_id)
    if after is not None:
        forgotten = frozenset[UUID]()
        if before is not None and event.guests_forgotten:
            forgotten = before.people - after.people
            await guests.forget(tx, forgotten)
        notices = invitation.notices(before, after, envelope.time)
        told = {person: template for person, template in notices.items() if person not in forgotten}
        await _tell(tx, told, (before, after), envelope.id)


async def _tell(
    tx: Transaction, notices: Mapping[UUID, Template], meetings: tuple[Meeting | None, Meeting], event_id: UUID
) -> None:
    before, after = meetings
    for person, template in notices.items():
        recipient = await recipients.find(tx, person)
        if recipient is None and template is Template.APPOINTMENT_CANCELLED:
            continue  # a contact that was removed since
        if recipient is None:
            raise PictureIncomplete(str(person))
        # Whoever is left out hears of the appointment as he knew it, and of nothing that came after him.
        told = before if template is Template.APPOINTMENT_CANCELLED and before else after
        facts = invitation.facts_of(told, after.appointment.version)
        await deliveries.insert(tx, _delivery(recipient, template, facts, (event_id, after.owner_id)))


def _delivery(
    recipient: Recipient, template: Template, facts: Mapping[str, str], cause: tuple[UUID, UUID | None]
) -> NewDelivery:
    event_id, owner_id = cause
    return NewDelivery(
        id=ids.uuid7(),
        event_id=event_id,
        resend_of=None,
        category=Category.INVITATIONS,
        template=template,
        recipient_user_id=UserId(recipient.id),
        recipient_address=recipient.email,
        locale=recipient.locale,
        sender_user_id=UserId(owner_id) if owner_id else None,
        facts=facts,
    )


def _id_of(tenant_id: TenantId, guest: Guest) -> UUID:
    return guest.contact_id or uuid5(_GUESTS, f"{tenant_id} {guest.email.strip().casefold()}")
