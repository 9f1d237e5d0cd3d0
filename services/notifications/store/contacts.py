"""Rows of contacts: their cards, beside the recipients that they are."""

from uuid import UUID

from services.chassis.database import Transaction
from services.notifications.domain.recipient import Contact, ContactCard, HasAccount, HasMail
from services.notifications.store import sub_accounts
from services.notifications.store.recipients import expect, recipient_of


async def insert(tx: Transaction, contact_id: UUID, card: ContactCard) -> None:
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


async def change(tx: Transaction, contact_id: UUID, card: ContactCard, version: int) -> None:
    """Change a contact's card. Raises NotFound, Stale."""
    await expect(
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


async def find(tx: Transaction, contact_id: UUID) -> Contact | None:
    """Return a contact with the card. No scope: the permission to manage was checked."""
    row = await tx.row(
        """
        SELECT r.id, kind, display_name, email, locale, state, receives, sends, sender_address, card_sender_address,
               r.version, created_at, given_name, family_name, company, telephone, address_1, address_2, city, province,
               postcode, s.user_id AS account_user_id
          FROM recipients AS r
          JOIN contacts AS c ON (c.tenant_id, c.id) = (r.tenant_id, r.id)
          LEFT JOIN sub_accounts AS s ON (s.tenant_id, s.contact_id) = (r.tenant_id, r.id) AND s.granted
         WHERE r.tenant_id = $1 AND r.id = $2
        """,
        tx.tenant_id,
        contact_id,
    )
    if row is None:
        return None
    card = ContactCard(**{name: row[name] for name in ContactCard.__dataclass_fields__})
    return Contact(recipient_of(row), card, row["account_user_id"])


async def delete(tx: Transaction, contact_id: UUID, version: int) -> None:
    """Remove a contact with all preferences; the communication history stays.

    Raises NotFound, Stale, HasMail, HasAccount. Whoever writes to it at the same time has done so when it is asked.
    """
    await tx.execute("SELECT FROM recipients WHERE tenant_id = $1 AND id = $2 FOR UPDATE", tx.tenant_id, contact_id)
    if await sub_accounts.user_of(tx, contact_id) is not None:
        raise HasAccount
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
    await expect(tx, contact_id, removed)


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
