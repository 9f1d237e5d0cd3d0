"""Who takes part in appointments, as rows: users, contacts, and addresses of others."""

from collections.abc import Sequence
from typing import Final, LiteralString
from uuid import UUID

from services.chassis.database import Transaction
from services.contracts.vocabulary import ContactId
from services.records.domain.appointment import Appointment

_LEAVING_PEOPLE: Final[LiteralString] = """
DELETE FROM appointment_people
 WHERE tenant_id = $1 AND appointment_id = $2
   AND NOT (user_id = ANY ($3::uuid[]) AND starts_at = $4 AND ends_at = $5)
"""
_PEOPLE: Final[LiteralString] = """
INSERT INTO appointment_people (tenant_id, appointment_id, user_id, starts_at, ends_at)
SELECT $1, $2, person, $4, $5 FROM unnest($3::uuid[]) AS person
    ON CONFLICT DO NOTHING
"""
_LEAVING_CONTACTS: Final[LiteralString] = """
DELETE FROM appointment_contacts
 WHERE tenant_id = $1 AND appointment_id = $2 AND contact_id <> ALL ($3::uuid[])
"""
_CONTACTS: Final[LiteralString] = """
INSERT INTO appointment_contacts (tenant_id, appointment_id, contact_id)
SELECT $1, $2, contact FROM unnest($3::uuid[]) AS contact
    ON CONFLICT DO NOTHING
"""
_LEAVING_GUESTS: Final[LiteralString] = """
DELETE FROM appointment_guests
 WHERE tenant_id = $1 AND appointment_id = $2
   AND (email, display_name, locale) NOT IN (SELECT * FROM unnest($3::text[], $4::text[], $5::text[]))
"""
_GUESTS: Final[LiteralString] = """
INSERT INTO appointment_guests (tenant_id, appointment_id, email, display_name, locale)
SELECT $1, $2, guest.* FROM unnest($3::text[], $4::text[], $5::text[]) AS guest
    ON CONFLICT DO NOTHING
"""


async def save(tx: Transaction, appointment: Appointment) -> None:
    """Write who takes part in an appointment, in place of who did; what stays is not touched, nor what it refers to."""
    guests = sorted(appointment.guests)
    people = list(appointment.people), appointment.starts_at, appointment.ends_at
    named = (
        [guest.email for guest in guests],
        [guest.display_name for guest in guests],
        [guest.locale for guest in guests],
    )
    contacts = (list(appointment.contacts),)
    written: tuple[tuple[LiteralString, Sequence[object]], ...] = (
        (_LEAVING_PEOPLE, people),
        (_PEOPLE, people),
        (_LEAVING_CONTACTS, contacts),
        (_CONTACTS, contacts),
        (_LEAVING_GUESTS, named),
        (_GUESTS, named),
    )
    for statement, values in written:
        await tx.execute(statement, tx.tenant_id, appointment.id, *values)


async def meets(tx: Transaction, contact_id: UUID, *, besides: UUID) -> bool:
    """Say whether a contact takes part in an appointment that is not only about one inquiry."""
    return await tx.value(
        """
        SELECT EXISTS (
            SELECT FROM appointment_contacts AS taking_part
              JOIN appointments AS a ON (a.tenant_id, a.id) = (taking_part.tenant_id, taking_part.appointment_id)
             WHERE taking_part.tenant_id = $1 AND taking_part.contact_id = $2
               AND (a.inquiry_id IS DISTINCT FROM $3 OR a.listing_id IS NOT NULL))
        """,
        tx.tenant_id,
        contact_id,
        besides,
    )


async def leave_untold(tx: Transaction, appointment: Appointment) -> None:
    """Take everybody who is no guest of an appointment out of the events about it that wait to be published.

    What is being published this moment is locked, and left as it is.
    """
    await tx.execute(
        """
        UPDATE outbox AS waiting
           SET data = jsonb_set(data, '{guests}', (
                   SELECT coalesce(jsonb_agg(guest), '[]')
                     FROM jsonb_array_elements(data -> 'guests') AS guest
                    WHERE guest ->> 'contact_id' = ANY ($3::text[])
                       OR (guest ->> 'contact_id' IS NULL AND guest ->> 'email' = ANY ($4::text[]))))
         WHERE tenant_id = $1
           AND seq IN (SELECT seq FROM outbox
                        WHERE tenant_id = $1 AND data ->> 'appointment_id' = $2
                          FOR UPDATE SKIP LOCKED)
        """,
        tx.tenant_id,
        str(appointment.id),
        list(map(str, appointment.contacts)),
        [guest.email for guest in appointment.guests],
    )


async def addressed(tx: Transaction, appointment_id: UUID) -> Sequence[tuple[ContactId, str, str, str | None]]:
    """Return id, name, address and language of the contacts who take part and have an address.

    No scope: they are invited by who may open them; what is told of them goes to themselves.
    """
    rows = await tx.rows(
        """
        SELECT c.id, c.name, c.emails[1] AS email, c.language
          FROM appointment_contacts AS a
          JOIN contacts AS c ON (c.tenant_id, c.id) = (a.tenant_id, a.contact_id)
         WHERE a.tenant_id = $1 AND a.appointment_id = $2 AND c.emails <> '{}'
         ORDER BY c.id
        """,
        tx.tenant_id,
        appointment_id,
    )
    return [(row["id"], row["name"], row["email"], row["language"]) for row in rows]
