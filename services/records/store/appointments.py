"""Appointments as rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.chassis.database import Row, Transaction
from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import ContactId, UserId, View
from services.records.domain import appointment as domain
from services.records.domain.appointment import LONGEST, Appointment, Guest, Kind
from services.records.store import appointment_people


@dataclass(frozen=True, slots=True)
class Period:
    """Instants from `start`, included, to `end`, not; `user_id` asks for one person's calendar."""

    start: datetime
    end: datetime
    user_id: UserId | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A time that somebody has taken."""

    user_id: UserId
    starts_at: datetime
    ends_at: datetime


async def insert(tx: Transaction, appointment: Appointment) -> None:
    """Add an appointment."""
    await tx.execute(
        """
        INSERT INTO appointments (
            tenant_id, id, kind, title, note, place, office_id, owner_id, listing_id, inquiry_id, is_private,
            timezone, starts_local, ends_local, starts_at, ends_at, cancelled_at, version, updated_at, created_by,
            created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
        """,
        tx.tenant_id,
        *_values(appointment),
        appointment.created_by,
        appointment.created_at,
    )
    await appointment_people.save(tx, appointment)


async def save(tx: Transaction, appointment: Appointment) -> None:
    """Write what may change of an appointment."""
    await tx.execute(
        """
        UPDATE appointments
           SET (kind, title, note, place, office_id, owner_id, listing_id, inquiry_id, is_private, timezone,
                starts_local, ends_local, starts_at, ends_at, cancelled_at, version, updated_at) = (
                $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
         WHERE tenant_id = $1 AND id = $2
        """,
        tx.tenant_id,
        *_values(appointment),
    )
    await appointment_people.save(tx, appointment)


async def find(tx: Transaction, appointment_id: UUID, *, locked: bool = False) -> Appointment | None:
    """Return an appointment or None. No scope: the rule decides on it."""
    if locked:
        await tx.execute(
            "SELECT FROM appointments WHERE tenant_id = $1 AND id = $2 FOR UPDATE", tx.tenant_id, appointment_id
        )
    row = await tx.row(
        """
        SELECT id, kind, title, note, place, office_id, owner_id, created_by, listing_id, inquiry_id, is_private,
               timezone, starts_local, ends_local, starts_at, ends_at, cancelled_at, version, created_at, updated_at,
               ARRAY(SELECT contact_id FROM appointment_contacts
                      WHERE tenant_id = $1 AND appointment_id = $2) AS contacts,
               ARRAY(SELECT user_id FROM appointment_people
                      WHERE tenant_id = $1 AND appointment_id = $2) AS people,
               ARRAY(SELECT (email, display_name, locale) FROM appointment_guests
                      WHERE tenant_id = $1 AND appointment_id = $2) AS guests
          FROM appointments
         WHERE tenant_id = $1 AND id = $2
        """,
        tx.tenant_id,
        appointment_id,
    )
    return None if row is None else _appointment(row)


async def about(tx: Transaction, record_id: UUID) -> Sequence[UUID]:
    """Return the appointments that a listing, an inquiry or a contact stands in, by id. No scope: it is deleted."""
    rows = await tx.rows(
        """
        SELECT id FROM appointments WHERE tenant_id = $1 AND listing_id = $2
         UNION
        SELECT id FROM appointments WHERE tenant_id = $1 AND inquiry_id = $2
         UNION
        SELECT appointment_id FROM appointment_contacts WHERE tenant_id = $1 AND contact_id = $2
         ORDER BY id
        """,
        tx.tenant_id,
        record_id,
    )
    return [row["id"] for row in rows]


# One index walk per reach, each stopped after a page. `domain.appointment.sight` is the same rule in Python, and a
# test keeps the two equal. Of an appointment that is only seen as busy, nobody but its owner can be asked for.
async def visible_page(
    tx: Transaction, snapshot: AccessSnapshot, asked: Period, *, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Appointment]:
    """Return up to `limit` appointments that touch a period and that the caller sees at all, earliest first."""
    kinds, ids, views = _reaches(snapshot)
    created = snapshot.scope(domain.CREATED)
    begun, last = after or (asked.start - LONGEST, UUID(int=0))
    rows = await tx.rows(
        """
        WITH shown AS (
            SELECT found.id, found.starts_at
              FROM unnest($2::text[], $3::uuid[], $4::boolean[]) AS reach (kind, id, in_full)
             CROSS JOIN LATERAL (
                SELECT a.id, a.starts_at
                  FROM (
                    SELECT 'whole' AS kind, tenant_id AS reached, tenant_id, id, office_id, owner_id, is_private,
                           starts_at, ends_at, cancelled_at
                      FROM appointments
                    UNION ALL
                    SELECT 'office', office_id, tenant_id, id, office_id, owner_id, is_private, starts_at, ends_at,
                           cancelled_at
                      FROM appointments
                    UNION ALL
                    SELECT 'owner', owner_id, tenant_id, id, office_id, owner_id, is_private, starts_at, ends_at,
                           cancelled_at
                      FROM appointments
                    UNION ALL
                    SELECT 'creator', created_by, tenant_id, id, office_id, owner_id, is_private, starts_at, ends_at,
                           cancelled_at
                      FROM appointments
                  ) AS a
                 WHERE a.tenant_id = $1 AND a.kind = reach.kind AND a.reached = reach.id
                   AND (a.starts_at, a.id) > ($5, $6) AND a.starts_at < $8 AND a.ends_at > $7
                   AND a.cancelled_at IS NULL
                   AND (reach.kind <> 'creator' OR $11 OR a.office_id = ANY ($12::uuid[])
                        OR a.owner_id = ANY ($13::uuid[]))
                   AND ($9::uuid IS NULL OR a.owner_id = $9
                        OR ((reach.kind = 'creator' OR (reach.in_full AND NOT a.is_private))
                            AND EXISTS (SELECT FROM appointment_people
                                         WHERE tenant_id = $1 AND appointment_id = a.id AND user_id = $9)))
                 ORDER BY a.starts_at, a.id
                 LIMIT $10) AS found
             UNION
            SELECT found.id, found.starts_at
              FROM unnest($14::uuid[]) AS person (id)
             CROSS JOIN LATERAL (
                SELECT a.id, p.starts_at
                  FROM appointment_people AS p
                 CROSS JOIN LATERAL (
                    SELECT id, owner_id
                      FROM appointments
                     WHERE tenant_id = $1 AND id = p.appointment_id AND ends_at > $7 AND cancelled_at IS NULL
                       AND (NOT is_private OR person.id = $15)
                     LIMIT 1) AS a
                 WHERE p.tenant_id = $1 AND p.user_id = person.id
                   AND (p.starts_at, p.appointment_id) > ($5, $6) AND p.starts_at < $8 AND p.ends_at > $7
                   AND ($9 IS NULL OR a.owner_id = $9
                        OR EXISTS (SELECT FROM appointment_people
                                    WHERE tenant_id = $1 AND appointment_id = a.id AND user_id = $9))
                 ORDER BY p.starts_at, p.appointment_id
                 LIMIT $10) AS found
             ORDER BY starts_at, id
             LIMIT $10
        )
        SELECT a.*,
               ARRAY(SELECT contact_id FROM appointment_contacts
                      WHERE tenant_id = $1 AND appointment_id = shown.id) AS contacts,
               ARRAY(SELECT user_id FROM appointment_people
                      WHERE tenant_id = $1 AND appointment_id = shown.id) AS people,
               ARRAY(SELECT (email, display_name, locale) FROM appointment_guests
                      WHERE tenant_id = $1 AND appointment_id = shown.id) AS guests
          FROM shown
         CROSS JOIN LATERAL (
            SELECT id, kind, title, note, place, office_id, owner_id, created_by, listing_id, inquiry_id, is_private,
                   timezone, starts_local, ends_local, starts_at, ends_at, cancelled_at, version, created_at,
                   updated_at
              FROM appointments
             WHERE tenant_id = $1 AND id = shown.id
             LIMIT 1) AS a
         ORDER BY shown.starts_at, shown.id
        """,
        tx.tenant_id,
        kinds,
        ids,
        views,
        begun,
        last,
        asked.start,
        asked.end,
        asked.user_id,
        limit,
        created.unlimited,
        list(created.offices),
        list(created.owners),
        list(snapshot.scope(domain.READ).owners | {snapshot.user_id}),
        snapshot.user_id,
    )
    return [_appointment(row) for row in rows]


async def taken(tx: Transaction, snapshot: AccessSnapshot, people: Sequence[UserId], asked: Period) -> Sequence[Span]:
    """Return when these people are busy, as far as the caller's reach goes to them; nothing of why."""
    scope = snapshot.scope(domain.READ)
    rows = await tx.rows(
        """
        SELECT p.user_id, a.starts_at, a.ends_at
          FROM unnest($2::uuid[]) AS asked (id)
          LEFT JOIN people AS person ON person.tenant_id = $1 AND person.id = asked.id
          JOIN appointment_people AS p ON p.tenant_id = $1 AND p.user_id = asked.id
           AND p.starts_at > $3::timestamptz - interval '744 hours' AND p.starts_at < $4 AND p.ends_at > $3
          JOIN appointments AS a ON (a.tenant_id, a.id) = (p.tenant_id, p.appointment_id)
         WHERE a.ends_at > $3 AND a.cancelled_at IS NULL
           AND ($5 OR asked.id = ANY ($6::uuid[]) OR person.principal_office_id = ANY ($7::uuid[]))
         ORDER BY p.user_id, a.starts_at, a.ends_at
        """,
        tx.tenant_id,
        list(dict.fromkeys(people)),
        asked.start,
        asked.end,
        scope.everything is not None,
        list(scope.owners | {snapshot.user_id}),
        list(scope.offices | scope.public_offices),
    )
    return [Span(**dict(row)) for row in rows]


def _reaches(snapshot: AccessSnapshot) -> tuple[list[str], list[UUID], list[bool]]:
    """Return which indexes to walk: kinds, ids, and whether each shows more than that somebody is busy."""
    scope = snapshot.scope(domain.READ)
    found: list[tuple[str, UUID, bool]] = [("creator", snapshot.user_id, True)]
    if scope.everything:
        found.append(("whole", snapshot.tenant_id, scope.everything is View.FULL))
    found += [("office", office, True) for office in scope.offices]
    found += [("office", office, False) for office in scope.public_offices]
    found += [("owner", person, True) for person in scope.owners]
    return [kind for kind, _, _ in found], [each for _, each, _ in found], [full for _, _, full in found]


def _values(appointment: Appointment) -> Sequence[object]:
    return (
        appointment.id,
        appointment.kind,
        appointment.title,
        appointment.note,
        appointment.place,
        appointment.office_id,
        appointment.owner_id,
        appointment.listing_id,
        appointment.inquiry_id,
        appointment.is_private,
        appointment.timezone,
        appointment.starts_local,
        appointment.ends_local,
        appointment.starts_at,
        appointment.ends_at,
        appointment.cancelled_at,
        appointment.version,
        appointment.updated_at,
    )


def _appointment(row: Row) -> Appointment:
    values: dict[str, Any] = dict(row)
    people = frozenset[UserId](values.pop("people"))
    guests, kind = frozenset(Guest(*guest) for guest in values.pop("guests")), Kind(values.pop("kind"))
    contacts = frozenset[ContactId](values.pop("contacts"))
    return Appointment(**values, kind=kind, contacts=contacts, guests=guests, attendees=people - {values["owner_id"]})
