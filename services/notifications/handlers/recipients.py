"""Recipients: whom the agency can write to, and the hard switches above all preferences (MG-12, MG-18)."""

from datetime import datetime
from uuid import UUID

from services.chassis.authz_client import require
from services.chassis.cursor import Cursor
from services.chassis.pages import PageQuery
from services.chassis.problems import NotFound
from services.chassis.web import Call, Input, Output, Route
from services.contracts.vocabulary import UserState
from services.notifications.deps import Deps
from services.notifications.domain.recipient import MANAGE, Kind, Recipient, Switches
from services.notifications.domain.suppression import Severity
from services.notifications.handlers.fields import Address
from services.notifications.operations import recipients as operations
from services.notifications.store import recipients, sub_accounts, suppressions


class RecipientsQuery(PageQuery):
    kind: Kind | None = None


class RecipientShown(Output):
    id: UUID
    kind: Kind
    display_name: str
    email: str
    locale: str
    state: UserState
    receives: bool
    sends: bool
    sender_address: str | None
    card_sender_address: str | None
    """What the agent card says (MG-12); counts where `sender_address` is null."""
    version: int


class SuppressionShown(Output):
    severity: Severity
    code: str
    bounces: int
    in_force: bool
    last_bounce_at: datetime
    expires_at: datetime


class RecipientWithSuppression(RecipientShown):
    suppression: SuppressionShown | None


class RecipientsPage(Output):
    items: list[RecipientShown]
    next: str | None


class SwitchesSet(Input):
    receives: bool
    sends: bool
    sender_address: Address | None
    """From address of the mails that this person has sent, if its domain is one of ours, else their Reply-To."""


async def list_recipients(deps: Deps, call: Call, asked: RecipientsQuery) -> RecipientsPage:
    """List users and contacts, latest first, guests if asked for. Needs `admin.agents.manage`."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        found = await recipients.page(tx, asked.kind, asked.cursor, asked.limit + 1)
    shown, following = asked.cut(found, lambda one: Cursor(one.created_at, one.id))
    return RecipientsPage(items=[recipient_shown(one) for one in shown], next=following)


async def get_recipient(deps: Deps, call: Call) -> RecipientWithSuppression:
    """Show a recipient, and whether the address gave mail back. Others than oneself need `admin.agents.manage`."""
    recipient_id = await managed(deps, call)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        found = await recipients.find(tx, recipient_id)
        if found is None:
            raise NotFound
        known = await suppressions.find(tx, found.email)
    shown = None
    if known is not None:
        shown = SuppressionShown(
            severity=known.severity,
            code=known.code,
            bounces=known.bounces,
            in_force=known.in_force,
            last_bounce_at=known.last_bounce_at,
            expires_at=known.expires_at,
        )
    return RecipientWithSuppression(**recipient_shown(found).model_dump(), suppression=shown)


async def set_switches(deps: Deps, call: Call, asked: SwitchesSet) -> RecipientShown:
    """Block or unblock what somebody receives and sends. Needs `admin.agents.manage`."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    switches = Switches(asked.receives, asked.sends, asked.sender_address)
    recipient_id = call.id_in_path("recipient_id")
    return recipient_shown(
        await operations.switch(deps.db, call.caller.tenant_id, recipient_id, switches, call.version)
    )


async def lift_suppression(deps: Deps, call: Call) -> None:
    """Let mail go to an address again that gave some back. Needs `admin.agents.manage`."""
    require(await deps.access.of(call.caller, call.now, call.access_version), MANAGE)
    await operations.lift_suppression(deps.db, call.caller.tenant_id, call.id_in_path("recipient_id"))


async def managed(deps: Deps, call: Call) -> UUID:
    """Return the recipient in the path whom the caller may manage; oneself always, as user or as contact.

    Raises PermissionMissing.
    """
    recipient_id = call.id_in_path("recipient_id")
    if recipient_id == call.caller.user_id:
        return recipient_id
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    if not snapshot.holds(MANAGE):
        async with deps.db.single_read(call.caller.tenant_id) as tx:
            if await sub_accounts.contact_of(tx, call.caller.user_id) == recipient_id:
                return recipient_id
    require(snapshot, MANAGE)
    return recipient_id


def recipient_shown(recipient: Recipient) -> RecipientShown:
    """Return a recipient as clients see it."""
    return RecipientShown(
        id=recipient.id,
        kind=recipient.kind,
        display_name=recipient.display_name,
        email=recipient.email,
        locale=recipient.locale,
        state=recipient.state,
        receives=recipient.receives,
        sends=recipient.sends,
        sender_address=recipient.sender_address,
        card_sender_address=recipient.card_sender_address,
        version=recipient.version,
    )


ROUTES = (
    Route("GET", "/v1/recipients", list_recipients, takes=RecipientsQuery, gives=RecipientsPage),
    Route("GET", "/v1/recipients/{recipient_id}", get_recipient, gives=RecipientWithSuppression),
    Route(
        "PUT",
        "/v1/recipients/{recipient_id}/switches",
        set_switches,
        takes=SwitchesSet,
        gives=RecipientShown,
        edits=True,
    ),
    Route("DELETE", "/v1/recipients/{recipient_id}/suppression", lift_suppression),
)
