"""Rows of consents to support's looking, and of each time that it looked."""

from collections.abc import Sequence
from dataclasses import astuple, replace
from datetime import datetime
from uuid import UUID

from services.chassis.cursor import Cursor
from services.chassis.database import Transaction
from services.contracts.vocabulary import SessionId, UserId
from services.identity.domain.session import Session
from services.identity.domain.support_access import Consent, Impersonation


async def add_consent(tx: Transaction, consent: Consent) -> None:
    """Add a consent."""
    await tx.execute(
        """
        INSERT INTO support_consents (tenant_id, id, given_by, given_at, ends_at, administrators, revoked_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        tx.tenant_id,
        *astuple(consent),
    )


async def consents(tx: Transaction, *, after: Cursor, limit: int) -> Sequence[Consent]:
    """Return up to `limit` consents, newest first. No scope: handlers have checked that the caller manages people."""
    rows = await tx.rows(
        """
        SELECT id, given_by, given_at, ends_at, administrators, revoked_at FROM support_consents
         WHERE tenant_id = $1 AND (given_at, id) < ($2, $3)
         ORDER BY given_at DESC, id DESC
         LIMIT $4
        """,
        tx.tenant_id,
        after.at,
        after.id,
        limit,
    )
    return [Consent(**row) for row in rows]


async def consent(tx: Transaction, consent_id: UUID) -> Consent | None:
    """Return a consent, or None. No scope: as `consents`."""
    row = await tx.row(
        """
        SELECT id, given_by, given_at, ends_at, administrators, revoked_at FROM support_consents
         WHERE tenant_id = $1 AND id = $2
        """,
        tx.tenant_id,
        consent_id,
    )
    return Consent(**row) if row else None


async def running_consent(tx: Transaction, now: datetime, *, administrators: bool) -> Consent | None:
    """Return the longest consent that runs and covers it, held against revocation, or None.

    No scope: asked by the operator, to whom it was given.
    """
    row = await tx.row(
        """
        SELECT id, given_by, given_at, ends_at, administrators, revoked_at FROM support_consents
         WHERE tenant_id = $1 AND revoked_at IS NULL AND ends_at > $2 AND (administrators OR NOT $3)
         ORDER BY ends_at DESC
         LIMIT 1
           FOR SHARE
        """,
        tx.tenant_id,
        now,
        administrators,
    )
    return Consent(**row) if row else None


async def revoke(tx: Transaction, consent_id: UUID, now: datetime) -> bool:
    """Revoke a consent that runs; say whether it did."""
    return bool(
        await tx.execute(
            """
            UPDATE support_consents SET revoked_at = $3
             WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL AND ends_at > $3
            """,
            tx.tenant_id,
            consent_id,
            now,
        )
    )


async def begin(tx: Transaction, impersonation: Impersonation, session: Session) -> None:
    """Add an impersonation and its session, which has no refresh token."""
    await tx.execute(
        """
        INSERT INTO sessions (tenant_id, id, user_id, created_at, expires_at, address, user_agent, actor)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        tx.tenant_id,
        session.id,
        session.user_id,
        session.created_at,
        session.expires_at,
        session.address,
        session.user_agent,
        session.actor,
    )
    await tx.execute(
        """
        INSERT INTO impersonations (
            tenant_id, id, consent_id, user_id, session_id, actor, reason, begun_at, ends_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        tx.tenant_id,
        *astuple(impersonation),
    )


async def running(tx: Transaction, impersonation_id: UUID, now: datetime) -> tuple[Impersonation, Session] | None:
    """Return an impersonation whose session runs, with it, or None. No scope: as `running_consent`."""
    row = await tx.row(
        """
        SELECT i.id, i.consent_id, i.user_id, i.session_id, i.actor, i.reason, i.begun_at, i.ends_at,
               s.expires_at, s.address, s.user_agent
          FROM impersonations i
          JOIN sessions s ON (s.tenant_id, s.id) = (i.tenant_id, i.session_id)
         WHERE i.tenant_id = $1 AND i.id = $2 AND s.ended_at IS NULL AND s.expires_at > $3
        """,
        tx.tenant_id,
        impersonation_id,
        now,
    )
    if row is None:
        return None
    *facts, expires_at, address, user_agent = row.values()
    found = Impersonation(*facts)
    opened = Session(found.session_id, found.user_id, found.begun_at, expires_at, address, user_agent)
    return found, replace(opened, actor=found.actor)


async def of_session(tx: Transaction, session_id: SessionId) -> Impersonation | None:
    """Return which impersonation a session is, or None. No scope: told to whoever looks in that session."""
    row = await tx.row(
        """
        SELECT id, consent_id, user_id, session_id, actor, reason, begun_at, ends_at FROM impersonations
         WHERE tenant_id = $1 AND session_id = $2
        """,
        tx.tenant_id,
        session_id,
    )
    return Impersonation(**row) if row else None


async def page(tx: Transaction, *, after: Cursor, limit: int) -> Sequence[Impersonation]:
    """Return up to `limit` impersonations, newest first. No scope: as `consents`."""
    rows = await tx.rows(
        """
        SELECT id, consent_id, user_id, session_id, actor, reason, begun_at, ends_at FROM impersonations
         WHERE tenant_id = $1 AND (begun_at, id) < ($2, $3)
         ORDER BY begun_at DESC, id DESC
         LIMIT $4
        """,
        tx.tenant_id,
        after.at,
        after.id,
        limit,
    )
    return [Impersonation(**row) for row in rows]


async def sessions_under(tx: Transaction, consent_id: UUID, now: datetime) -> Sequence[tuple[UserId, SessionId]]:
    """Return the running sessions that a consent carries, with whose they are. No scope: ended, not shown."""
    rows = await tx.rows(
        """
        SELECT s.user_id, s.id
          FROM impersonations i
          JOIN sessions s ON (s.tenant_id, s.id) = (i.tenant_id, i.session_id)
         WHERE i.tenant_id = $1 AND i.consent_id = $2 AND s.ended_at IS NULL AND s.expires_at > $3
        """,
        tx.tenant_id,
        consent_id,
        now,
    )
    return [(row["user_id"], row["id"]) for row in rows]
