"""Who takes part in appointments, as rows: users, contacts, and addresses of others."""

from collections.abc import Sequence
from uuid import UUID

from services.chassis.database import Transaction
from services.contracts.vocabulary import ContactId
from services.records.domain.appointment import Appointment


async def save(tx: Transaction, appointment: Appointment) -> None:
    """Write who takes part in an appointment, in place of who did."""
    for statement in (
        "DELETE FROM appointment_people WHERE tenant_id = $1 AND appointment_id = $2",
        "DELETE FROM appointment_contacts WHERE tenant_id = $1 AND appointment_id = $2",
        "DELETE FROM appointment_guests WHERE tenant_id = $1 AND appointment_id = $2",
    ):
        await tx.execute(statement, tx.tenant_id, appointment.id)
    guests = sorted(appointment.guests)
    await tx.execute(
        """
        INSERT INTO appointment_people (tenant_id, appointment_id, user_id, starts_at, ends_at)
        SELECT $1, $2, person, $4, $5 FROM unnest($3::uuid[]) AS person
        """,
        tx.tenant_id,
        appointment.id,
        list(appointment.people),
        appointment.starts_at,
        appointment.ends_at,
    )
    await tx.execute(
        """
        INSERT INTO appointment_contacts (tenant_id, appointment_id, contact_id)
        SELECT $1, $2, contact FROM unnest($3::uuid[]) AS contact
        """,
        tx.tenant_id,
        appointment.id,
        list(appointment.contacts),
    )
    await tx.execute(
        """
        INSERT INTO appointment_guests (tenant_id, appointment_id, email, display_name, locale)
        SELECT $1, $2, guest.* FROM unnest($3::text[], $4::text[], $5::text[]) AS guest
        """,
        tx.tenant_id,
        appointment.id,
        [guest.email for guest in guests],
        [guest.display_name for guest in guests],
        [guest.locale for guest in guests],
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
