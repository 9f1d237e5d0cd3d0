"""The daily digest: one per person and local day, whoever else is working on it (MG-17)."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from services.chassis import ids
from services.chassis.database import Database, Transaction
from services.chassis.problems import NotFound
from services.contracts.vocabulary import TenantId
from services.notifications.domain import digest, preference
from services.notifications.domain.delivery import Category, NewDelivery, Template
from services.notifications.domain.digest import Verdict
from services.notifications.domain.recipient import Recipient
from services.notifications.store import agencies, appointments, deliveries, digests, preferences, recipients
from services.notifications.store.digests import Schedule

_DIGESTS = UUID("0b8f3f0e-6f4c-4f7e-8a53-5a6f0a3f7c11")
_DAY = timedelta(days=1)


async def advance(db: Database, schedule: Schedule, now: datetime) -> None:
    """Carry out what is due of somebody's digests and go on to the next day."""
    async with db.transaction(schedule.tenant_id) as tx:
        zone = await _zone(tx, schedule)
        hour = schedule.local_hour
        day = schedule.next_date or digest.first_day(now, hour, zone)
        verdict = digest.verdict(day, hour, zone, now)
        following = day if verdict is Verdict.WAIT else day + _DAY
        if not await digests.plan(tx, schedule, following, digest.instant_of(following, hour, zone)):
            return
        if verdict is not Verdict.WAIT:
            await _tell(tx, replace(schedule, next_date=day), zone, verdict, now)


async def _tell(tx: Transaction, schedule: Schedule, zone: ZoneInfo, verdict: Verdict, now: datetime) -> None:
    recipient, day = await recipients.find(tx, schedule.user_id), schedule.next_date
    if recipient is None or day is None:
        return
    standing = await preferences.standing(tx, recipient.id, recipient.email, Category.APPOINTMENTS, None)
    if not preference.decide(Category.APPOINTMENTS, standing).wanted:
        return
    if verdict is Verdict.MISSED:
        await digests.record(tx, schedule.user_id, day, "missed", now)
        return
    found = await appointments.of_day(tx, schedule.user_id, digest.span_of(day, zone))
    told = bool(found) or schedule.when_empty
    if await digests.record(tx, schedule.user_id, day, "queued" if told else "empty", now) and told:
        await deliveries.insert(tx, _delivery(schedule, recipient, zone))


def _delivery(schedule: Schedule, recipient: Recipient, zone: ZoneInfo) -> NewDelivery:
    return NewDelivery(
        id=ids.uuid7(),
        event_id=uuid5(_DIGESTS, f"{schedule.tenant_id} {schedule.user_id} {schedule.next_date}"),
        resend_of=None,
        category=Category.APPOINTMENTS,
        template=Template.DIGEST,
        recipient_user_id=schedule.user_id,
        recipient_address=recipient.email,
        locale=recipient.locale,
        facts={
            "day": str(schedule.next_date),
            "timezone": zone.key,
            "when_empty": "yes" if schedule.when_empty else "",
        },
    )


async def change(db: Database, tenant_id: TenantId, schedule: Schedule) -> Schedule:
    """Set when somebody gets a digest, and return it. Raises NotFound, Stale."""
    async with db.transaction(tenant_id) as tx:
        if await digests.find(tx, schedule.user_id) is None:
            raise NotFound
        await digests.change(tx, schedule)
        changed = await digests.find(tx, schedule.user_id)
    if changed is None:
        raise NotFound
    return changed


async def _zone(tx: Transaction, schedule: Schedule) -> ZoneInfo:
    if schedule.timezone is not None:
        return ZoneInfo(schedule.timezone)
    agency = await agencies.find(tx)
    return ZoneInfo(agency.timezone if agency else "UTC")
