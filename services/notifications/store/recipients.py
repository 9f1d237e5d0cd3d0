"""Rows of recipients: the picture of users that identity tells, and contacts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.chassis.cursor import Cursor
from services.chassis.database import Queries, Row, Transaction
from services.chassis.problems import NotFound, Stale
from services.contracts.identity_events import UserFacts
from services.contracts.vocabulary import TenantId, UserId, UserKind, UserState
from services.notifications.domain.recipient import Kind, Recipient, Switches


async def follow(tx: Transaction, user: UserFacts) -> bool:
    """Take over what identity tells of a user, unless a later version is known; say whether it was news."""
    return bool(
        await tx.execute(
            """
            INSERT INTO recipients AS r (
                tenant_id, id, kind, facts_version, display_name, email, locale, state, ends_at)
            VALUES ($1, $2, 'user', $3, $4, $5, $6, $7, $8)
            ON CONFLICT (tenant_id, id) DO UPDATE
               SET facts_version = excluded.facts_version, display_name = excluded.display_name,
                   email = excluded.email, locale = excluded.locale, state = excluded.state, ends_at = excluded.ends_at
             WHERE r.facts_version < excluded.facts_version
            """,
            tx.tenant_id,
            user.user_id,
            user.version,
            user.display_name,
            user.email,
            user.locale,
            user.state,
            user.ends_at if user.kind is UserKind.COLLEAGUE else None,
        )
    )


async def follow_card(tx: Transaction, user_id: UserId, version: int, sender_address: str | None) -> None:
    """Take over the sender address of an agent card, unless a later card is known."""
    await tx.execute(
        """
        UPDATE recipients SET card_version = $3, card_sender_address = $4
         WHERE tenant_id = $1 AND id = $2 AND card_version < $3
        """,
        tx.tenant_id,
        user_id,
        version,
        sender_address,
    )


async def find(tx: Transaction, recipient_id: UUID) -> Recipient | None:
    """Return a recipient. No scope: it is the caller, or the permission to manage was checked."""
    row = await tx.row(
        """
        SELECT id, kind, display_name, email, locale, state, receives, sends, sender_address, card_sender_address,
               version, created_at
          FROM recipients
         WHERE tenant_id = $1 AND id = $2
        """,
        tx.tenant_id,
        recipient_id,
    )
    return recipient_of(row) if row else None


async def several(tx: Transaction, recipient_ids: Iterable[UUID]) -> Mapping[UUID, Recipient]:
    """Return those of these recipients that there are. No scope: mail is written to them."""
    rows = await tx.rows(
        """
        SELECT id, kind, display_name, email, locale, state, receives, sends, sender_address, card_sender_address,
               version, created_at
          FROM recipients
         WHERE tenant_id = $1 AND id = ANY($2::uuid[])
        """,
        tx.tenant_id,
        list(recipient_ids),
    )
    return {row["id"]: recipient_of(row) for row in rows}


async def hold(tx: Transaction, recipient_ids: Iterable[UUID]) -> Mapping[UUID, Recipient]:
    """Return the same, none of whom can be removed before the transaction ends. No scope: as above."""
    rows = await tx.rows(
        """
        SELECT id, kind, display_name, email, locale, state, receives, sends, sender_address, card_sender_address,
               version, created_at
          FROM recipients
         WHERE tenant_id = $1 AND id = ANY($2::uuid[])
         ORDER BY id
           FOR KEY SHARE
        """,
        tx.tenant_id,
        list(recipient_ids),
    )
    return {row["id"]: recipient_of(row) for row in rows}


async def page(tx: Transaction, kind: Kind | None, after: Cursor, limit: int) -> Sequence[Recipient]:
    """Return up to `limit` recipients, latest first; guests only if asked for.

    No scope: the permission to manage was checked.
    """
    rows = await tx.rows(
        """
        SELECT id, kind, display_name, email, locale, state, receives, sends, sender_address, card_sender_address,
               version, created_at
          FROM recipients
         WHERE tenant_id = $1 AND (kind = $2 OR $2::text IS NULL AND kind <> 'guest') AND (created_at, id) < ($3, $4)
         ORDER BY created_at DESC, id DESC
         LIMIT $5
        """,
        tx.tenant_id,
        kind,
        after.at,
        after.id,
        limit,
    )
    return [recipient_of(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Ending:
    """Somebody whose account ends soon."""

    tenant_id: TenantId
    user_id: UserId
    email: str
    locale: str
    display_name: str
    ends_at: datetime


async def ending(queries: Queries, within: timedelta) -> Sequence[Ending]:
    """Return active colleagues whose accounts end soon. No scope: workers serve every tenant."""
    rows = await queries.rows(
        """
        SELECT tenant_id, id AS user_id, email, locale, display_name, ends_at
          FROM recipients
         WHERE ends_at BETWEEN now() AND now() + $1 AND state = 'active'
        """,
        within,
    )
    return [Ending(**row) for row in rows]


async def touch(tx: Transaction, recipient_id: UUID, version: int) -> None:
    """Raise a recipient's version, which the caller must know. Raises NotFound, Stale."""
    await expect(
        tx,
        recipient_id,
        await tx.execute(
            "UPDATE recipients SET version = version + 1 WHERE tenant_id = $1 AND id = $2 AND version = $3",
            tx.tenant_id,
            recipient_id,
            version,
        ),
    )


async def switch(tx: Transaction, recipient_id: UUID, switches: Switches, version: int) -> None:
    """Set a recipient's switches and sender address. Raises NotFound, Stale."""
    await expect(
        tx,
        recipient_id,
        await tx.execute(
            """
            UPDATE recipients
               SET receives = $3, sends = $4, sender_address = $5, version = version + 1
             WHERE tenant_id = $1 AND id = $2 AND version = $6
            """,
            tx.tenant_id,
            recipient_id,
            switches.receives,
            switches.sends,
            switches.sender_address,
            version,
        ),
    )


async def expect(tx: Transaction, recipient_id: UUID, touched: int) -> None:
    """Refuse an edit that touched no row. Raises NotFound, Stale."""
    if touched:
        return
    if await find(tx, recipient_id) is None:
        raise NotFound
    raise Stale


def recipient_of(row: Row) -> Recipient:
    """Return the recipient that a row shows."""
    return Recipient(
        id=row["id"],
        kind=Kind(row["kind"]),
        display_name=row["display_name"],
        email=row["email"],
        locale=row["locale"],
        state=UserState(row["state"]),
        receives=row["receives"],
        sends=row["sends"],
        sender_address=row["sender_address"],
        card_sender_address=row["card_sender_address"],
        version=row["version"],
        created_at=row["created_at"],
    )
