"""Rows of sessions and refresh tokens."""

from collections.abc import Sequence
from datetime import datetime

from services.chassis.database import Queries, Transaction
from services.contracts.vocabulary import SessionId, UserId
from services.identity.domain.session import Session


async def insert(tx: Transaction, session: Session, token_hash: bytes) -> None:
    """Add a session with its first refresh token."""
    await tx.execute(
        "INSERT INTO sessions (tenant_id, id, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        tx.tenant_id,
        session.id,
        session.user_id,
        session.created_at,
        session.expires_at,
    )
    await add_token(tx, session.id, token_hash)


async def add_token(tx: Transaction, session_id: SessionId, token_hash: bytes) -> None:
    """Add a refresh token to a session."""
    await tx.execute(
        "INSERT INTO refresh_tokens (tenant_id, token_hash, session_id) VALUES ($1, $2, $3)",
        tx.tenant_id,
        token_hash,
        session_id,
    )


async def use_token(tx: Transaction, token_hash: bytes, now: datetime) -> tuple[SessionId, bool] | None:
    """Mark a refresh token used; return its session and whether this was the first use, or None if unknown.

    No scope: the token is the proof.
    """
    row = await tx.row(
        """
        UPDATE refresh_tokens AS t SET used_at = $3
          FROM (SELECT token_hash, used_at FROM refresh_tokens
                 WHERE tenant_id = $1 AND token_hash = $2 FOR UPDATE) AS before
         WHERE t.tenant_id = $1 AND t.token_hash = before.token_hash
        RETURNING t.session_id, before.used_at IS NULL AS first
        """,
        tx.tenant_id,
        token_hash,
        now,
    )
    return (row["session_id"], row["first"]) if row else None


async def running(tx: Transaction, session_id: SessionId, now: datetime) -> Session | None:
    """Return a session that has not ended, or None. No scope: the caller holds its token."""
    row = await tx.row(
        """
        SELECT id, user_id, created_at, expires_at FROM sessions
         WHERE tenant_id = $1 AND id = $2 AND ended_at IS NULL AND expires_at > $3
        """,
        tx.tenant_id,
        session_id,
        now,
    )
    return Session(**row) if row else None


async def running_of(tx: Transaction, user_id: UserId, now: datetime) -> Sequence[Session]:
    """Return a person's running sessions, newest first. No scope: handlers ask for the caller's own only."""
    rows = await tx.rows(
        """
        SELECT id, user_id, created_at, expires_at FROM sessions
         WHERE tenant_id = $1 AND user_id = $2 AND ended_at IS NULL AND expires_at > $3
         ORDER BY created_at DESC, id DESC
         LIMIT 200
        """,
        tx.tenant_id,
        user_id,
        now,
    )
    return [Session(**row) for row in rows]


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


async def purge(queries: Queries, before: datetime) -> int:
    """Delete sessions and activation links that ended before an instant, of all tenants; return how many."""
    ended = await queries.execute(
        """
        DELETE FROM sessions
         WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM sessions WHERE expires_at < $1 LIMIT 1000)
        """,
        before,
    )
    return ended + await queries.execute("DELETE FROM activations WHERE expires_at < $1", before)
