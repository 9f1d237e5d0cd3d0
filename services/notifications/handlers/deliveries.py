"""The communication history: what was sent to whom, and what became of it (SB-24)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.chassis import authz_client, ids
from services.chassis.cursor import START, Cursor, CursorParam
from services.chassis.problems import NotFound
from services.chassis.web import Call, Input, Output, Route
from services.contracts.vocabulary import UserId
from services.notifications.deps import Deps
from services.notifications.domain.delivery import RESEND, Category, Delivery, Moment, State, Template
from services.notifications.operations import deliveries as operations
from services.notifications.operations.deliveries import Resend
from services.notifications.store import deliveries, timelines


class DeliveriesQuery(Input):
    recipient_user_id: UserId | None = None
    state: State | None = None
    category: Category | None = None
    cursor: CursorParam = START
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class DeliveryOut(Output):
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

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryOut":
        """Return a delivery as a line of the history."""
        return cls.model_validate(delivery, from_attributes=True)


class MomentOut(Output):
    at: datetime
    state: State
    code: str | None


class DeliveryDetail(DeliveryOut):
    body: str | None
    """The text as it was offered to the mail server, links left out; null while it never was."""
    timeline: tuple[MomentOut, ...]

    @classmethod
    def told(cls, delivery: Delivery, timeline: Sequence[Moment]) -> "DeliveryDetail":
        """Return a delivery with its text and what happened to it."""
        return cls(
            **DeliveryOut.of(delivery).model_dump(),
            body=delivery.body_redacted,
            timeline=tuple(MomentOut.model_validate(moment, from_attributes=True) for moment in timeline),
        )


class DeliveriesPage(Output):
    items: tuple[DeliveryOut, ...]
    next: str | None

    @classmethod
    def of(cls, found: Sequence[Delivery], limit: int) -> "DeliveriesPage":
        """Return a page from one row more than it shows."""
        shown = found[:limit]
        more = len(found) > limit
        return cls(
            items=tuple(map(DeliveryOut.of, shown)),
            next=str(Cursor(shown[-1].created_at, shown[-1].id)) if more else None,
        )


async def list_deliveries(deps: Deps, call: Call, query: DeliveriesQuery) -> DeliveriesPage:
    """List the mails that the caller may know of, latest first: one's own, and others' by `communications.read`."""
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    async with deps.db.transaction(snapshot.tenant_id, readonly=True) as tx:
        found = await deliveries.visible_page(
            tx,
            snapshot,
            recipient=query.recipient_user_id,
            state=query.state,
            category=query.category,
            after=query.cursor,
            limit=query.limit + 1,
        )
    return DeliveriesPage.of(found, query.limit)


async def get_delivery(deps: Deps, call: Call) -> DeliveryDetail:
    """Show one mail with its text, links left out, and everything that happened to it."""
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    async with deps.db.transaction(snapshot.tenant_id, readonly=True) as tx:
        delivery = await deliveries.find_visible(tx, snapshot, call.id_in_path("delivery_id"))
        if delivery is None:
            raise NotFound
        return DeliveryDetail.told(delivery, await timelines.timeline_of(tx, delivery.id))


async def resend_delivery(deps: Deps, call: Call) -> DeliveryOut:
    """Send a mail again, as a new delivery with a fresh link. Needs `communications.resend`."""
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    authz_client.require(snapshot, RESEND)
    wish = Resend(call.id_in_path("delivery_id"), ids.uuid7(), call.idempotency_key)
    return DeliveryOut.of(await operations.resend(deps.db, snapshot, wish, call.now))


ROUTES = (
    Route("GET", "/v1/deliveries", list_deliveries, takes=DeliveriesQuery, gives=DeliveriesPage),
    Route("GET", "/v1/deliveries/{delivery_id}", get_delivery, gives=DeliveryDetail),
    Route("POST", "/v1/deliveries/{delivery_id}/resend", resend_delivery, gives=DeliveryOut, status=201),
)
