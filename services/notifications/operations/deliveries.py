"""What happens to a delivery: handed over, settled, sent again."""

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
from services.notifications.domain import preference, retry
from services.notifications.domain.claim import Claim
from services.notifications.domain.delivery import Delivery, State
from services.notifications.domain.letter import Letter
from services.notifications.domain.preference import Decision, Ground
from services.notifications.domain.retry import Outcome
from services.notifications.domain.suppression import severity_of
from services.notifications.store import claims, deliveries, preferences, suppressions, timelines


async def decide(db: Database, claim: Claim) -> Decision:
    """Return whether the recipient is to get a mail that is about to be sent."""
    async with db.transaction(claim.tenant_id, readonly=True) as tx:
        standing = await preferences.standing(
            tx, claim.recipient_user_id, claim.recipient_address, claim.category, claim.sender_user_id
        )
    return preference.decide(claim.category, standing)


async def hand_over(db: Database, claim: Claim, letter: Letter, ground: Ground, lease: timedelta) -> None:
    """Note what is about to be handed to the mail server, without its secrets, and why. Raises LeaseLost."""
    async with db.transaction(claim.tenant_id) as tx:
        await claims.hand_over(tx, claim, letter, ground, lease)


async def settle(db: Database, claim: Claim, outcome: Outcome) -> None:
    """Record what became of a try, and tell it when it is final. Raises LeaseLost."""
    step = retry.after(outcome, claim.attempts, claim.uncertain_attempts)
    async with db.transaction(claim.tenant_id) as tx:
        await claims.settle(tx, claim, step)
        # A mail is put off every few seconds while identity is away: one line of the timeline tells it.
        if outcome.tried or step.code != claim.last_error_code:
            await timelines.append(tx, claim.id, step.state, step.code)
        if step.state is State.SENT:
            await outbox.add(tx, DeliverySent(delivery_id=claim.id, category=claim.category))
        elif step.failed:
            await outbox.add(
                tx, DeliveryFailed(delivery_id=claim.id, category=claim.category, code=step.code or step.state)
            )
        if outcome.status is not None:
            await _count_bounce(tx, claim.recipient_address, outcome.status)


async def take_back(db: Database, tenant_id: TenantId, bounce: Bounce) -> None:
    """Record that a mail which was sent came back, and remember it of the address."""
    async with db.transaction(tenant_id) as tx:
        sent = await claims.bounce(tx, bounce.delivery_id, bounce.status)
        if sent is None:
            return
        await timelines.append(tx, bounce.delivery_id, State.BOUNCED, bounce.status)
        await outbox.add(tx, DeliveryFailed(delivery_id=bounce.delivery_id, category=sent.category, code=bounce.status))
        await _count_bounce(tx, sent.address, bounce.status)


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
    """Queue a mail once more, as a delivery of its own with a fresh link; return that one.

    Raises NotFound for mail that the person may not see, StillUnderWay.
    """
    async with db.transaction(snapshot.tenant_id) as tx:
        made = await idempotency.earlier(tx, wish.key, wish.new_id, now)
        if made is None:
            original = await deliveries.find_visible(tx, snapshot, wish.delivery_id)
            if original is None:
                raise NotFound
            await deliveries.insert(tx, original.again(wish.new_id))
        delivery = await deliveries.find_visible(tx, snapshot, made or wish.new_id)
    if delivery is None:
        raise NotFound
    return delivery
