"""What recipients chose, what the agency usually sends, and everything that a decision looks at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.chassis.database import Queries, Row, Transaction
from services.contracts.vocabulary import TenantId, UserId, UserState
from services.notifications.domain.delivery import Category
from services.notifications.domain.preference import Standing
from services.notifications.domain.recipient import Choices
from services.notifications.domain.suppression import digest_of


@dataclass(frozen=True, slots=True)
class Asked:
    """Whether whom, by which address, gets mail of which category, sent by whom; None for the agency's system."""

    tenant_id: TenantId
    recipient_id: UUID
    address: str
    category: Category
    sender_id: UserId | None


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
    asked = [Asked(tx.tenant_id, recipient, address, category, sender_id) for recipient, address in addresses.items()]
    return dict(zip(addresses, await standings_across(tx, asked), strict=True))


async def standings_across(queries: Queries, asked: Sequence[Asked]) -> Sequence[Standing]:
    """Return the same of recipients of several agencies, in their order. No scope: as above.

    Each table is looked up by key for each recipient: joined, a large one would be read as a whole, as it would be
    by `coalesce`, which PostgreSQL takes for leaky and therefore asks only behind the tenant fence.
    """
    rows = await queries.rows(
        """
        SELECT r.state,
               coalesce(r.receives, true)
                   AND coalesce(
                       (SELECT receives FROM recipients WHERE tenant_id = asked.tenant_id AND id = a.contact_id), true)
                   AS receives,
               coalesce((SELECT sends FROM recipients WHERE tenant_id = asked.tenant_id AND id = asked.sender_id), true)
                   AS sender_sends,
               EXISTS (SELECT FROM suppressions AS s
                        WHERE s.tenant_id = asked.tenant_id AND s.address_hash = asked.address_hash
                          AND s.expires_at > now() AND (s.severity = 'hard' OR s.bounces >= 3)) AS suppressed,
               (SELECT wanted FROM preferences
                 WHERE tenant_id = asked.tenant_id AND category = asked.category
                   AND recipient_id = CASE WHEN a.contact_id IS NULL THEN asked.recipient_id ELSE a.contact_id END)
                   AS choice,
               (SELECT wanted FROM default_preferences
                 WHERE tenant_id = asked.tenant_id AND category = asked.category) AS agency_default
          FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::text[], $5::uuid[])
               WITH ORDINALITY AS asked (tenant_id, recipient_id, address_hash, category, sender_id, place)
          LEFT JOIN recipients AS r ON r.tenant_id = asked.tenant_id AND r.id = asked.recipient_id
          LEFT JOIN sub_accounts AS a
                 ON a.tenant_id = asked.tenant_id AND a.user_id = asked.recipient_id AND a.granted
         ORDER BY asked.place
        """,
        [one.tenant_id for one in asked],
        [one.recipient_id for one in asked],
        [digest_of(one.tenant_id, one.address) for one in asked],
        [one.category for one in asked],
        [one.sender_id for one in asked],
    )
    return [_standing(row) for row in rows]


def _standing(row: Row) -> Standing:
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
    # In one order: whoever does the same at the same time waits, and is not waited for
    for category, wanted in sorted(chosen.items()):
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
