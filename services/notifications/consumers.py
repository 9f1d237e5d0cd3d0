"""What notifications does when others tell it something: it writes down whom to tell, and who people are."""

from collections.abc import Mapping

from services.chassis import ids
from services.chassis.consuming import Subscription
from services.chassis.database import Transaction
from services.contracts.envelope import Envelope
from services.contracts.identity_events import (
    ActivationRequested,
    AgentCardChanged,
    AssignmentChanged,
    DeviceAdded,
    LicenceChanged,
    LicenceCreated,
    LicenceEvent,
    PasswordChanged,
    PasswordResetRequested,
    SecondFactorChanged,
    SubAccountGranted,
    SubAccountRevoked,
    TechnicianExpiring,
    UserChanged,
    UserCreated,
    UserEvent,
    UserStateChanged,
)
from services.contracts.records_events import (
    AppointmentCancelled,
    AppointmentChanged,
    AppointmentEvent,
    AppointmentScheduled,
    MatchFound,
)
from services.contracts.vocabulary import UserId, UserState
from services.notifications.domain import match
from services.notifications.domain.delivery import Category, NewDelivery, Template, is_deliverable
from services.notifications.operations import appointments
from services.notifications.operations.appointments import PictureIncomplete
from services.notifications.store import agencies, deliveries, digests, recipients, reports, sub_accounts, suppressions


async def invite(tx: Transaction, event: UserEvent, envelope: Envelope) -> None:
    """Queue the mail with which a person activates the account.

    Only writes a row: the sender asks identity for a fresh link and talks to the mail server, so that a slow one
    never holds up the queue. Whether the mail is still wanted is asked then, too.
    """
    await _tell(tx, event, envelope, Template.ACTIVATION, {})


async def send_reset_link(tx: Transaction, event: PasswordResetRequested, envelope: Envelope) -> None:
    """Queue the mail with which a person chooses a new password."""
    await _tell(tx, event, envelope, Template.PASSWORD_RESET, {})


async def confirm_password(tx: Transaction, event: PasswordChanged, envelope: Envelope) -> None:
    """Queue the mail that tells of a new password."""
    await _tell(tx, event, envelope, Template.PASSWORD_CHANGED, {"at": envelope.time.isoformat()})


async def confirm_second_factor(tx: Transaction, event: SecondFactorChanged, envelope: Envelope) -> None:
    """Queue the mail that tells that a second factor came into use or was removed."""
    facts = {"at": envelope.time.isoformat(), "in_use": "yes" if event.in_use else ""}
    await _tell(tx, event, envelope, Template.SECOND_FACTOR_CHANGED, facts)


async def warn_of_device(tx: Transaction, event: DeviceAdded, envelope: Envelope) -> None:
    """Queue the mail that tells of a sign-in from a device that was not known."""
    facts = {"address": event.address, "at": event.signed_in_at.isoformat()}
    await _tell(tx, event, envelope, Template.NEW_DEVICE, facts)


async def warn_of_end(tx: Transaction, event: TechnicianExpiring, envelope: Envelope) -> None:
    """Queue the mails that a technician's visit ends soon, to the technician and to who let him in (AM-12)."""
    if event.user.ends_at is None:
        return
    facts = {"technician": event.user.display_name, "expires_at": event.user.ends_at.isoformat()}
    await _tell(tx, event, envelope, Template.ACCOUNT_EXPIRING, facts)
    sponsor = await recipients.find(tx, event.sponsor_id) if event.sponsor_id else None
    if sponsor is not None:
        await deliveries.insert(
            tx,
            NewDelivery(
                id=ids.uuid7(),
                event_id=envelope.id,
                resend_of=None,
                category=Category.ADMINISTRATION,
                template=Template.TECHNICIAN_EXPIRING,
                recipient_user_id=UserId(sponsor.id),
                recipient_address=sponsor.email,
                locale=sponsor.locale,
                facts=facts,
            ),
        )


async def follow_licence(tx: Transaction, event: LicenceEvent, _envelope: Envelope) -> None:
    """Take over an agency's name, zone and locale, and plan anew by another zone; an older picture changes nothing."""
    if await agencies.follow(tx, event):
        await reports.rework(tx)
        await digests.rework(tx)


