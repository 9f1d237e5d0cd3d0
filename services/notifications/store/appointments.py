"""Rows of the picture of appointments that records tells."""

from collections.abc import Sequence

from services.chassis.database import Transaction
from services.contracts.records_events import AppointmentEvent
from services.contracts.vocabulary import UserId
from services.notifications.domain.digest import Appointment, Span


async def follow(tx: Transaction, event: AppointmentEvent, *, cancelled: bool) -> None:
    """Take over what records tells of an appointment, unless a later version is known."""
    news = await tx.execute(
        """
        INSERT INTO appointments AS a (tenant_id, id, version, starts_at, ends_at, summary, is_private, cancelled)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (tenant_id, id) DO UPDATE
           SET version = excluded.version, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
               summary = excluded.summary, is_private = excluded.is_private, cancelled = excluded.cancelled
         WHERE a.version < excluded.version
        """,
        tx.tenant_id,
        event.appointment_id,
        event.version,
        event.starts_at,
        event.ends_at,
        event.summary,
        event.is_private,
        cancelled,
    )
    if not news:
        return
    await tx.execute(
        "DELETE FROM appointment_people WHERE tenant_id = $1 AND appointment_id = $2",
        tx.tenant_id,
        event.appointment_id,
    )
    if not cancelled:
        await tx.execute(
            """
            INSERT INTO appointment_people (tenant_id, appointment_id, user_id, starts_at, ends_at)
            SELECT $1, $2, person, $4, $5 FROM unnest($3::uuid[]) AS person
            """,
            tx.tenant_id,
            event.appointment_id,
            list({event.owner_id, *event.attendees}),
            event.starts_at,
            event.ends_at,
        )


async def of_day(tx: Transaction, user_id: UserId, day: Span) -> Sequence[Appointment]:
    """Return what somebody takes part in that day, in order. No scope: his own appointments only, for his own mail."""
    rows = await tx.rows(
        """
        SELECT a.id, a.version, a.starts_at, a.ends_at, a.summary
          FROM appointment_people AS p
          JOIN appointments AS a ON (a.tenant_id, a.id) = (p.tenant_id, p.appointment_id)
         WHERE p.tenant_id = $1 AND p.user_id = $2 AND p.ends_at >= $3 AND p.starts_at < $4
           AND (p.ends_at > $3 OR p.starts_at = $3)
         ORDER BY a.starts_at, a.ends_at, a.id
        """,
        tx.tenant_id,
        user_id,
        day.start,
        day.end,
    )
    return [Appointment(**row) for row in rows]
