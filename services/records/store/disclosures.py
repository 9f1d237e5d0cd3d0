"""Who took what out of the system, as rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.chassis.cursor import Cursor
from services.chassis.database import Transaction
from services.contracts.vocabulary import UserId
from services.records.domain.disclosure import Disclosure, Form


async def insert(tx: Transaction, disclosure: Disclosure) -> None:
    """Write down that something is being taken out."""
    await tx.execute(
        """
        INSERT INTO disclosures (tenant_id, id, user_id, section, form, with_identity, asked, begun_at, actor)
        VALUES ($1, $2, $3, $4, $5, $6, $7::text::jsonb, $8, $9)
        """,
        tx.tenant_id,
        disclosure.id,
        disclosure.user_id,
        disclosure.section,
        disclosure.form,
        disclosure.with_identity,
        disclosure.asked,
        disclosure.begun_at,
        disclosure.actor,
    )


async def end(tx: Transaction, disclosure_id: UUID, *, records: int, complete: bool, now: datetime) -> None:
    """Write down how it ended: whole or cut off, and after how many records."""
    await tx.execute(
        "UPDATE disclosures SET ended_at = $3, outcome = $4, records = $5 WHERE tenant_id = $1 AND id = $2",
        tx.tenant_id,
        disclosure_id,
        now,
        "complete" if complete else "cut",
        records,
    )


async def page(tx: Transaction, *, after: Cursor, limit: int) -> Sequence[Disclosure]:
    """Return up to `limit` disclosures, newest first. No scope: whoever asks oversees the agency's people."""
    rows = await tx.rows(
        """
        SELECT id, user_id, section, form, with_identity, asked::text AS asked, begun_at, actor, ended_at, outcome,
               records
          FROM disclosures
         WHERE tenant_id = $1 AND (begun_at, id) < ($2, $3)
         ORDER BY begun_at DESC, id DESC
         LIMIT $4
        """,
        tx.tenant_id,
        after.at,
        after.id,
        limit,
    )
    return [_disclosure(dict(row)) for row in rows]


async def page_of(tx: Transaction, user_id: UserId, *, after: Cursor, limit: int) -> Sequence[Disclosure]:
    """Return up to `limit` disclosures by one person, newest first. No scope: they are the caller's own."""
    rows = await tx.rows(
        """
        SELECT id, user_id, section, form, with_identity, asked::text AS asked, begun_at, actor, ended_at, outcome,
               records
          FROM disclosures
         WHERE tenant_id = $1 AND user_id = $2 AND (begun_at, id) < ($3, $4)
         ORDER BY begun_at DESC, id DESC
         LIMIT $5
        """,
        tx.tenant_id,
        user_id,
        after.at,
        after.id,
        limit,
    )
    return [_disclosure(dict(row)) for row in rows]


def _disclosure(values: dict[str, Any]) -> Disclosure:
    form = Form(values.pop("form"))
    return Disclosure(**values, form=form)
