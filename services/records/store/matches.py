"""Listings to be compared with what is searched for, what they answer, and who has been told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, LiteralString
from uuid import UUID

from services.chassis.database import Queries, Transaction
from services.contracts.vocabulary import ListingId, TenantId, UserId
from services.records.store.answering import ANSWERS

AT_ONCE: Final = 200
"""Matches of one listing that are looked at in one go."""
BEGINNING: Final = UUID(int=0)
"""Before the first of what a listing answers."""


@dataclass(frozen=True, slots=True)
class Request:
    """That a listing, of whichever tenant, is to be compared."""

    tenant_id: TenantId
    listing_id: ListingId
    requested_at: datetime
    failures: int = 0
    """How often it was put off since it was made."""


@dataclass(frozen=True, slots=True)
class Searcher:
    """What a listing answers, and the person in charge of it; the record that decides is the inquiry or the contact."""

    kind: Literal["inquiry", "criteria"]
    id: UUID
    record_id: UUID
    assignee_id: UserId


_UNTOLD: Final[LiteralString] = """
SELECT found.*
  FROM (
    SELECT 'inquiry' AS kind, wanted.id, wanted.id AS record_id, wanted.assignee_id
      FROM listings AS offered
      JOIN inquiries AS wanted ON wanted.tenant_id = offered.tenant_id AND wanted.standard_status = 'active'
       AND {answers}
     WHERE offered.tenant_id = $1 AND offered.id = $2
    UNION ALL
    SELECT 'criteria', wanted.id, wanted.contact_id, contact.assignee_id
      FROM listings AS offered
      JOIN search_criteria AS wanted ON wanted.tenant_id = offered.tenant_id AND wanted.is_active AND {answers}
      JOIN contacts AS contact ON contact.tenant_id = wanted.tenant_id AND contact.id = wanted.contact_id
     WHERE offered.tenant_id = $1 AND offered.id = $2) AS found
 WHERE NOT EXISTS (SELECT FROM matches
                    WHERE tenant_id = $1 AND listing_id = $2 AND searcher_id = found.id)
   AND found.id > $3
 ORDER BY found.id
 LIMIT $4
""".replace("{answers}", ANSWERS)


async def request(tx: Transaction, listing_id: ListingId, now: datetime) -> None:
    """Have a listing compared with what is searched for."""
    await tx.execute(
        """
        INSERT INTO match_requests (tenant_id, listing_id, requested_at)
        VALUES ($1, $2, $3)
        ON CONFLICT (tenant_id, listing_id) DO UPDATE SET requested_at = excluded.requested_at, failures = 0
        """,
        tx.tenant_id,
        listing_id,
        now,
    )


async def find_requests(queries: Queries, now: datetime, limit: int) -> Sequence[Request]:
    """Return the oldest requests of all tenants, without those put off. For the worker's role."""
    rows = await queries.rows(
        """
        SELECT tenant_id, listing_id, requested_at, failures
          FROM match_requests
         WHERE requested_at <= $1
         ORDER BY requested_at
         LIMIT $2
        """,
        now,
        limit,
    )
    return [Request(row["tenant_id"], row["listing_id"], row["requested_at"], row["failures"]) for row in rows]


async def untold(tx: Transaction, listing_id: ListingId, after: UUID = BEGINNING) -> Sequence[Searcher]:
    """Return what a listing answers of which nobody has been told, up to `AT_ONCE` by id, beyond one.

    No scope: whoever is in charge is told only what the rule shows to that person.
    """
    rows = await tx.rows(_UNTOLD, tx.tenant_id, listing_id, after, AT_ONCE)
    return [Searcher(row["kind"], row["id"], row["record_id"], row["assignee_id"]) for row in rows]


async def stands(tx: Transaction, asked: Request) -> bool:
    """Say whether a request is still there as it was read."""
    return bool(
        await tx.value(
            "SELECT true FROM match_requests WHERE tenant_id = $1 AND listing_id = $2 AND requested_at = $3",
            tx.tenant_id,
            asked.listing_id,
            asked.requested_at,
        )
    )


async def take(tx: Transaction, done: Request) -> None:
    """Take a request off the list."""
    await tx.execute(
        "DELETE FROM match_requests WHERE tenant_id = $1 AND listing_id = $2", tx.tenant_id, done.listing_id
    )


async def put_off(tx: Transaction, failed: Request, until: datetime) -> None:
    """Let a request wait, unless it was made anew meanwhile."""
    await tx.execute(
        """
        UPDATE match_requests
           SET requested_at = $4, failures = failures + 1
         WHERE tenant_id = $1 AND listing_id = $2 AND requested_at = $3
        """,
        tx.tenant_id,
        failed.listing_id,
        failed.requested_at,
        until,
    )


async def forget(tx: Transaction, searcher_id: UUID) -> None:
    """Forget what was told of a search that is deleted."""
    await tx.execute("DELETE FROM matches WHERE tenant_id = $1 AND searcher_id = $2", tx.tenant_id, searcher_id)


async def remember(tx: Transaction, listing_id: ListingId, searcher: Searcher, now: datetime) -> bool:
    """Remember that a person is told of a match; say whether it is the first time."""
    return bool(
        await tx.execute(
            """
            INSERT INTO matches (tenant_id, listing_id, searcher_id, searcher, told_to, told_at)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT DO NOTHING
            """,
            tx.tenant_id,
            listing_id,
            searcher.id,
            searcher.kind,
            searcher.assignee_id,
            now,
        )
    )
