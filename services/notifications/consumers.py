"""What notifications does when others tell it something: it writes down whom to tell."""

from services.chassis import ids
from services.chassis.consuming import Subscription
from services.chassis.database import Transaction
from services.contracts.envelope import Envelope
from services.contracts.identity_events import ActivationRequested, UserCreated, UserEvent
from services.notifications.domain.delivery import Category, NewDelivery, Template
from services.notifications.store import deliveries


async def invite(tx: Transaction, event: UserEvent, envelope: Envelope) -> None:
    """Queue the mail with which a person activates the account.

    Only writes a row: the sender asks identity for a fresh link and talks to the mail server, so that a slow one
    never holds up the queue. Whether the mail is still wanted is asked then, too.
    """
    await deliveries.insert(
        tx,
        NewDelivery(
            id=ids.uuid7(),
            event_id=envelope.id,
            resend_of=None,
            category=Category.SECURITY,
            template=Template.ACTIVATION,
            recipient_user_id=event.user.user_id,
            recipient_address=event.user.email,
            locale=event.user.locale,
        ),
    )


SUBSCRIPTIONS = (Subscription("notifications.invitations", {UserCreated: invite, ActivationRequested: invite}),)
