"""Rows of sessions and refresh tokens."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.chassis.database import Queries, Row, Transaction
from services.contracts.vocabulary import SessionId, TenantId, UserId
from services.identity.domain.access_policy import Admission
from services.identity.domain.session import Session


async def insert(tx: Transaction, session: Session, token_hash: bytes, admission: Admission) -> None:
    """Add a session with its first refresh token and what its tokens open."""
    await tx.execute(
        """
        WITH opened AS (
            INSERT INTO sessions (tenant_id, id, user_id, created_at, expires_at, address, user_agent)
            VALUES ($1, $2, $3, $4, $5, $6, $7)),
        admitted AS (
            INSERT INTO admissions (tenant_id, session_id, networks, ends_at) VALUES ($1, $2, $9, $10))
        INSERT INTO refresh_tokens (tenant_id, token_hash, session_id) VALUES ($1, $8, $2)
        """,
        tx.tenant_id,
        session.id,
        session.user_id,
        session.created_at,
        session.expires_at,
        session.address,
        session.user_agent,
        token_hash,
        [str(network) for network in admission.networks],
        admission.until,
    )


async def goes_on(tx: Transaction, session_id: SessionId) -> bool:
    """Say whether nobody has ended a session. No scope: asked of the caller's own."""
    found: bool = await tx.value(
        "SELECT EXISTS (SELECT FROM sessions WHERE tenant_id = $1 AND id = $2 AND ended_at IS NULL)",
        tx.tenant_id,
        session_id,
    )
    return found


async def running_of(tx: Transaction, user_id: UserId, now: datetime) -> Sequence[Session]:
    """Return a person's running sessions, newest first; after them those that machines opened, however many.

    No scope: handlers ask for the caller's own, or have checked that he manages people.
    """
    rows = await tx.rows(
        """
        SELECT id, user_id, created_at, expires_at, address, user_agent, actor FROM sessions
         WHERE tenant_id = $1 AND user_id = $2 AND ended_at IS NULL AND expires_at > $3
         ORDER BY machine_token_id IS NOT NULL, created_at DESC, id DESC
         LIMIT 200
        """,
        tx.tenant_id,
        user_id,
        now,
    )
    return [replace(session_of(row), actor=row["actor"]) for row in rows]


async def end(
    tx: Transaction, user_id: UserId, now: datetime, session_id: SessionId | None = None
) -> tuple[SessionId, ...]:
    """End one session of a person, or all; return those that were running."""
    rows = await tx.rows(
        """
        UPDATE sessions SET ended_at = $3
         WHERE tenant_id = $1 AND user_id = $2 AND ended_at IS NULL AND expires_at > $3
           AND ($4::uuid IS NULL OR id = $4)
        RETURNING id
        """,
        tx.tenant_id,
        user_id,
        now,
        session_id,
    )
    return tuple(row["id"] for row in rows)


async def ended_since(queries: Queries, since: datetime, now: datetime) -> Sequence[tuple[TenantId, UserId, datetime]]:
    """Return whose sessions ended before their time after an instant, with the last such end, of all tenants.

    Nobody while such events wait for the broker: it will hear of them first.
    """
    rows = await queries.rows(
        """
        SELECT tenant_id, user_id, max(ended_at) AS ended_at FROM sessions
         WHERE ended_at > $1 AND expires_at > $2
           AND NOT EXISTS (SELECT FROM outbox WHERE topic = 'identity.session.revoked.v1')
         GROUP BY tenant_id, user_id
        """,
        since,
        now,
    )
    return [(row["tenant_id"], row["user_id"], row["ended_at"]) for row in rows]


async def ended_of(tx: Transaction, user_id: UserId, since: datetime) -> tuple[SessionId, ...]:
    """Return which of a person's sessions ended after an instant. No scope: told to services, shown to nobody."""
    rows = await tx.rows(
        "SELECT id FROM sessions WHERE tenant_id = $1 AND user_id = $2 AND ended_at > $3",
        tx.tenant_id,
        user_id,
        since,
    )
    return tuple(row["id"] for row in rows)


async def purge(queries: Queries, before: datetime, limit: int) -> int:
    """Delete up to `limit` sessions that ended before an instant, of all tenants; return how many."""
    return await queries.execute(
        "DELETE FROM sessions WHERE ctid = ANY(ARRAY(SELECT ctid FROM sessions WHERE expires_at < $1 LIMIT $2))",
        before,
        limit,
    )


def session_of(row: Row) -> Session:
    """Return the session of a row that has its columns."""
    return Session(
        id=row["id"],
        user_id=row["user_id"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        address=row["address"],
        user_agent=row["user_agent"],
    )
