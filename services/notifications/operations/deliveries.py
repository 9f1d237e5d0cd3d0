"""What happens to a delivery: handed over, settled, sent again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.chassis import idempotency, outbox
from services.chassis.database import Database, Transaction
from services.chassis.idempotency import IdempotencyKey
from services.chassis.problems import NotFound
from services.contracts.access import AccessSnapshot
from services.contracts.notifications_events import DeliveryFailed, DeliverySent
from services.contracts.vocabulary import TenantId
from services.notifications.adapters.bounces import Bounce
from services.notifications.adapters.letters import language_of
from services.notifications.domain import preference, retry
from services.notifications.domain.claim import Claim, LeaseLost
from services.notifications.domain.delivery import Delivery, State
from services.notifications.domain.letter import Letterhead
from services.notifications.domain.preference import Decision
from services.notifications.domain.retry import Outcome, Step
from services.notifications.domain.suppression import severity_of
from services.notifications.store import (
    claims,
    deliveries,
    letterheads,
    preferences,
    recipients,
    suppressions,
    timelines,
)
from services.notifications.store.claims import Offer
from services.notifications.store.preferences import Asked


async def prepare(worker_db: Database, claimed: Sequence[Claim]) -> Sequence[tuple[Decision, Letterhead]]:
    """Return of mails that are about to be sent whether their recipients are to get them, and their letterheads."""
    asked = [
        Asked(claim.tenant_id, claim.recipient_user_id, claim.recipient_address, claim.category, claim.sender_user_id)
        for claim in claimed
    ]
    async with worker_db.at_once() as queries:
        standings = await preferences.standings_across(queries, asked)
        heads = await letterheads.of(queries, [(claim, language_of(claim.locale)) for claim in claimed])
    decisions = [preference.decide(one.category, standing) for one, standing in zip(asked, standings, strict=True)]
    return list(zip(decisions, heads, strict=True))


async def hand_over(worker_db: Database, lease: timedelta, offers: Sequence[Offer]) -> Sequence[LeaseLost | None]:
    """Note what is about to be handed to the mail server, without its secrets, and why; tell whose lease was lost.

    In a transaction, which ends with a worker that vanishes meanwhile: a bare statement would still be carried out.
    """
    async with worker_db.across_tenants() as queries:
        held = await claims.hand_over(queries, offers, lease)
    return [None if offer.claim.key in held else LeaseLost() for offer in offers]


@dataclass(frozen=True, slots=True)
class Try:
    """A try that is over: what became of it, and the trace in which it happened."""

    claim: Claim
    outcome: Outcome
    traceparent: str

    @property
    def step(self) -> Step:
        """Return how the delivery goes on."""
        return retry.after(self.outcome, self.claim.attempts, self.claim.uncertain_attempts)

    @property
    def shows(self) -> bool:
        """Say whether the timeline tells of it: while identity is away, a mail is put off again every few seconds."""
        return self.outcome.tried or self.step.code != self.claim.last_error_code

    @property
    def event(self) -> DeliverySent | DeliveryFailed | None:
        """Return what is told of it, None while it is not final."""
        claim, step = self.claim, self.step
        if step.state is State.SENT:
            return DeliverySent(delivery_id=claim.id, category=claim.category)
        if step.failed:
            return DeliveryFailed(delivery_id=claim.id, category=claim.category, code=step.code or step.state)
        return None


async def settle(worker_db: Database, tries: Sequence[Try]) -> Sequence[LeaseLost | None]:
    """Record what became of tries, and tell what is final; tell whose lease was lost."""
    async with worker_db.across_tenants() as queries:
        held = await claims.settle(queries, [(one.claim, one.step) for one in tries])
        counted = [one for one in tries if one.claim.key in held]
        lines = [(one.claim.tenant_id, one.claim.id, one.step.state, one.step.code) for one in counted if one.shows]
        events = [(one.claim.tenant_id, one.traceparent, event) for one in counted if (event := one.event) is not None]
        await timelines.append_each(queries, lines)
        if events:
            await outbox.add_each(queries, events)
        for one in counted:
            if one.outcome.status is not None:
                tx = queries.within(one.claim.tenant_id)
                await _count_bounce(tx, one.claim.recipient_address, one.outcome.status)
    return [None if one.claim.key in held else LeaseLost() for one in tries]


async def take_back(db: Database, tenant_id: TenantId, bounce: Bounce) -> bool:
    """Record that a mail came back, and remember it of the address; say whether that is settled.

    It is not while a worker has the mail in its hands. One of which nobody knows whether it was sent is sent no more.
    """
    async with db.transaction(tenant_id) as tx:
        mail = await claims.hold_returned(tx, bounce.delivery_id)
        if mail is None or not mail.went_out:
            return mail is None or not mail.in_hands
        await claims.bounce(tx, bounce.delivery_id, bounce.status)
        await timelines.append(tx, bounce.delivery_id, State.BOUNCED, bounce.status)
        if not mail.was_given_up:
            failed = DeliveryFailed(delivery_id=bounce.delivery_id, category=mail.category, code=bounce.status)
            await outbox.add(tx, failed)
        await _count_bounce(tx, mail.address, bounce.status)
    return True


async def _count_bounce(tx: Transaction, address: str, status: str) -> None:
    severity = severity_of(status)
    if severity is not None:
        await suppressions.add(tx, address, severity, status)


@dataclass(frozen=True, slots=True)
class Resend:
    """A person's wish to have a mail sent again."""

    delivery_id: UUID
    new_id: UUID
    key: IdempotencyKey | None


async def resend(db: Database, snapshot: AccessSnapshot, wish: Resend, now: datetime) -> Delivery:
    """Queue a mail once more, as a delivery of its own with a fresh link, to the present address; return that one.

    Raises NotFound for mail that the person may not see, StillUnderWay, RecipientGone.
    """
    async with db.transaction(snapshot.tenant_id) as tx:
        made = await idempotency.earlier(tx, wish.key, wish.new_id, now)
        if made is None:
            original = await deliveries.find_visible(tx, snapshot, wish.delivery_id)
            if original is None:
                raise NotFound
            found = await recipients.hold(tx, [original.recipient_user_id])
            recipient = found.get(original.recipient_user_id)
            await deliveries.insert(tx, original.again(wish.new_id, recipient.email if recipient else None))
        delivery = await deliveries.find_visible(tx, snapshot, made or wish.new_id)
    if delivery is None:
        raise NotFound
    return delivery
