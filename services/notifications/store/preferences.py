"""What recipients chose, what the agency usually sends, and everything that a decision looks at."""

from collections.abc import Mapping
from uuid import UUID

from services.chassis.database import Row, Transaction
from services.contracts.vocabulary import UserId, UserState
from services.notifications.domain.delivery import Category
from services.notifications.domain.preference import Standing
from services.notifications.domain.recipient import Choices
from services.notifications.domain.suppression import digest_of


async def standing(
    tx: Transaction, recipient_id: UUID, address: str, category: Category, sender_id: UserId | None
) -> Standing:
    """Return all that decides whether somebody gets a mail; of a sub-account, what its contact chose (SB-25).

    No scope: it is asked by the sender of mail, by the recipient, or the permission to manage was checked.
    """
    return (await standings(tx, {recipient_id: address}, category, sender_id))[recipient_id]


async def standings(
    tx: Transaction, addresses: Mapping[UUID, str], category: Category, sender_id: UserId | None
) -> Mapping[UUID, Standing]:
    """Return the same of several recipients, given where their mail goes. No scope: as above."""
    rows = await tx.rows(
        """
        SELECT asked.recipient_id,
               r.state,
               coalesce(r.receives, true) AND coalesce(c.receives, true) AS receives,
               coalesce((SELECT sends FROM recipients WHERE tenant_id = $1 AND id = $5), true) AS sender_sends,
               EXISTS (SELECT FROM suppressions AS s
                        WHERE s.tenant_id = $1 AND s.address_hash = asked.address_hash AND s.expires_at > now()
                          AND (s.severity = 'hard' OR s.bounces >= 3)) AS suppressed,
               p.wanted AS choice,
               (SELECT wanted FROM default_preferences WHERE tenant_id = $1 AND category = $4) AS agency_default
          FROM unnest($2::uuid[], $3::bytea[]) AS asked (recipient_id, address_hash)
          LEFT JOIN recipients AS r ON r.tenant_id = $1 AND r.id = asked.recipient_id
          LEFT JOIN sub_accounts AS a ON a.tenant_id = $1 AND a.user_id = asked.recipient_id AND a.granted
          LEFT JOIN recipients AS c ON c.tenant_id = $1 AND c.id = a.contact_id
          LEFT JOIN preferences AS p
                 ON p.tenant_id = $1 AND p.recipient_id = coalesce(a.contact_id, asked.recipient_id)
                AND p.category = $4
        """,
        tx.tenant_id,
        list(addresses),
        [digest_of(tx.tenant_id, address) for address in addresses.values()],
        category,
        sender_id,
    )
    return {row["recipient_id"]: _standing(row) for row in rows}


def _standing(row: Row) -> Standing:
    # Mail and picture come by queues of their own: somebody whose picture is still on its way counts as active.
    columns = {name: value for name, value in row.items() if name not in {"recipient_id", "state"}}
    return Standing(state=UserState(row["state"] or UserState.ACTIVE), **columns)


async def choices_of(tx: Transaction, recipient_id: UUID) -> Choices:
    """Return what somebody chose. No scope: it is the caller, or the permission to manage was checked."""
    rows = await tx.rows(
        "SELECT category, wanted FROM preferences WHERE tenant_id = $1 AND recipient_id = $2",
        tx.tenant_id,
        recipient_id,
    )
    return {Category(row["category"]): row["wanted"] for row in rows}


async def choose(tx: Transaction, recipient_id: UUID, category: Category, *, wanted: bool | None) -> bool:
    """Keep a choice, or forget it for None; say whether that changed anything."""
    if wanted is None:
        return bool(
            await tx.execute(
                "DELETE FROM preferences WHERE tenant_id = $1 AND recipient_id = $2 AND category = $3",
                tx.tenant_id,
                recipient_id,
                category,
            )
        )
    return bool(
        await tx.execute(
            """
            INSERT INTO preferences AS p (tenant_id, recipient_id, category, wanted)
            VALUES ($1, $2, $3, $4)
            ON CONFLICT (tenant_id, recipient_id, category) DO UPDATE
               SET wanted = excluded.wanted, changed_at = now()
             WHERE p.wanted <> excluded.wanted
            """,
            tx.tenant_id,
            recipient_id,
            category,
            wanted,
        )
    )


async def defaults(tx: Transaction) -> Choices:
    """Return what the agency usually sends. No scope: everybody in the agency may know it."""
    rows = await tx.rows("SELECT category, wanted FROM default_preferences WHERE tenant_id = $1", tx.tenant_id)
    return {Category(row["category"]): row["wanted"] for row in rows}


async def set_defaults(tx: Transaction, chosen: Mapping[Category, bool | None]) -> None:
    """Keep what the agency usually sends; None goes back to the system's own default."""
    for category, wanted in chosen.items():
        if wanted is None:
            await tx.execute(
                "DELETE FROM default_preferences WHERE tenant_id = $1 AND category = $2", tx.tenant_id, category
            )
        else:
            await tx.execute(
                """
                INSERT INTO default_preferences (tenant_id, category, wanted) VALUES ($1, $2, $3)
                ON CONFLICT (tenant_id, category) DO UPDATE SET wanted = excluded.wanted
                """,
                tx.tenant_id,
                category,
                wanted,
            )
