"""Rows of agent cards."""

import json
from dataclasses import asdict
from typing import Any, Final, cast

from services.chassis.database import ForeignKeyViolation, Transaction
from services.chassis.problems import NotFound, Stale
from services.contracts.vocabulary import UserId
from services.identity.domain.agent_card import AgentCard, Billing, Contact, ContactKind, Showable

_ALL_CONTACTS: Final = "contacts"
"""In `shown` of cards that were written when contacts were shown together or not at all; saving says it of each."""


async def find(tx: Transaction, user_id: UserId) -> AgentCard:
    """Return a person's card; version 0 if none was written.

    No scope: colleagues may know each other; handlers keep billing data from whom it does not concern.
    """
    row = await tx.row(
        """
        SELECT title, colour, sender_address, contacts::text AS contacts, shown, billing::text AS billing,
               descriptions::text AS descriptions, version
          FROM agent_cards
         WHERE tenant_id = $1 AND user_id = $2
        """,
        tx.tenant_id,
        user_id,
    )
    if row is None:
        return AgentCard()
    contacts = cast("list[dict[str, Any]]", json.loads(row["contacts"]))
    together = _ALL_CONTACTS in row["shown"]
    return AgentCard(
        title=row["title"],
        colour=row["colour"],
        sender_address=row["sender_address"],
        contacts=tuple(Contact(ContactKind(one["kind"]), one["value"], one.get("shown", together)) for one in contacts),
        shown=frozenset(Showable(one) for one in row["shown"] if one != _ALL_CONTACTS),
        billing=Billing(**json.loads(row["billing"])) if row["billing"] else None,
        descriptions=json.loads(row["descriptions"]),
        version=row["version"],
    )


async def save(tx: Transaction, user_id: UserId, card: AgentCard) -> None:
    """Write a person's card, whose version is one above the stored one. Raises NotFound, Stale."""
    try:
        written = await tx.execute(
            """
            INSERT INTO agent_cards AS c (
                tenant_id, user_id, title, colour, sender_address, contacts, shown, billing, descriptions, version)
            SELECT $1, $2, $3::text, $4::text, $5::text, $6::text::jsonb, $7::text[], $8::text::jsonb, $9::text::jsonb,
                   $10::bigint
             WHERE $10::bigint = 1 OR EXISTS (SELECT FROM agent_cards WHERE tenant_id = $1 AND user_id = $2)
            ON CONFLICT (tenant_id, user_id) DO UPDATE
               SET title = excluded.title, colour = excluded.colour, sender_address = excluded.sender_address,
                   contacts = excluded.contacts, shown = excluded.shown, billing = excluded.billing,
                   descriptions = excluded.descriptions, version = excluded.version
             WHERE c.version = excluded.version - 1
            """,
            tx.tenant_id,
            user_id,
            card.title,
            card.colour,
            card.sender_address,
            json.dumps([asdict(contact) for contact in card.contacts]),
            sorted(card.shown),
            json.dumps(asdict(card.billing)) if card.billing else None,
            json.dumps(dict(card.descriptions)),
            card.version,
        )
    except ForeignKeyViolation:
        raise NotFound from None
    if not written:
        raise Stale
