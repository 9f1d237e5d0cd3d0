"""Rows of the picture of appointments that records tells."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from services.chassis.database import Queries, Row, Transaction
from services.contracts.records_events import AppointmentEvent
from services.contracts.vocabulary import UserId
from services.notifications.domain.digest import Appointment, Span
from services.notifications.domain.invitation import Meeting


async def follow(tx: Transaction, event: AppointmentEvent, guests: Collection[UUID], *, cancelled: bool) -> bool:
    """Take over what records tells of an appointment, unless a later version is known; say whether it was news."""
    news = await tx.execute(
        """
        INSERT INTO appointments AS a (
            tenant_id, id, version, starts_at, ends_at, summary, is_private, cancelled, owner_id, timezone)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (tenant_id, id) DO UPDATE
           SET version = excluded.version, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
               summary = excluded.summary, is_private = excluded.is_private, cancelled = excluded.cancelled,
               owner_id = excluded.owner_id, timezone = excluded.timezone
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
        event.owner_id,
        event.timezone,
    )
    if not news:
        return False
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
            list({event.owner_id, *event.attendees, *guests}),
            event.starts_at,
            event.ends_at,
        )
    return True


async def find(tx: Transaction, appointment_id: UUID, *, lock: bool = False) -> Meeting | None:
    """Return an appointment with whoever takes part; `lock` lets one transaction at a time change it.

    No scope: those who take part are told of it, and nobody else.
    """
    if lock:  # there may be no row yet
        await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", str(appointment_id))
    row = await tx.row(
        """
        SELECT id, version, starts_at, ends_at, summary, is_private, timezone, owner_id,
               ARRAY(SELECT user_id FROM appointment_people AS p
                      WHERE p.tenant_id = $1 AND p.appointment_id = a.id) AS people
          FROM appointments AS a
         WHERE tenant_id = $1 AND id = $2
        """,
        tx.tenant_id,
        appointment_id,
    )
    if row is None:
        return None
    return Meeting(_appointment(row), row["timezone"], row["owner_id"], frozenset(row["people"]))


async def of_day(tx: Transaction, user_id: UserId, day: Span) -> Sequence[Appointment]:
    """Return what somebody takes part in that day, in order. No scope: his own appointments only, for his own mail."""
    rows = await tx.rows(
        """
        SELECT a.id, a.version, a.starts_at, a.ends_at, a.summary, a.is_private
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
    return [_appointment(row) for row in rows]


async def busy(tx: Transaction, days: Mapping[UserId, Span]) -> frozenset[UserId]:
    """Return who of these people takes part in anything on his day. No scope: as `of_day`."""
    rows = await tx.rows(
        """
        SELECT asked.user_id
          FROM unnest($2::uuid[], $3::timestamptz[], $4::timestamptz[]) AS asked (user_id, day_start, day_end)
         WHERE EXISTS (
               SELECT FROM appointment_people AS p
                WHERE p.tenant_id = $1 AND p.user_id = asked.user_id
                  AND p.ends_at >= asked.day_start AND p.starts_at < asked.day_end
                  AND (p.ends_at > asked.day_start OR p.starts_at = asked.day_start))
        """,
        tx.tenant_id,
        list(days),
        [day.start for day in days.values()],
        [day.end for day in days.values()],
    )
    return frozenset(row["user_id"] for row in rows)


async def purge(queries: Queries, limit: int) -> int:
    """Forget up to `limit` appointments, and who took part, that ended longer ago than their agency keeps mails."""
    return await queries.execute(
        """
        DELETE FROM appointments
         WHERE (tenant_id, id) IN (
               SELECT a.tenant_id, a.id
                 FROM appointments AS a
                 LEFT JOIN agencies AS g ON g.tenant_id = a.tenant_id
                WHERE a.ends_at < now() - interval '1 day' * coalesce(g.retention_days, 730)
                ORDER BY a.ends_at
                LIMIT $1)
        """,
        limit,
    )


def _appointment(row: Row) -> Appointment:
    return Appointment(
        id=row["id"],
        version=row["version"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        summary=row["summary"],
        is_private=row["is_private"],
    )
