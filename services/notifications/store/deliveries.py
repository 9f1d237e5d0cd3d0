"""Deliveries as people see them, and new ones."""

import json
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from services.chassis import trace
from services.chassis.cursor import Cursor
from services.chassis.database import Row, Transaction, json_object
from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import UserId
from services.notifications.domain.delivery import Category, Delivery, NewDelivery, State, Template, readable_recipients
from services.notifications.store import sub_accounts


async def insert(tx: Transaction, *deliveries: NewDelivery) -> None:
    """Queue mails, once per event, recipient and template; the rest of the present trace is their sending."""
    await tx.execute(
        """
        WITH queued AS (
            INSERT INTO deliveries (
                tenant_id, id, event_id, resend_of, category, template,
                recipient_user_id, recipient_address, locale, traceparent, sender_user_id, facts)
            SELECT $1, id, event_id, resend_of, category, template,
                   recipient_user_id, recipient_address, locale, $2, sender_user_id, facts::jsonb
              FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::uuid[], $9::text[],
                          $10::text[], $11::uuid[], $12::text[])
                AS new (id, event_id, resend_of, category, template, recipient_user_id, recipient_address,
                        locale, sender_user_id, facts)
            ON CONFLICT ON CONSTRAINT deliveries_once_per_event DO NOTHING
            RETURNING id)
        INSERT INTO delivery_history (tenant_id, delivery_id, state) SELECT $1, id, 'queued' FROM queued
        """,
        tx.tenant_id,
        trace.traceparent(),
        [one.id for one in deliveries],
        [one.event_id for one in deliveries],
        [one.resend_of for one in deliveries],
        [one.category for one in deliveries],
        [one.template for one in deliveries],
        [one.recipient_user_id for one in deliveries],
        [one.recipient_address for one in deliveries],
        [one.locale for one in deliveries],
        [one.sender_user_id for one in deliveries],
        [json.dumps(dict(one.facts)) for one in deliveries],
    )


async def of_event(tx: Transaction, event_id: UUID, template: Template) -> Mapping[UUID, UUID]:
    """Return the deliveries of a template that an event caused, by recipient."""
    rows = await tx.rows(
        "SELECT recipient_user_id, id FROM deliveries WHERE tenant_id = $1 AND event_id = $2 AND template = $3",
        tx.tenant_id,
        event_id,
        template,
    )
    return {row["recipient_user_id"]: row["id"] for row in rows}


async def find_visible(tx: Transaction, snapshot: AccessSnapshot, delivery_id: UUID) -> Delivery | None:
    """Return a delivery if the person may see it."""
    recipients = await _readable(tx, snapshot)
    row = await tx.row(
        """
        SELECT id, resend_of, category, template, recipient_user_id, recipient_address, locale, state, attempts,
               uncertain_attempts, next_try_at, subject, body_redacted, last_error_code, created_at, sent_at,
               ground, sender_user_id, facts::text AS facts
          FROM deliveries
         WHERE tenant_id = $1 AND id = $2 AND ($3 OR recipient_user_id = ANY($4::uuid[]))
        """,
        tx.tenant_id,
        delivery_id,
        recipients is None,
        list(recipients or ()),
    )
    return _delivery(row) if row else None


async def visible_page(
    tx: Transaction,
    snapshot: AccessSnapshot,
    *,
    recipient: UserId | None,
    state: State | None,
    category: Category | None,
    after: Cursor,
    limit: int,
) -> Sequence[Delivery]:
    """Return up to `limit` deliveries that the person may see, latest first.

    Asking for one recipient narrows whose mail is looked at; few persons' mail is merged from their own ends of
    the index, so that a page costs what it shows.
    """
    recipients = await _readable(tx, snapshot)
    if recipient is not None:
        recipients = frozenset({recipient}) if recipients is None else recipients & {recipient}
    if recipients is None:
        return await _page_of_all(tx, state, category, after, limit)
    return await _page_of(tx, recipients, state, category, after, limit)


async def _readable(tx: Transaction, snapshot: AccessSnapshot) -> frozenset[UserId] | None:
    """Return whose mail a person may see, None for everybody's; a sub-account's contact is the person itself."""
    readable = readable_recipients(snapshot)
    if readable is None:
        return None
    contact_id = await sub_accounts.contact_of(tx, snapshot.user_id)
    return readable if contact_id is None else readable | {UserId(contact_id)}


async def _page_of_all(
    tx: Transaction, state: State | None, category: Category | None, after: Cursor, limit: int
) -> Sequence[Delivery]:
    """No scope: for whom every recipient is readable."""
    rows = await tx.rows(
        """
        SELECT id, resend_of, category, template, recipient_user_id, recipient_address, locale, state, attempts,
               uncertain_attempts, next_try_at, subject, body_redacted, last_error_code, created_at, sent_at,
               ground, sender_user_id, facts::text AS facts
          FROM deliveries
         WHERE tenant_id = $1
           AND ($2::text IS NULL OR state = $2)
           AND ($3::text IS NULL OR category = $3)
           AND (created_at, id) < ($4, $5)
         ORDER BY created_at DESC, id DESC
         LIMIT $6
        """,
        tx.tenant_id,
        state,
        category,
        after.at,
        after.id,
        limit,
    )
    return [_delivery(row) for row in rows]


async def _page_of(
    tx: Transaction,
    recipients: Iterable[UserId],
    state: State | None,
    category: Category | None,
    after: Cursor,
    limit: int,
) -> Sequence[Delivery]:
    """No scope: the recipients are those that the person may read."""
    rows = await tx.rows(
        """
        SELECT d.*
          FROM unnest($2::uuid[]) AS readable (user_id)
         CROSS JOIN LATERAL (
               SELECT id, resend_of, category, template, recipient_user_id, recipient_address, locale, state, attempts,
                      uncertain_attempts, next_try_at, subject, body_redacted, last_error_code, created_at, sent_at,
                      ground, sender_user_id, facts::text AS facts
                 FROM deliveries
                WHERE tenant_id = $1
                  AND recipient_user_id = readable.user_id
                  AND ($3::text IS NULL OR state = $3)
                  AND ($4::text IS NULL OR category = $4)
                  AND (created_at, id) < ($5, $6)
                ORDER BY created_at DESC, id DESC
                LIMIT $7) AS d
         ORDER BY d.created_at DESC, d.id DESC
         LIMIT $7
        """,
        tx.tenant_id,
        list(recipients),
        state,
        category,
        after.at,
        after.id,
        limit,
    )
    return [_delivery(row) for row in rows]


def _delivery(row: Row) -> Delivery:
    columns = {name: value for name, value in row.items() if name not in {"category", "template", "state", "facts"}}
    return Delivery(
        **columns,
        category=Category(row["category"]),
        template=Template(row["template"]),
        state=State(row["state"]),
        facts=facts_of(row),
    )


def facts_of(row: Row) -> Mapping[str, str]:
    """Return what a delivery's text tells besides names."""
    return {name: str(value) for name, value in json_object(row["facts"]).items()}
