"""Rows of recipients: the picture of users that identity tells, and contacts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.chassis.cursor import Cursor
from services.chassis.database import Queries, Row, Transaction
from services.chassis.problems import NotFound, Stale
from services.contracts.identity_events import UserFacts
from services.contracts.vocabulary import TenantId, UserId, UserKind, UserState
from services.notifications.domain.recipient import ContactCard, HasMail, Kind, Recipient, Switches


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


async def find(tx: Transaction, recipient_id: UUID) -> Recipient | None:
    """Return a recipient. No scope: it is the caller, or the permission to manage was checked."""
    row = await tx.row(
        """
        SELECT id, kind, display_name, email, locale, state, receives, sends, sender_address, version, created_at
          FROM recipients
         WHERE tenant_id = $1 AND id = $2
        """,
        tx.tenant_id,
        recipient_id,
    )
    return _recipient(row) if row else None


async def page(tx: Transaction, kind: Kind | None, after: Cursor, limit: int) -> Sequence[Recipient]:
    """Return up to `limit` recipients, latest first. No scope: the permission to manage was checked."""
    rows = await tx.rows(
        """
        SELECT id, kind, display_name, email, locale, state, receives, sends, sender_address, version, created_at
          FROM recipients
         WHERE tenant_id = $1 AND ($2::text IS NULL OR kind = $2) AND (created_at, id) < ($3, $4)
         ORDER BY created_at DESC, id DESC
         LIMIT $5
        """,
        tx.tenant_id,
        kind,
        after.at,
        after.id,
        limit,
    )
    return [_recipient(row) for row in rows]


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
    await _expect(
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
    await _expect(
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


async def insert_contact(tx: Transaction, contact_id: UUID, card: ContactCard) -> None:
    """Add a contact, who gets mail and never signs in."""
    await tx.execute(
        """
        INSERT INTO recipients (tenant_id, id, kind, facts_version, display_name, email, locale, state)
        VALUES ($1, $2, 'contact', 0, $3, $4, $5, 'active')
        """,
        tx.tenant_id,
        contact_id,
        card.display_name,
        card.email,
        card.locale,
    )
    await tx.execute(
        """
        INSERT INTO contacts (tenant_id, id, given_name, family_name, company, telephone,
                              address_1, address_2, city, province, postcode)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """,
        tx.tenant_id,
        contact_id,
        *_details(card),
    )


async def change_contact(tx: Transaction, contact_id: UUID, card: ContactCard, version: int) -> None:
    """Change a contact's card. Raises NotFound, Stale."""
    await _expect(
        tx,
        contact_id,
        await tx.execute(
            """
            UPDATE recipients
               SET display_name = $3, email = $4, locale = $5, version = version + 1
             WHERE tenant_id = $1 AND id = $2 AND version = $6 AND kind = 'contact'
            """,
            tx.tenant_id,
            contact_id,
            card.display_name,
            card.email,
            card.locale,
            version,
        ),
    )
    await tx.execute(
        """
        UPDATE contacts
           SET given_name = $3, family_name = $4, company = $5, telephone = $6, address_1 = $7, address_2 = $8,
               city = $9, province = $10, postcode = $11
         WHERE tenant_id = $1 AND id = $2
        """,
        tx.tenant_id,
        contact_id,
        *_details(card),
    )


async def find_card(tx: Transaction, contact_id: UUID) -> tuple[Recipient, ContactCard] | None:
    """Return a contact with the card. No scope: the permission to manage was checked."""
    row = await tx.row(
        """
        SELECT r.id, kind, display_name, email, locale, state, receives, sends, sender_address, version, created_at,
               given_name, family_name, company, telephone, address_1, address_2, city, province, postcode
          FROM recipients AS r
          JOIN contacts AS c ON (c.tenant_id, c.id) = (r.tenant_id, r.id)
         WHERE r.tenant_id = $1 AND r.id = $2
        """,
        tx.tenant_id,
        contact_id,
    )
    if row is None:
        return None
    return _recipient(row), ContactCard(**{name: row[name] for name in ContactCard.__dataclass_fields__})


async def delete_contact(tx: Transaction, contact_id: UUID, version: int) -> None:
    """Remove a contact with all preferences; the communication history stays. Raises NotFound, Stale, HasMail."""
    if await tx.value(
        """
        SELECT EXISTS (SELECT FROM deliveries
                        WHERE tenant_id = $1 AND recipient_user_id = $2 AND next_try_at IS NOT NULL)
        """,
        tx.tenant_id,
        contact_id,
    ):
        raise HasMail
    removed = await tx.execute(
        "DELETE FROM recipients WHERE tenant_id = $1 AND id = $2 AND version = $3 AND kind = 'contact'",
        tx.tenant_id,
        contact_id,
        version,
    )
    await _expect(tx, contact_id, removed)


async def _expect(tx: Transaction, recipient_id: UUID, touched: int) -> None:
    if touched:
        return
    if await find(tx, recipient_id) is None:
        raise NotFound
    raise Stale


def _details(card: ContactCard) -> tuple[str, ...]:
    return (
        card.given_name,
        card.family_name,
        card.company,
        card.telephone,
        card.address_1,
        card.address_2,
        card.city,
        card.province,
        card.postcode,
    )


def _recipient(row: Row) -> Recipient:
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
        version=row["version"],
        created_at=row["created_at"],
    )
