"""Rows of sub-accounts: which user is which contact."""

from uuid import UUID

from services.chassis.database import Transaction
from services.contracts.identity_events import SubAccountGranted, SubAccountRevoked


async def follow(tx: Transaction, event: SubAccountGranted | SubAccountRevoked) -> None:
    """Take over whether a contact may sign in, unless a later version is known."""
    await tx.execute(
        """
        INSERT INTO sub_accounts AS s (tenant_id, user_id, contact_id, version, granted) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (tenant_id, user_id) DO UPDATE
           SET contact_id = excluded.contact_id, version = excluded.version, granted = excluded.granted
         WHERE s.version < excluded.version
        """,
        tx.tenant_id,
        event.user_id,
        event.contact_id,
        event.version,
        isinstance(event, SubAccountGranted),
    )


async def contact_of(tx: Transaction, user_id: UUID) -> UUID | None:
    """Return the contact that a user is, None for everybody else."""
    return await tx.value(
        "SELECT contact_id FROM sub_accounts WHERE tenant_id = $1 AND user_id = $2 AND granted", tx.tenant_id, user_id
    )


async def user_of(tx: Transaction, contact_id: UUID) -> UUID | None:
    """Return the user as whom a contact signs in, None for one that does not."""
    return await tx.value(
        "SELECT user_id FROM sub_accounts WHERE tenant_id = $1 AND contact_id = $2 AND granted",
        tx.tenant_id,
        contact_id,
    )
