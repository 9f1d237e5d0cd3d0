"""The communication history: what was sent to whom, and what became of it (SB-24)."""

from datetime import datetime
from uuid import UUID

from services.chassis import authz_client, ids
from services.chassis.cursor import Cursor
from services.chassis.pages import PageQuery
from services.chassis.problems import NotFound
from services.chassis.web import Call, Output, Route
from services.contracts.vocabulary import UserId
from services.notifications.deps import Deps
from services.notifications.domain.delivery import RESEND, Category, Delivery, Fate, State, Template
from services.notifications.domain.preference import Ground
from services.notifications.domain.recipient import MANAGE
from services.notifications.handlers.preferences import ExplanationShown, explanation_shown
from services.notifications.operations import deliveries as operations
from services.notifications.operations.deliveries import Resend
from services.notifications.store import deliveries, preferences, timelines


class DeliveriesQuery(PageQuery):
    recipient_user_id: UserId | None = None
    state: State | None = None
    category: Category | None = None


class DeliveryShown(Output):
    id: UUID
    resend_of: UUID | None
    category: Category
    template: Template
    recipient_user_id: UserId
    recipient_address: str
    locale: str
    state: State
    attempts: int
    uncertain_attempts: int
    """Tries that may have put the mail in the mailbox although nobody confirmed it."""
    next_try_at: datetime | None
    subject: str | None
    last_error_code: str | None
    created_at: datetime
    sent_at: datetime | None
    ground: Ground | None
    """What decided, when it was last tried, whether the recipient gets it; null while it was not tried."""
    sender_user_id: UserId | None


class MomentShown(Output):
    at: datetime
    state: State
    code: str | None


class DeliveryWithTimeline(DeliveryShown):
    body: str | None
    """The text as it was offered to the mail server, links left out; null while it never was."""
    timeline: list[MomentShown]


class DeliveryExplained(Output):
    delivery_id: UUID
    fate: Fate
    decided_by: str | None
    """The ground that decided, or the code of what stopped the mail afterwards; null while neither has happened."""
    wanted: bool | None
    """What was decided when it was last tried; null if it came to no decision."""
    now: ExplanationShown | None
    """What would be decided now, ground by ground; null for whoever may not manage the recipient."""


class DeliveriesPage(Output):
    items: list[DeliveryShown]
    next: str | None


async def list_deliveries(deps: Deps, call: Call, asked: DeliveriesQuery) -> DeliveriesPage:
    """List the mails that the caller may know of, latest first: one's own, and others' by `communications.read`."""
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    async with deps.db.transaction(snapshot.tenant_id, readonly=True) as tx:
        found = await deliveries.visible_page(
            tx,
            snapshot,
            recipient=asked.recipient_user_id,
            state=asked.state,
            category=asked.category,
            after=asked.cursor,
            limit=asked.limit + 1,
        )
    shown, following = asked.cut(found, lambda delivery: Cursor(delivery.created_at, delivery.id))
    return DeliveriesPage(items=[_shown(delivery) for delivery in shown], next=following)


async def get_delivery(deps: Deps, call: Call) -> DeliveryWithTimeline:
    """Show one mail with its text, links left out, and everything that happened to it."""
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    async with deps.db.transaction(snapshot.tenant_id, readonly=True) as tx:
        delivery = await deliveries.find_visible(tx, snapshot, call.id_in_path("delivery_id"))
        if delivery is None:
            raise NotFound
        timeline = await timelines.timeline_of(tx, delivery.id)
    return DeliveryWithTimeline(
        **_shown(delivery).model_dump(),
        body=delivery.body_redacted,
        timeline=[MomentShown(at=moment.at, state=moment.state, code=moment.code) for moment in timeline],
    )


async def explain_delivery(deps: Deps, call: Call) -> DeliveryExplained:
    """Say why somebody got a mail, or did not. What would be decided now needs `admin.agents.manage`, or to be one."""
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    async with deps.db.transaction(snapshot.tenant_id, readonly=True) as tx:
        found = await deliveries.find_visible(tx, snapshot, call.id_in_path("delivery_id"))
        if found is None:
            raise NotFound
        now = None
        if snapshot.holds(MANAGE) or found.recipient_user_id == snapshot.user_id:
            standing = await preferences.standing(
                tx, found.recipient_user_id, found.recipient_address, found.category, found.sender_user_id
            )
            now = explanation_shown(found.recipient_user_id, found.category, standing)
    return DeliveryExplained(
        delivery_id=found.id,
        fate=found.fate,
        decided_by=found.decided_by,
        wanted=None if found.ground is None else found.fate is not Fate.KEPT_BACK,
        now=now,
    )


async def resend_delivery(deps: Deps, call: Call) -> DeliveryShown:
    """Send a mail again, as a new delivery with a fresh link. Needs `communications.resend`."""
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    authz_client.require(snapshot, RESEND)
    wish = Resend(call.id_in_path("delivery_id"), ids.uuid7(), call.idempotency_key)
    delivery = await operations.resend(deps.db, snapshot, wish, call.now)
    call.reply_headers["Location"] = f"/v1/deliveries/{delivery.id}"
    return _shown(delivery)


def _shown(delivery: Delivery) -> DeliveryShown:
    return DeliveryShown(
        id=delivery.id,
        resend_of=delivery.resend_of,
        category=delivery.category,
        template=delivery.template,
        recipient_user_id=delivery.recipient_user_id,
        recipient_address=delivery.recipient_address,
        locale=delivery.locale,
        state=delivery.state,
        attempts=delivery.attempts,
        uncertain_attempts=delivery.uncertain_attempts,
        next_try_at=delivery.next_try_at,
        subject=delivery.subject,
        last_error_code=delivery.last_error_code,
        created_at=delivery.created_at,
        sent_at=delivery.sent_at,
        ground=Ground(delivery.ground) if delivery.ground else None,
        sender_user_id=delivery.sender_user_id,
    )


ROUTES = (
    Route("GET", "/v1/deliveries", list_deliveries, takes=DeliveriesQuery, gives=DeliveriesPage),
    Route("GET", "/v1/deliveries/{delivery_id}", get_delivery, gives=DeliveryWithTimeline),
    Route("GET", "/v1/deliveries/{delivery_id}/explanation", explain_delivery, gives=DeliveryExplained),
    Route("POST", "/v1/deliveries/{delivery_id}/resend", resend_delivery, gives=DeliveryShown, status=201, once=True),
)
