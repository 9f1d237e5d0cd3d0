"""What recipients chose, what the agency usually sends, and everything that a decision looks at."""

from collections.abc import Mapping
from uuid import UUID

from services.chassis.database import Transaction
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
    row = await tx.row(
        """
        SELECT r.state,
               coalesce(r.receives, true) AND coalesce(c.receives, true) AS receives,
               coalesce(s.sends, true) AS sender_sends,
               EXISTS (SELECT FROM suppressions
                        WHERE tenant_id = $1 AND address_hash = $3 AND expires_at > now()
                          AND (severity = 'hard' OR bounces >= 3)) AS suppressed,
               p.wanted AS choice,
               d.wanted AS agency_default
          FROM (SELECT $1::uuid AS tenant_id) AS asked
          LEFT JOIN recipients AS r ON r.tenant_id = asked.tenant_id AND r.id = $2
          LEFT JOIN recipients AS s ON s.tenant_id = asked.tenant_id AND s.id = $5
          LEFT JOIN sub_accounts AS a ON a.tenant_id = asked.tenant_id AND a.user_id = $2 AND a.granted
          LEFT JOIN recipients AS c ON c.tenant_id = asked.tenant_id AND c.id = a.contact_id
          LEFT JOIN preferences AS p
                 ON p.tenant_id = asked.tenant_id AND p.recipient_id = coalesce(a.contact_id, $2) AND p.category = $4
          LEFT JOIN default_preferences AS d ON d.tenant_id = asked.tenant_id AND d.category = $4
        """,
        tx.tenant_id,
        recipient_id,
        digest_of(tx.tenant_id, address),
        category,
        sender_id,
    )
    if row is None:
        return Standing()
    # Mail and picture come by queues of their own: somebody whose picture is still on its way counts as active.
    columns = {name: value for name, value in row.items() if name != "state"}
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
