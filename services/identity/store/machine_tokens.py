"""Rows of machine tokens and the sessions that they open. Of a token only the hash is stored."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Final
from uuid import UUID

from services.chassis.cursor import Cursor
from services.chassis.database import Row, Transaction
from services.contracts.vocabulary import SessionId
from services.identity.domain.machine_token import MachineScope, MachineToken
from services.identity.domain.session import Session

SEEN_EVERY: Final = timedelta(minutes=1)
"""How often a use is written down: a machine may come a hundred times a second."""


async def insert(tx: Transaction, token: MachineToken, token_hash: bytes) -> None:
    """Add a token."""
    await tx.execute(
        """
        INSERT INTO machine_tokens (
            tenant_id, id, name, scopes, acts_for, networks, token_hash, issued_by, created_at, ends_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        tx.tenant_id,
        token.id,
        token.name,
        token.scopes,
        token.acts_for,
        [str(network) for network in token.networks],
        token_hash,
        token.issued_by,
        token.created_at,
        token.ends_at,
    )


async def page(tx: Transaction, *, after: Cursor, limit: int) -> Sequence[MachineToken]:
    """Return up to `limit` tokens, newest first. No scope: handlers have checked that an administrator asks."""
    rows = await tx.rows(
        """
        SELECT id, name, scopes, acts_for, networks, issued_by, created_at, ends_at, last_used_at, revoked_at
          FROM machine_tokens
         WHERE tenant_id = $1 AND (created_at, id) < ($2, $3)
         ORDER BY created_at DESC, id DESC
         LIMIT $4
        """,
        tx.tenant_id,
        after.at,
        after.id,
        limit,
    )
    return [_token(row) for row in rows]


async def presented(tx: Transaction, token_hash: bytes) -> MachineToken | None:
    """Return the token that has this hash, or None. No scope: the token is the proof."""
    row = await tx.row(
        """
        SELECT id, name, scopes, acts_for, networks, issued_by, created_at, ends_at, last_used_at, revoked_at
          FROM machine_tokens WHERE tenant_id = $1 AND token_hash = $2
        """,
        tx.tenant_id,
        token_hash,
    )
    return _token(row) if row else None


async def seen(tx: Transaction, token_id: UUID, now: datetime) -> None:
    """Write down that a token was used; once a minute is enough."""
    await tx.execute(
        """
        UPDATE machine_tokens SET last_used_at = $3
         WHERE tenant_id = $1 AND id = $2 AND (last_used_at IS NULL OR last_used_at <= $4)
        """,
        tx.tenant_id,
        token_id,
        now,
        now - SEEN_EVERY,
    )


async def revoke(tx: Transaction, token_id: UUID, now: datetime) -> MachineToken | None:
    """Return the token that is revoked from now on, or None if there is none that was not.

    No scope: handlers have checked that an administrator asks.
    """
    row = await tx.row(
        """
        UPDATE machine_tokens SET revoked_at = $3
         WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL
        RETURNING id, name, scopes, acts_for, networks, issued_by, created_at, ends_at, last_used_at, revoked_at
        """,
        tx.tenant_id,
        token_id,
        now,
    )
    return _token(row) if row else None


async def exists(tx: Transaction, token_id: UUID) -> bool:
    """Say whether there is such a token, revoked or not."""
    return bool(await tx.value("SELECT 1 FROM machine_tokens WHERE tenant_id = $1 AND id = $2", tx.tenant_id, token_id))


async def open_session(tx: Transaction, session: Session) -> None:
    """Add the session of an exchange: it has no refresh token, the machine exchanges again."""
    await tx.execute(
        """
        INSERT INTO sessions (tenant_id, id, user_id, created_at, expires_at, address, user_agent, machine_token_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        tx.tenant_id,
        session.id,
        session.user_id,
        session.created_at,
        session.expires_at,
        session.address,
        session.user_agent,
        session.machine_token_id,
    )


async def end_sessions(tx: Transaction, token_id: UUID, now: datetime) -> tuple[SessionId, ...]:
    """End the sessions that a token has opened; return those that were running."""
    rows = await tx.rows(
        """
        UPDATE sessions SET ended_at = $3
         WHERE tenant_id = $1 AND machine_token_id = $2 AND ended_at IS NULL AND expires_at > $3
        RETURNING id
        """,
        tx.tenant_id,
        token_id,
        now,
    )
    return tuple(row["id"] for row in rows)


async def opened(tx: Transaction, session_id: SessionId) -> bool:
    """Say whether a machine has opened this session."""
    return bool(
        await tx.value(
            "SELECT 1 FROM sessions WHERE tenant_id = $1 AND id = $2 AND machine_token_id IS NOT NULL",
            tx.tenant_id,
            session_id,
        )
    )


def _token(row: Row) -> MachineToken:
    columns = {name: value for name, value in row.items() if name not in {"scopes", "networks"}}
    return MachineToken(
        **columns,
        scopes=tuple(MachineScope(scope) for scope in row["scopes"]),
        networks=tuple(ip_network(network) for network in row["networks"]),
    )
