"""The weekly report: one per administrator and local week, whoever else is working on it."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from services.chassis import ids
from services.chassis.database import Database, Transaction
from services.contracts.vocabulary import UserId
from services.notifications.adapters.recipient_rights import RecipientRights
from services.notifications.domain import report
from services.notifications.domain.delivery import Category, NewDelivery, Template
from services.notifications.store import agencies, deliveries, recipients, reports
from services.notifications.store.reports import ReportSchedule

_REPORTS: Final = UUID("c3b9a5a4-0f53-4b7e-9d8e-6a1b7c2d4e5f")


async def advance(db: Database, rights: RecipientRights, schedule: ReportSchedule, now: datetime) -> None:
    """Queue an agency's report if one is due, and go on to the next Monday. Raises Unavailable.

    After a long absence only the latest week is told, and in a zone where Monday is yet to come no week again. What
    the report says is asked when the mail is written.
    """
    async with db.single_write(schedule.tenant_id) as tx:
        zone = await agencies.hold_zone(tx)
    latest = report.latest_monday(now, zone)
    monday = max(latest, schedule.monday or latest)
    is_due = schedule.monday is not None and monday > schedule.monday
    administrators = await rights.administrators(schedule.tenant_id) if is_due else ()
    async with db.transaction(schedule.tenant_id) as tx:
        if await agencies.hold_zone(tx) != zone:
            return  # another meanwhile: what is due by it, the next look finds
        if await reports.plan(tx, schedule, monday, report.due_after(monday, zone)):
            await _queue(tx, administrators, monday, zone)


async def _queue(tx: Transaction, administrators: Iterable[UserId], monday: date, zone: ZoneInfo) -> None:
    for user_id in administrators:
        recipient = await recipients.find(tx, user_id)
        if recipient is None:
            continue
        await deliveries.insert(
            tx,
            NewDelivery(
                id=ids.uuid7(),
                event_id=uuid5(_REPORTS, f"{tx.tenant_id} {user_id} {monday}"),
                resend_of=None,
                category=Category.ADMINISTRATION,
                template=Template.WEEKLY_REPORT,
                recipient_user_id=user_id,
                recipient_address=recipient.email,
                locale=recipient.locale,
                facts={"monday": str(monday), "timezone": zone.key},
            ),
        )
