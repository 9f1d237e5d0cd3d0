"""Rows of guests: recipients of whom an appointment knows an address and nothing else."""

from collections.abc import Collection
from uuid import UUID

from services.chassis.database import Queries, Transaction
from services.contracts.records_events import Guest


async def welcome(tx: Transaction, guest_id: UUID, guest: Guest) -> None:
    """Take over whom an appointment names, unless we know that person otherwise."""
    await tx.execute(
        """
        INSERT INTO recipients AS r (tenant_id, id, kind, facts_version, display_name, email, locale, state)
        VALUES ($1, $2, 'guest', 0, $3, $4, $5, 'active')
        ON CONFLICT (tenant_id, id) DO UPDATE
           SET display_name = excluded.display_name, email = excluded.email, locale = excluded.locale
         WHERE r.kind = 'guest'
        """,
        tx.tenant_id,
        guest_id,
        guest.display_name or guest.email,
        guest.email,
        guest.locale,
    )


async def forget(tx: Transaction, people: Collection[UUID]) -> None:
    """Forget those of these people who are guests, of no other appointment to come; their mails stay in the history."""
    await tx.execute(
        """
        DELETE FROM recipients AS r
         WHERE tenant_id = $1 AND id = ANY ($2::uuid[]) AND kind = 'guest'
           AND NOT EXISTS (SELECT FROM appointment_people AS p
                            WHERE p.tenant_id = $1 AND p.user_id = r.id AND p.ends_at > now())
        """,
        tx.tenant_id,
        list(people),
    )


async def purge(queries: Queries, limit: int) -> int:
    """Forget up to `limit` guests of whom no mail, no choice and no appointment to come is left; return how many."""
    return await queries.execute(
        """
        DELETE FROM recipients
         WHERE kind = 'guest' AND (tenant_id, id) IN (
               SELECT tenant_id, id FROM recipients AS r
                WHERE kind = 'guest'
                  AND NOT EXISTS (SELECT FROM deliveries AS d
                                   WHERE d.tenant_id = r.tenant_id AND d.recipient_user_id = r.id)
                  AND NOT EXISTS (SELECT FROM preferences AS p
                                   WHERE p.tenant_id = r.tenant_id AND p.recipient_id = r.id)
                  AND NOT EXISTS (SELECT FROM appointment_people AS p
                                   WHERE p.tenant_id = r.tenant_id AND p.user_id = r.id AND p.ends_at > now())
                LIMIT $1
                  FOR UPDATE SKIP LOCKED)
        """,
        limit,
    )