async def follow_appointment(tx: Transaction, event: AppointmentEvent, envelope: Envelope) -> None:
    """Take over an appointment as it is now, and tell those whom it concerns. Raises PictureIncomplete."""
    await appointments.follow(tx, event, envelope)


async def tell_of_match(tx: Transaction, event: MatchFound, _envelope: Envelope) -> None:
    """Queue the mail that a listing answers what a client looks for. Raises PictureIncomplete.

    Whether its reader may still know of such things is asked when the mail is written.
    """
    recipient = await recipients.find(tx, event.user_id)
    if recipient is None:
        raise PictureIncomplete(str(event.user_id))
    await deliveries.insert(
        tx,
        NewDelivery(
            id=ids.uuid7(),
            event_id=match.name_of(event),
            resend_of=None,
            category=Category.MATCHES,
            template=Template.MATCH,
            recipient_user_id=event.user_id,
            recipient_address=recipient.email,
            locale=recipient.locale,
            facts=match.facts_of(event),
        ),
    )


async def follow_user(tx: Transaction, event: UserEvent, _envelope: Envelope) -> None:
    """Take over the picture of a person, whichever event brings it; older pictures change nothing.

    Whoever has activated the account did so by a link in a mail: the address has proved itself.
    """
    before = await recipients.find(tx, event.user.user_id)
    if not await recipients.follow(tx, event.user):
        return
    await digests.add(tx, event.user.user_id)
    if before is not None:
        activated = (before.state, event.user.state) == (UserState.PROVISIONED, UserState.ACTIVE)
        if activated and before.email == event.user.email:
            await suppressions.lift(tx, event.user.email)


async def follow_card(tx: Transaction, event: AgentCardChanged, _envelope: Envelope) -> None:
    """Take over from which address a colleague's mails are sent (MG-12). Raises PictureIncomplete."""
    if await recipients.find(tx, event.user_id) is None:
        raise PictureIncomplete(str(event.user_id))
    address = event.sender_address if event.sender_address and is_deliverable(event.sender_address) else None
    await recipients.follow_card(tx, event.user_id, event.version, address)


async def follow_sub_account(
    tx: Transaction, event: SubAccountGranted | SubAccountRevoked, _envelope: Envelope
) -> None:
    """Take over that a contact may sign in or not; what it gets stays what it chose (SB-25)."""
    await sub_accounts.follow(tx, event)


async def _tell(
    tx: Transaction, event: UserEvent, envelope: Envelope, template: Template, facts: Mapping[str, str]
) -> None:
    await deliveries.insert(
        tx,
        NewDelivery(
            id=ids.uuid7(),
            event_id=envelope.id,
            resend_of=None,
            category=Category.SECURITY,
            template=template,
            recipient_user_id=event.user.user_id,
            recipient_address=event.user.email,
            locale=event.user.locale,
            facts={"display_name": event.user.display_name, **facts},
        ),
    )


SUBSCRIPTIONS = (
    Subscription("notifications.invitations", {UserCreated: invite, ActivationRequested: invite}),
    Subscription(
        "notifications.security",
        {
            PasswordResetRequested: send_reset_link,
            PasswordChanged: confirm_password,
            SecondFactorChanged: confirm_second_factor,
            DeviceAdded: warn_of_device,
            TechnicianExpiring: warn_of_end,
        },
    ),
    Subscription(
        "notifications.appointments",
        dict.fromkeys((AppointmentScheduled, AppointmentChanged, AppointmentCancelled), follow_appointment),
    ),
    Subscription("notifications.matches", {MatchFound: tell_of_match}),
    Subscription(
        "notifications.directory",
        {
            LicenceCreated: follow_licence,
            LicenceChanged: follow_licence,
            UserCreated: follow_user,
            UserChanged: follow_user,
            UserStateChanged: follow_user,
            AssignmentChanged: follow_user,
            AgentCardChanged: follow_card,
            SubAccountGranted: follow_sub_account,
            SubAccountRevoked: follow_sub_account,
        },
    ),
)
