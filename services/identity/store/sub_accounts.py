"""Rows of which person a contact signs in as."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.chassis.cursor import Cursor
from services.chassis.database import Row, Transaction
from services.contracts.vocabulary import UserId, UserState


@dataclass(frozen=True, slots=True)
class SubAccount:
    """A contact and the person it signs in as; a ghost no longer does."""

    contact_id: UUID
    user_id: UserId
    state: UserState
    version: int
    """Of the person."""
    created_at: datetime

    @property
    def granted(self) -> bool:
        """Say whether the contact has an account now."""
        return self.state is not UserState.GHOST


async def insert(tx: Transaction, contact_id: UUID, user_id: UserId) -> None:
    """Link a contact to the person it signs in as; hold the licence, so that it happens once."""
    await tx.execute(
        "INSERT INTO sub_accounts (tenant_id, contact_id, user_id) VALUES ($1, $2, $3)",
        tx.tenant_id,
        contact_id,
        user_id,
    )


async def find(tx: Transaction, contact_id: UUID) -> SubAccount | None:
    """Return a contact's account, also one that was taken away. No scope: handlers ask for admin.agents.manage."""
    row = await tx.row(
        """
        SELECT s.contact_id, s.user_id, u.state, u.version, u.created_at
          FROM sub_accounts s JOIN users u ON (u.tenant_id, u.id) = (s.tenant_id, s.user_id)
         WHERE s.tenant_id = $1 AND s.contact_id = $2
        """,
        tx.tenant_id,
        contact_id,
    )
    return _account(row) if row else None


async def contact_of(tx: Transaction, user_id: UserId) -> UUID | None:
    """Return which contact a person is the account of, or None."""
    return await tx.value(
        "SELECT contact_id FROM sub_accounts WHERE tenant_id = $1 AND user_id = $2", tx.tenant_id, user_id
    )


async def page(tx: Transaction, *, after: Cursor, limit: int) -> Sequence[SubAccount]:
    """Return up to `limit` accounts of contacts, newest first, also those taken away. No scope: as `find`."""
    rows = await tx.rows(
        """
        SELECT s.contact_id, s.user_id, u.state, u.version, u.created_at
          FROM users u JOIN sub_accounts s ON (s.tenant_id, s.user_id) = (u.tenant_id, u.id)
         WHERE u.tenant_id = $1 AND (u.created_at, u.id) < ($2, $3)
         ORDER BY u.created_at DESC, u.id DESC
         LIMIT $4
        """,
        tx.tenant_id,
        after.at,
        after.id,
        limit,
    )
    return [_account(row) for row in rows]


def _account(row: Row) -> SubAccount:
    return SubAccount(
        contact_id=row["contact_id"],
        user_id=row["user_id"],
        state=UserState(row["state"]),
        version=row["version"],
        created_at=row["created_at"],
    )
