"""The daily digest: one per person and local day, whoever else is working on it (MG-17)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid5

from services.chassis import ids
from services.chassis.database import Database, Transaction
from services.chassis.problems import NotFound
from services.contracts.vocabulary import TenantId
from services.notifications.domain import digest, preference
from services.notifications.domain.delivery import Category, NewDelivery, Template
from services.notifications.domain.digest import Move, Schedule, Verdict
from services.notifications.domain.recipient import Recipient
from services.notifications.store import agencies, appointments, deliveries, digests, preferences, recipients

_DIGESTS = UUID("0b8f3f0e-6f4c-4f7e-8a53-5a6f0a3f7c11")


async def advance(db: Database, tenant_id: TenantId, schedules: Sequence[Schedule], now: datetime) -> None:
    """Carry out what is due of an agency's digests and go on to the next day, in as few statements for many as for one.

    Only who wants it and takes part in something is told; what exactly is looked up when the mail is written, so that
    nobody reads of an appointment in which he no longer takes part.
    """
    async with db.transaction(tenant_id) as tx:
        zone = await agencies.hold_zone(tx)
        moves = [digest.move_of(schedule, zone, now) for schedule in schedules]
        moved = await digests.plan(tx, moves)
        due = [one for one in moves if one.verdict is not Verdict.WAIT and one.schedule.user_id in moved]
        if due:
            await _tell(tx, due, now)


async def _tell(tx: Transaction, moves: Sequence[Move], now: datetime) -> None:
    people = await recipients.several(tx, (move.schedule.user_id for move in moves))
    standings = await preferences.standings(
        tx, {person.id: person.email for person in people.values()}, Category.APPOINTMENTS, None
    )
    wanted = {
        move.schedule.user_id: move
        for move in moves
        if move.schedule.user_id in standings
        and preference.decide(Category.APPOINTMENTS, standings[move.schedule.user_id]).wanted
    }
    if not wanted:
        return
    busy = await appointments.busy(tx, {user: digest.span_of(move.day, move.zone) for user, move in wanted.items()})
    outcomes = {user: (move.day, _outcome(move, is_busy=user in busy)) for user, move in wanted.items()}
    first = await digests.record(tx, outcomes, now)
    queued = [user for user, (_, outcome) in outcomes.items() if outcome == "queued" and user in first]
    if queued:
        await deliveries.insert(tx, *(_delivery(wanted[user], people[user]) for user in queued))


def _outcome(move: Move, *, is_busy: bool) -> str:
    if move.verdict is Verdict.MISSED:
        return "missed"
    return "queued" if is_busy or move.schedule.when_empty else "empty"


def _delivery(move: Move, recipient: Recipient) -> NewDelivery:
    schedule = move.schedule
    return NewDelivery(
        id=ids.uuid7(),
        event_id=uuid5(_DIGESTS, f"{schedule.tenant_id} {schedule.user_id} {move.day}"),
        resend_of=None,
        category=Category.APPOINTMENTS,
        template=Template.DIGEST,
        recipient_user_id=schedule.user_id,
        recipient_address=recipient.email,
        locale=recipient.locale,
        facts={
            "day": str(move.day),
            "timezone": move.zone.key,
            "when_empty": "yes" if schedule.when_empty else "",
        },
    )


async def change(db: Database, tenant_id: TenantId, schedule: Schedule, now: datetime) -> Schedule:
    """Set when somebody gets a digest, and return it. Raises NotFound, Stale."""
    async with db.transaction(tenant_id) as tx:
        if await digests.find(tx, schedule.user_id) is None:
            raise NotFound
        await digests.change(tx, schedule, now)
        changed = await digests.find(tx, schedule.user_id)
    if changed is None:
        raise NotFound
    return changed
