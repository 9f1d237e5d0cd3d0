"""Deliveries in the hands of workers: claimed under a lease, handed over, settled or put back.

A claim raises the delivery's version; every later statement of its holder names that version, so that one whose
lease ran out changes nothing. Leases run on the database's clock, which all workers share.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from services.chassis.database import Queries, Row, Transaction
from services.contracts.vocabulary import TenantId
from services.notifications.domain.claim import Claim, Returned
from services.notifications.domain.delivery import Category, State, Template
from services.notifications.domain.letter import Letter
from services.notifications.domain.preference import Ground
from services.notifications.domain.retry import Step
from services.notifications.store import deliveries


async def claim_due(
    queries: Queries, limit: int, lease: timedelta, per_domain: int = 50, busy: Mapping[str, int] | None = None
) -> Sequence[Claim]:
    """Lease up to `limit` deliveries whose time has come. No scope: workers serve every tenant.

    No mail domain gets more than `per_domain` at once, `busy` being how many each has already. One that an earlier
    holder left in the middle of handing over stays marked so until that is settled.
    """
    rows = await queries.rows(
        """
        WITH busy AS (
            SELECT domain, mails FROM unnest($4::text[], $5::integer[]) AS busy (domain, mails)),
        due AS MATERIALIZED (
            SELECT tenant_id, id, state, next_try_at, lower(split_part(recipient_address, '@', 2)) AS domain
              FROM deliveries
             WHERE next_try_at <= now()
               AND lower(split_part(recipient_address, '@', 2)) <> ALL (SELECT domain FROM busy WHERE mails >= $3)
             ORDER BY next_try_at
             LIMIT $1
               FOR UPDATE SKIP LOCKED),
        ranked AS (
            SELECT due.*, row_number() OVER (PARTITION BY due.domain ORDER BY next_try_at) + coalesce(mails, 0) AS nth
              FROM due LEFT JOIN busy USING (domain))
        UPDATE deliveries AS d
           SET state = CASE WHEN due.state = 'handing_over' THEN 'handing_over' ELSE 'claimed' END,
               next_try_at = now() + $2,
               version = d.version + 1
          FROM ranked AS due
         WHERE (d.tenant_id, d.id) = (due.tenant_id, due.id) AND due.nth <= $3
        RETURNING d.tenant_id, d.id, d.version, d.category, d.template, d.recipient_user_id, d.recipient_address,
                  d.locale, d.sender_user_id, d.facts::text AS facts, d.traceparent, d.attempts,
                  d.uncertain_attempts, d.last_error_code,
                  due.state = 'handing_over' AS interrupted,
                  EXISTS (SELECT FROM deliveries AS other
                           WHERE (other.tenant_id, other.event_id, other.recipient_address, other.template)
                                 = (d.tenant_id, d.event_id, d.recipient_address, d.template)
                             AND other.id <> d.id AND other.next_try_at IS NULL
                             AND other.state IN ('sent', 'bounced', 'uncertain')) AS told,
                  EXISTS (SELECT FROM deliveries AS other
                           WHERE (other.tenant_id, other.event_id, other.recipient_address, other.template)
                                 = (d.tenant_id, d.event_id, d.recipient_address, d.template)
                             AND other.id < d.id AND other.next_try_at IS NOT NULL) AS awaits
        """,
        limit,
        lease,
        per_domain,
        list(busy or {}),
        list((busy or {}).values()),
    )
    return [_claim(row) for row in rows]


Key = tuple[TenantId, UUID, int]
"""A claim's key."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What is about to be handed to the mail server, and why the recipient gets it."""

    claim: Claim
    letter: Letter
    ground: Ground


async def hand_over(queries: Queries, offers: Sequence[Offer], lease: timedelta) -> Collection[Key]:
    """Note, before it happens, that mails go to the mail server; return those that were still held.

    Their leases begin anew. No scope: as above.
    """
    rows = await queries.rows(
        """
        UPDATE deliveries AS d
           SET state = 'handing_over', subject = offered.subject, body_redacted = offered.body,
               next_try_at = now() + $1, ground = offered.ground
          FROM unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::text[])
            AS offered (tenant_id, id, version, subject, body, ground)
         WHERE (d.tenant_id, d.id, d.version) = (offered.tenant_id, offered.id, offered.version)
           AND d.state = 'claimed'
        RETURNING d.tenant_id, d.id, d.version
        """,
        lease,
        *_held([offer.claim for offer in offers]),
        [offer.letter.subject for offer in offers],
        [offer.letter.redacted for offer in offers],
        [offer.ground for offer in offers],
    )
    return {(row["tenant_id"], row["id"], row["version"]) for row in rows}


async def settle(queries: Queries, steps: Sequence[tuple[Claim, Step]]) -> Collection[Key]:
    """Give deliveries back as a try left them; return those that were still held. No scope: as above."""
    rows = await queries.rows(
        """
        UPDATE deliveries AS d
           SET state = step.state, last_error_code = step.code, attempts = step.attempts,
               uncertain_attempts = step.uncertain_attempts, next_try_at = now() + step.wait,
               sent_at = CASE WHEN step.state = 'sent' THEN now() END,
               ground = coalesce(step.ground, d.ground)
          FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::integer[], $7::integer[],
                      $8::interval[], $9::text[])
            AS step (tenant_id, id, version, state, code, attempts, uncertain_attempts, wait, ground)
         WHERE (d.tenant_id, d.id, d.version) = (step.tenant_id, step.id, step.version)
           AND d.state IN ('claimed', 'handing_over')
        RETURNING d.tenant_id, d.id, d.version
        """,
        *_held([claim for claim, _ in steps]),
        [step.state for _, step in steps],
        [step.code for _, step in steps],
        [step.attempts for _, step in steps],
        [step.uncertain_attempts for _, step in steps],
        [step.wait for _, step in steps],
        [step.ground for _, step in steps],
    )
    return {(row["tenant_id"], row["id"], row["version"]) for row in rows}


async def put_back(queries: Queries, claims: Sequence[Claim]) -> int:
    """Give up leases at once, of deliveries that no mail server has been told; return how many. No scope: as above."""
    return await queries.execute(
        """
        UPDATE deliveries AS d
           SET state = 'queued', next_try_at = now()
          FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS held (tenant_id, id, version)
         WHERE (d.tenant_id, d.id, d.version) = (held.tenant_id, held.id, held.version) AND d.state = 'claimed'
        """,
        *_held(claims),
    )


async def hold_returned(tx: Transaction, delivery_id: UUID) -> Returned | None:
    """Return a mail of which a mail system says that it came back; no worker takes it before the transaction ends.

    No scope: mail systems report it.
    """
    row = await tx.row(
        """
        SELECT recipient_address AS address, category, state, uncertain_attempts, next_try_at IS NOT NULL AS is_open
          FROM deliveries
         WHERE tenant_id = $1 AND id = $2
           FOR UPDATE
        """,
        tx.tenant_id,
        delivery_id,
    )
    if row is None:
        return None
    columns = {name: value for name, value in row.items() if name not in {"category", "state"}}
    return Returned(**columns, category=Category(row["category"]), state=State(row["state"]))


async def bounce(tx: Transaction, delivery_id: UUID, status: str) -> None:
    """Mark a mail as given back: nothing more is tried."""
    await tx.execute(
        """
        UPDATE deliveries
           SET state = 'bounced', last_error_code = $3, next_try_at = NULL
         WHERE tenant_id = $1 AND id = $2
        """,
        tx.tenant_id,
        delivery_id,
        status,
    )


async def purge(queries: Queries, limit: int) -> int:
    """Delete up to `limit` mails whose agency keeps them no longer, with their timelines; return how many.

    One that was sent again stays until the repetition goes.
    """
    return await queries.execute(
        """
        WITH old AS (
            SELECT d.tenant_id, d.id
              FROM deliveries AS d
              LEFT JOIN agencies AS a ON a.tenant_id = d.tenant_id
             WHERE d.next_try_at IS NULL
               AND d.created_at < now() - interval '1 day' * coalesce(a.retention_days, 730)
               AND NOT EXISTS (SELECT FROM deliveries AS again
                                WHERE (again.tenant_id, again.resend_of) = (d.tenant_id, d.id))
             ORDER BY d.created_at
             LIMIT $1
               FOR UPDATE OF d SKIP LOCKED),
        lines AS (
            DELETE FROM delivery_history AS h USING old WHERE (h.tenant_id, h.delivery_id) = (old.tenant_id, old.id))
        DELETE FROM deliveries AS d USING old WHERE (d.tenant_id, d.id) = (old.tenant_id, old.id)
        """,
        limit,
    )


def _held(claims: Sequence[Claim]) -> tuple[Sequence[UUID], Sequence[UUID], Sequence[int]]:
    return [claim.tenant_id for claim in claims], [claim.id for claim in claims], [claim.version for claim in claims]


def _claim(row: Row) -> Claim:
    columns = {name: value for name, value in row.items() if name not in {"category", "template", "facts"}}
    return Claim(
        **columns,
        category=Category(row["category"]),
        template=Template(row["template"]),
        facts=deliveries.facts_of(row),
    )
